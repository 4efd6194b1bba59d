"""Parcels in Shopify's two spellings: webhooks say `in_transit`, GraphQL says `IN_TRANSIT`."""

from __future__ import annotations

from datetime import datetime

from connectors.payload import Payload
from integration.domain.facts import Confidence, Shipment, ShipmentState

# `success` only says that the parcel was handed over (facts 2.2); these three say that there is no parcel.
_NO_PARCEL = frozenset({"cancelled", "error", "failure"})
# Everything else, also words that come new, is on its way.
_PROGRESS: dict[str, ShipmentState] = {
    "delivered": "delivered",
    "picked_up": "delivered",  # by the shopper; the carrier's own pick-up is `carrier_picked_up`
    "attempted_delivery": "failed",
    "failure": "failed",
    "not_delivered": "failed",
    "canceled": "cancelled",
}


def of_event(event: Payload) -> Shipment:
    """The parcel of `fulfillment_events/create`: its id, a word and a time, no tracking."""
    return _parcel(event.ref("fulfillment_id"), event.text("status"), event.needed_moment("happened_at"))


def of_fulfillment(told: Payload) -> Shipment:
    """A fulfillment of `fulfillments/*`, of an order's payload, or of GraphQL under the same names.

    Webhooks do not say when it was delivered, so the time of the last change stands in.
    """
    at = told.moment("delivered_at") or told.moment("updated_at")
    word = "canceled" if told.text("status").lower() in _NO_PARCEL else told.text("shipment_status")
    tracking = next(told.each("tracking"), Payload(None))
    return _parcel(
        told.ref("id"),
        word,
        at,
        carrier=tracking.text("company") or told.text("tracking_company"),
        tracking=tracking.text("number") or told.text("tracking_number"),
        shipped_at=told.moment("created_at"),
    )


def _parcel(
    ref: str, word: str, at: datetime | None, carrier: str = "", tracking: str = "", shipped_at: datetime | None = None
) -> Shipment:
    state = _PROGRESS.get(word.lower(), "under_way")
    if state != "delivered":
        return Shipment(ref, state, None, carrier, tracking, shipped_at)
    confidence: Confidence = "store" if word.lower() == "picked_up" else "carrier"
    return Shipment(ref, state, confidence, carrier, tracking, shipped_at, at)
