"""Without any carrier: our own slip, for handing the parcel in or posting it at one's own expense."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from connectors.carrying import Carrier, CarrierCapabilities
from integration.domain.labels import Label, LabelRequest


class Own(Carrier):
    """Draws the slip; no counter takes it as paid postage, and it says so."""

    name: ClassVar[str] = "own"
    capabilities: ClassVar[CarrierCapabilities] = CarrierCapabilities(methods=("in_store",))

    def create_return(self, request: LabelRequest, stock: Iterator[bytes]) -> Label:  # noqa: ARG002 -- it needs none
        """The slip of this request; free, and the same however often asked."""
        return Label(request.reference, self.draw(request), method="in_store", postage_paid=False)


CARRIER = Own
