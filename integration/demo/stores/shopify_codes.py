"""Discount codes of the Shopify server: made, looked up without regard to case, redeemed, deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from integration.demo.stores.shopify_data import Json

_NEEDED = ("code", "context", "startsAt", "title")


class Codes:
    """All codes of the shop; `forgets_customers` makes each one open to everybody, to see who notices."""

    def __init__(self, currency: str, known_customers: Callable[[], set[str]]) -> None:
        self.currency = currency
        self.known_customers = known_customers
        self.forgets_customers = False
        self._codes: dict[str, Json] = {}
        self._made = 0

    def all(self) -> list[Json]:
        """The codes as a person would list them; `value` is a percentage or an amount, empty for free shipping."""
        return [_plain(gid, held) for gid, held in self._codes.items()]

    def redeem(self, code: str) -> None:
        """Count one use."""
        held = self._held(code)
        if held:
            held["used"] += 1

    def edit(self, code: str, **changes: Any) -> None:
        """Change a code as the merchant may, in the admin; names and shapes are those of the create mutations."""
        held = self._held(code)
        if held:
            held.update(changes)

    def by_code(self, code: str) -> Json | None:
        """The node of a code in any case."""
        return next((self.node(gid) for gid, held in self._codes.items() if _same(held["code"], code)), None)

    def node(self, gid: str) -> Json | None:
        """The node of an id."""
        held = self._codes.get(gid)
        discount = self._view(held) if held else None
        return {"__typename": "DiscountCodeNode", "id": gid, "codeDiscount": discount} if held else None

    def create_basic(self, _info: Any, basicCodeDiscount: Json) -> Json:  # noqa: N803 - the schema's name
        """`discountCodeBasicCreate`."""
        return self._create("DiscountCodeBasic", "basicCodeDiscount", basicCodeDiscount)

    def create_free_shipping(self, _info: Any, freeShippingCodeDiscount: Json) -> Json:  # noqa: N803 - the schema's name
        """`discountCodeFreeShippingCreate`."""
        return self._create("DiscountCodeFreeShipping", "freeShippingCodeDiscount", freeShippingCodeDiscount)

    def delete(self, _info: Any, id: str) -> Json:  # noqa: A002 - the schema's name
        """`discountCodeDelete`; the schema has no code for what is not there."""
        known = self._codes.pop(id, None) is not None
        errors = [] if known else [{"field": ["id"], "code": "INVALID", "message": "Code discount does not exist."}]
        return {"deletedCodeDiscountId": id if known else None, "userErrors": errors}

    def _create(self, kind: str, argument: str, given: Json) -> Json:
        wish = {name: value for name, value in given.items() if value is not None}
        errors = [
            {"field": [argument, *path.split(".")], "code": code, "message": f"{path} {code.lower()}"}
            for path, code in self._complaints(kind, wish)
        ]
        if errors:
            return {"codeDiscountNode": None, "userErrors": errors}
        self._made += 1
        gid = f"gid://shopify/DiscountCodeNode/{1057000000000 + self._made}"
        self._codes[gid] = {**wish, "kind": kind, "used": 0}
        if self.forgets_customers:
            self._codes[gid]["context"] = {"all": "ALL"}
        return {"codeDiscountNode": self.node(gid), "userErrors": []}

    def _complaints(self, kind: str, wish: Json) -> Iterator[tuple[str, str]]:
        """Where a wish is wrong, and Shopify's code for it."""
        needed = _NEEDED if kind == "DiscountCodeFreeShipping" else (*_NEEDED, "customerGets")
        yield from ((name, "BLANK") for name in needed if not wish.get(name))
        if self._held(wish.get("code", "")):
            yield "code", "TAKEN"
        if wish.get("endsAt") and _moment(wish["endsAt"]) <= _moment(wish["startsAt"]):
            yield "endsAt", "END_DATE_BEFORE_START_DATE"
        share = wish.get("customerGets", {}).get("value", {}).get("percentage", 1)
        if not 0 < share <= 1:
            yield "customerGets.value.percentage", "VALUE_OUTSIDE_RANGE"
        asked = wish.get("context", {}).get("customers", {}).get("add", [])
        if not set(asked) <= self.known_customers():
            yield "context.customers.add", "INVALID"

    def _held(self, code: str) -> Json | None:
        return next((held for held in self._codes.values() if _same(held["code"], code)), None)

    def _view(self, held: Json) -> Json:
        asked = held["context"].get("customers", {}).get("add")
        everybody = {"__typename": "DiscountBuyerSelectionAll", "all": "ALL"}
        combines = held.get("combinesWith", {})
        return {
            "__typename": held["kind"],
            "title": held["title"],
            "tags": held.get("tags", []),
            "startsAt": _stored(held["startsAt"]),
            "endsAt": _stored(held["endsAt"]) if held.get("endsAt") else None,
            "usageLimit": held.get("usageLimit"),
            "appliesOncePerCustomer": held.get("appliesOncePerCustomer", False),
            "asyncUsageCount": held["used"],
            "codes": lambda _, first: {"nodes": [{"code": held["code"]}][:first]},
            "context": _bound(asked) if asked else everybody,
            "combinesWith": {f"{kind}Discounts": False for kind in ("order", "product", "shipping")} | combines,
            "minimumRequirement": self._minimum(held),
            "customerGets": {"value": self._value(held)} if "customerGets" in held else None,
        }

    def _minimum(self, held: Json) -> Json | None:
        least = held.get("minimumRequirement", {}).get("subtotal", {}).get("greaterThanOrEqualToSubtotal")
        amount = {"amount": least, "currencyCode": self.currency}
        return {"__typename": "DiscountMinimumSubtotal", "greaterThanOrEqualToSubtotal": amount} if least else None

    def _value(self, held: Json) -> Json:
        value = held["customerGets"]["value"]
        if "percentage" in value:
            return {"__typename": "DiscountPercentage", "percentage": value["percentage"]}
        amount = {"amount": value["discountAmount"]["amount"], "currencyCode": self.currency}
        return {"__typename": "DiscountAmount", "amount": amount}


def _bound(customers: list[str]) -> Json:
    return {"__typename": "DiscountCustomers", "customers": [{"id": gid} for gid in customers]}


def _plain(gid: str, held: Json) -> Json:
    value = held.get("customerGets", {}).get("value", {})
    kind = "percent" if "percentage" in value else "fixed" if "discountAmount" in value else "free_shipping"
    amount = value.get("discountAmount", {}).get("amount", "")
    return {
        "id": gid,
        "code": held["code"],
        "title": held["title"],
        "kind": kind,
        "value": f"{value['percentage'] * 100:g}" if kind == "percent" else amount,
        "customers": held["context"].get("customers", {}).get("add", []),
        "usage_limit": held.get("usageLimit"),
        "once_per_customer": held.get("appliesOncePerCustomer", False),
        "starts_at": held["startsAt"],
        "ends_at": held.get("endsAt"),
        "min_subtotal": held.get("minimumRequirement", {}).get("subtotal", {}).get("greaterThanOrEqualToSubtotal"),
        "combines": any(value is True for value in held.get("combinesWith", {}).values()),
        "tags": held.get("tags", []),
        "used": held["used"],
    }


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _moment(written: str) -> datetime:
    return datetime.fromisoformat(written)


def _stored(written: str) -> str:
    """Shopify answers in UTC and whole seconds."""
    return _moment(written).isoformat(timespec="seconds").replace("+00:00", "Z")
