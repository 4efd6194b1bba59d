"""Orders by the time of their last change: what a lost webhook would have told (facts 4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from connectors.base import Page
from connectors.payload import Payload
from connectors.stores.woocommerce.client import Client, read
from connectors.stores.woocommerce.orders import is_anonymized, parse_order
from integration.domain.errors import BadPayload, Permanent, Refused
from integration.domain.facts import Order

_SIZE = 100
_SECOND = timedelta(seconds=1)
_CARTS = frozenset({"checkout-draft", "auto-draft"})


def statuses(client: Client) -> str:
    """The slugs to ask for, with the trash and without carts; `any` when the shop does not tell them.

    One slug that the shop does not know fails the whole query, so none is guessed.
    """
    try:
        slugs = _totals(client)
    except (Permanent, Refused, BadPayload):
        return "any"
    return ",".join([*slugs, "trash"])


def counted(client: Client, since: datetime) -> dict[str, int]:
    """By slug, how many orders were placed since then; the shop's own totals are those of all time."""
    return {slug: _placed(client, slug, since) if total else 0 for slug, total in _totals(client).items()}


def _totals(client: Client) -> dict[str, int]:
    told = Payload({"totals": client.get("reports/orders/totals").value}).each("totals")
    return {slug: total.whole("total") for total in told if (slug := total.text("slug")) and slug not in _CARTS}


def _placed(client: Client, slug: str, since: datetime) -> int:
    asked = {
        "status": slug,
        "after": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
        "dates_are_gmt": "true",
        "per_page": "1",
        "_fields": "id",
    }
    response = client.call("GET", "orders", params=asked)
    read(response)
    number = response.headers.get("x-wp-total", "")
    return int(number) if number.isdecimal() and len(number) < 10 else 0


def page(client: Client, slugs: str, since: datetime, cursor: str) -> Page:
    """A hundred orders. The cursor is a time and, within orders of one second, a page: no change can shift it."""
    after, number = _place(since, cursor)
    asked = {
        "status": slugs,
        # Strictly after, UTC without saying so: with `Z` and this flag the shop's offset is added and orders are lost.
        "modified_after": f"{after - _SECOND:%Y-%m-%dT%H:%M:%S}",
        "dates_are_gmt": "true",
        "orderby": "modified",
        "order": "asc",
        "per_page": str(_SIZE),
        "page": str(number),
    }
    listed = list(Payload({"orders": client.get("orders", **asked).value}).each("orders"))
    return _read(listed, _next(after, number, listed[-1]) if len(listed) == _SIZE else "")


def _read(listed: Sequence[Payload], next_cursor: str) -> Page:
    orders: list[Order] = []
    erased: list[str] = []
    unreadable: list[str] = []
    for told in listed:
        try:
            if is_anonymized(told):
                erased.append(told.ref("id"))
            else:
                orders.append(parse_order(told))
        except BadPayload as error:
            named = told.value.get("id") if isinstance(told.value, dict) else None
            unreadable.append(str(named or error.params.get("path", ""))[:80])
    return Page(tuple(orders), next_cursor, tuple(erased), tuple(unreadable))


def _place(since: datetime, cursor: str) -> tuple[datetime, int]:
    if not cursor:
        return since.astimezone(UTC), 1
    after, _, number = cursor.partition("|")
    return datetime.fromisoformat(after), int(number)


def _next(after: datetime, number: int, last: Payload) -> str:
    changed = _changed_at(last) or after
    return f"{changed.isoformat()}|1" if changed > after else f"{after.isoformat()}|{number + 1}"


def _changed_at(told: Payload) -> datetime | None:
    try:
        return datetime.fromisoformat(told.text("date_modified_gmt")).replace(tzinfo=UTC)
    except (BadPayload, ValueError):
        return None
