"""Discount codes for one person: made, read back, compared, taken away (facts 5.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connectors.payload import Payload
from connectors.stores.shopify.client import Client
from integration.domain.errors import Permanent, SinkError, Temporary
from integration.domain.money import Money
from integration.domain.tasks import Discount, DiscountRequest

TAG = "postventa"
_TAKEN = {"TAKEN", "DUPLICATE"}


def create(client: Client, request: DiscountRequest) -> Discount:
    """The code, bound to its person and as asked; see `StoreConnector.create_discount`."""
    customer = _customer(client, request)
    made = _make(client, request, customer)
    errors = list(made.each("userErrors"))
    if _TAKEN & _codes(errors):
        return _made_before(client, request, customer)
    if errors:
        raise _refusal(errors)
    node = made.at("codeDiscountNode")
    if different := list(_differences(node, request, customer)):
        delete(client, node.ref("id"))
        raise _differs(different)
    return _discount(node, request.code)


def find(client: Client, code: str) -> Discount | None:
    """The code as Shopify holds it; Shopify itself ignores case."""
    node = client.run("discount_by_code", code=code).at("codeDiscountNodeByCode")
    return _discount(node, code) if node else None


def delete(client: Client, ref: str) -> None:
    """Take the code away; gone already is success.

    The schema has no error code for "no such discount", so after a refusal we look.
    """
    errors = list(client.run("discount_delete", id=ref).at("discountCodeDelete").each("userErrors"))
    if errors and client.run("discount_by_id", id=ref).at("node"):
        raise _refusal(errors)


def _customer(client: Client, request: DiscountRequest) -> str:
    if request.customer_ref:
        return f"gid://shopify/Customer/{request.customer_ref}"
    if request.email:
        found = client.run("customer_by_email", email=request.email).at("customerByIdentifier")
        if found.at("defaultEmailAddress").text("emailAddress").casefold() == request.email.casefold():
            return found.ref("id")
    raise Permanent("discount_not_bound")


def _make(client: Client, request: DiscountRequest, customer: str) -> Payload:
    wish = _wish(request, customer)
    if request.kind == "free_shipping":
        wish["destination"] = {"all": True}
        answer = client.run("free_shipping_create", freeShippingCodeDiscount=wish)
        return answer.at("discountCodeFreeShippingCreate")
    wish["customerGets"] = {"value": _value(request), "items": {"all": True}}
    return client.run("discount_create", basicCodeDiscount=wish).at("discountCodeBasicCreate")


def _wish(request: DiscountRequest, customer: str) -> dict[str, Any]:
    """What both kinds of code share."""
    wish: dict[str, Any] = {
        "title": request.title,
        "code": request.code,
        "startsAt": _seconds(request.starts_at).isoformat(),
        "endsAt": _seconds(request.expires_at).isoformat(),
        "usageLimit": 1,
        "appliesOncePerCustomer": True,
        "context": {"customers": {"add": [customer]}},
        "combinesWith": {"orderDiscounts": False, "productDiscounts": False, "shippingDiscounts": False},
        "tags": [TAG],
    }
    if request.min_subtotal:
        least = {"greaterThanOrEqualToSubtotal": str(request.min_subtotal.amount)}
        wish["minimumRequirement"] = {"subtotal": least}
    return wish


def _value(request: DiscountRequest) -> dict[str, Any]:
    if request.kind == "percent":
        return {"percentage": float(request.value / 100)}
    amount = Money.of(request.value, request.currency).amount
    return {"discountAmount": {"amount": str(amount), "appliesOnEachItem": False}}


def _seconds(moment: datetime) -> datetime:
    """Shopify keeps whole seconds."""
    return moment.astimezone(UTC).replace(microsecond=0)


def _made_before(client: Client, request: DiscountRequest, customer: str) -> Discount:
    """The code exists: ours from a try whose answer was lost, or somebody else's."""
    node = client.run("discount_by_code", code=request.code).at("codeDiscountNodeByCode")
    if not node:
        raise Permanent("discount_refused", reason="TAKEN")
    different = list(_differences(node, request, customer))
    if "customer" in different and "title" not in different and TAG in node.at("codeDiscount").texts("tags"):
        delete(client, node.ref("id"))  # ours, and anybody could use it: the try that made it could not take it back
        raise _differs(different)
    if different:
        raise Permanent("discount_differs", fields=", ".join(different))
    return _discount(node, request.code)


def _differences(node: Payload, request: DiscountRequest, customer: str) -> Iterator[str]:
    """Names of what the store holds otherwise than asked."""
    held = node.at("codeDiscount")
    same = {
        "customer": _customers(held) == [customer],
        "title": held.text("title") == request.title,
        "usage_limit": held.whole("usageLimit") == 1,
        "expires_at": held.moment("endsAt") == _seconds(request.expires_at),
        "min_subtotal": _least(held) == request.min_subtotal,
        "value": _same_value(held, request),
        "combines": not any(
            held.at("combinesWith").flag(f"{kind}Discounts") for kind in ("order", "product", "shipping")
        ),
    }
    yield from (name for name, holds in same.items() if not holds)


def _differs(different: Sequence[str]) -> Permanent:
    if "customer" in different:
        return Permanent("discount_not_bound")
    return Permanent("discount_differs", fields=", ".join(different))


def _customers(held: Payload) -> list[str]:
    return [customer.ref("id") for customer in held.at("context").each("customers")]


def _least(held: Payload) -> Money | None:
    least = held.at("minimumRequirement").at("greaterThanOrEqualToSubtotal")
    return least.money("amount", least.text("currencyCode")) if least else None


def _same_value(held: Payload, request: DiscountRequest) -> bool:
    if request.kind == "free_shipping":
        return held.text("__typename") == "DiscountCodeFreeShipping"
    value = held.at("customerGets").at("value")
    if request.kind == "percent":
        share = value.at("percentage").value
        return isinstance(share, int | Decimal) and abs(share - request.value / 100) < Decimal("0.000001")
    amount = value.at("amount")
    wanted = Money.of(request.value, request.currency)
    return bool(amount) and amount.money("amount", amount.text("currencyCode")) == wanted


def _discount(node: Payload, code: str) -> Discount:
    held = node.at("codeDiscount")
    written = [entry.text("code") for entry in held.at("codes").each("nodes")]
    return Discount(
        ref=node.ref("id"),
        code=next((found for found in written if found.casefold() == code.casefold()), code),
        bound=len(_customers(held)) == 1,
        expires_at=held.moment("endsAt"),
        usage_limit=held.whole("usageLimit") if held.at("usageLimit") else None,
        used=held.whole("asyncUsageCount"),
    )


def _codes(errors: Sequence[Payload]) -> set[str]:
    return {error.text("code") for error in errors}


def _refusal(errors: Sequence[Payload]) -> SinkError:
    fields = {field for error in errors for field in error.texts("field")}
    if "INTERNAL_ERROR" in _codes(errors):
        return Temporary("store_busy", reason="INTERNAL_ERROR")
    if "customers" in fields:  # deleted or merged since the order
        return Permanent("discount_not_bound")
    return Permanent("discount_refused", reason=", ".join(sorted(_codes(errors))), field=".".join(sorted(fields)))
