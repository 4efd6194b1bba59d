"""Labels that the shop bought before: PDFs of a carrier that the owner uploaded, handed out one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from connectors.carrying import Carrier, CarrierCapabilities
from integration.domain.errors import BadPayload, Permanent
from integration.domain.labels import Label, LabelRequest


class Prepaid(Carrier):
    """Hands out the next PDF of the stock as it is; that each goes out once is the care of who keeps the stock.

    The carrier printed its own number on it, which we cannot read: `tracking` stays empty.
    """

    name: ClassVar[str] = "prepaid"
    capabilities: ClassVar[CarrierCapabilities] = CarrierCapabilities(methods=("drop_off_point",), needs_stock=True)

    def create_return(self, request: LabelRequest, stock: Iterator[bytes]) -> Label:
        """The next label; `Permanent("no_labels_left")`, `BadPayload("not_a_pdf")` for a file that is none."""
        pdf = next(stock, None)
        if pdf is None:
            raise Permanent("no_labels_left")
        if not pdf.startswith(b"%PDF-"):
            raise BadPayload("not_a_pdf", reference=request.reference)
        return Label(request.reference, pdf, method="drop_off_point", postage_paid=True)


CARRIER = Prepaid
