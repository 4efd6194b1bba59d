"""A carrier for the demo and for tests: charges when it makes a label, and can be told to fail."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from connectors.carrying import Carrier, CarrierCapabilities
from integration.domain.errors import Ambiguous, SinkError, Temporary
from integration.domain.labels import Label, LabelRequest
from integration.domain.money import Money

_FAULTS: Mapping[str, tuple[type[SinkError], str]] = {
    "ambiguous": (Ambiguous, "no_answer"),
    "temporary": (Temporary, "unreachable"),
}
_STAMP = {"stamp": "DEMO", "stamp_hint": "", "not_postage": ""}  # paid, but by nobody
VALID = timedelta(days=30)


class Demo(Carrier):
    """A label for 4.50 (450 where the currency has no cents); credentials `{"fault": "ambiguous"|"temporary"}` fail."""

    name: ClassVar[str] = "demo"
    capabilities: ClassVar[CarrierCapabilities] = CarrierCapabilities(
        methods=("drop_off_point",), charges_at_creation=True
    )

    def create_return(self, request: LabelRequest, stock: Iterator[bytes]) -> Label:  # noqa: ARG002 -- it needs none
        """A label whose numbers follow from the reference, so that asking twice buys once."""
        if self.credentials.get("fault") in _FAULTS:
            error, code = _FAULTS[self.credentials["fault"]]
            raise error(code, host="demo")
        number = int(hashlib.sha256(request.reference.encode("utf-8", "surrogatepass")).hexdigest(), 16) % 10**10
        return Label(
            request.reference,
            self.draw(replace(request, words={**request.words, **_STAMP})),
            method="drop_off_point",
            postage_paid=True,
            carrier_ref=f"demo-{number:010}",
            tracking=f"DEMO{number:010}",
            expires_at=request.created_at + VALID,
            cost=Money.of_minor(450, request.items[0].price.currency if request.items else "EUR"),
        )


CARRIER = Demo
