"""What Shopify's documents leave open, looked at in a real shop (facts 10); nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from connectors.observed import Observed, Verdict
from connectors.payload import Payload
from connectors.stores.shopify.answers import read
from connectors.stores.shopify.client import API_VERSION, Client
from integration.domain.errors import SinkError, Temporary

COST_MOST = 1000  # of one query, as far as is known
# Every word of `FulfillmentDisplayStatus` (facts 2.2); another one is new.
KNOWN_WORDS = frozenset(
    "ATTEMPTED_DELIVERY CANCELED CARRIER_PICKED_UP CONFIRMED DELAYED DELIVERED FAILURE FULFILLED IN_TRANSIT"
    " LABEL_PRINTED LABEL_PURCHASED LABEL_VOIDED MARKED_AS_FULFILLED NOT_DELIVERED OUT_FOR_DELIVERY PICKED_UP"
    " READY_FOR_PICKUP SUBMITTED".split()
)


def observe(client: Client, since: datetime) -> Iterator[Observed]:
    """One after the other; what Shopify does not answer could not be looked at.

    The first one costs the most: `Temporary` when Shopify asks to wait for it, and then nothing was looked at yet.
    """
    for code, look in _LOOKS.items():
        try:
            yield from look(client, since)
        except SinkError as error:
            if isinstance(error, Temporary) and error.retry_after and code == "shopify_cost":
                raise
            yield Observed(code, "could_not", {"problem": error.code})


def _answered_version(client: Client, _since: datetime) -> Iterator[Observed]:
    """Whether answers say which version gave them, as webhooks do."""
    told = client.ask("shop").headers.get("x-shopify-api-version", "")
    verdict: Verdict = "ok" if told == API_VERSION else "differs" if told else "could_not"
    yield Observed("shopify_version_told", verdict, {"asked": API_VERSION, "told": told[:20]})


def _changed(client: Client, since: datetime) -> Iterator[Observed]:
    """Our largest query, looked at for what it costs and for what it says of parcels."""
    query = f"updated_at:>='{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'"
    answer = Payload.of(client.ask("changed_orders", query=query, after=None).body)
    orders = list(read(answer).at("orders").each("nodes"))
    yield _cost(answer.at("extensions").at("cost"))
    yield from _parcels(orders)


def _cost(told: Payload) -> Observed:
    bucket = told.at("throttleStatus")
    values = {
        "requested": told.at("requestedQueryCost").value,
        "actual": told.at("actualQueryCost").value,
        "bucket": bucket.at("maximumAvailable").value,
        "a_second": bucket.at("restoreRate").value,
    }
    fits = isinstance(values["requested"], int) and values["requested"] <= COST_MOST
    return Observed("shopify_cost", "ok" if fits else "differs", {name: str(one) for name, one in values.items()})


def _parcels(orders: Sequence[Payload]) -> Iterator[Observed]:
    """What Shopify says of parcels: words we know, when they arrived, and whether that touches their order."""
    pairs = [(order, parcel) for order in orders for parcel in order.each("fulfillments")]
    words = {parcel.text("shipment_status") for _, parcel in pairs} - {""}
    strange = ", ".join(sorted(words - KNOWN_WORDS))[:200]
    known: Verdict = "differs" if strange else "ok" if words else "could_not"
    yield Observed("shopify_parcel_words", known, {"known": str(len(words & KNOWN_WORDS)), "new": strange})
    arrived = [pair for pair in pairs if pair[1].text("shipment_status") == "DELIVERED"]
    timed = [(order, parcel) for order, parcel in arrived if parcel.moment("delivered_at")]
    yield _counted("shopify_delivered_at", len(timed), len(arrived))
    touched = [one for one, parcel in timed if one.needed_moment("updated_at") >= parcel.needed_moment("delivered_at")]
    yield _counted("shopify_order_touched", len(touched), len(timed))


def _counted(code: str, n: int, of: int) -> Observed:
    verdict: Verdict = "could_not" if not of else "ok" if n == of else "differs"
    return Observed(code, verdict, {"n": str(n), "of": str(of)})


_LOOKS: dict[str, Callable[[Client, datetime], Iterator[Observed]]] = {
    "shopify_cost": _changed,
    "shopify_version_told": _answered_version,
}
