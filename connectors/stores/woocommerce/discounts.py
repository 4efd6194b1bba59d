"""Coupons: what we ask for, and whether what the store made is that.

WooCommerce fails open: an e-mail it cannot sanitise is dropped and the coupon is everybody's, unknown fields are
ignored, amounts are guessed. So every field of the answer is compared with what was asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connectors.payload import Payload
from integration.domain.tasks import Discount, DiscountRequest

REFERENCE = "_postventa_reference"
_TYPES = {"percent": "percent", "fixed": "fixed_cart", "free_shipping": "fixed_cart"}
_AMOUNTS = frozenset({"amount", "minimum_amount"})
# Asked under one name and answered under another, or of no weight for the limits.
_SPECIAL = frozenset({"date_expires", "description", "meta_data"})


def bindable_email(request: DiscountRequest) -> str:
    """The address to bind to, empty where that would bind nobody: `*` is WooCommerce's wildcard."""
    email = request.email.strip().lower()
    return "" if "*" in email or "," in email or "@" not in email else email


def coupon_of(request: DiscountRequest) -> dict[str, Any]:
    """The body for `POST /coupons`.

    Amounts have a point and no thousands ("5,50" becomes 550.00); the expiry carries `Z`, since without it the
    shop's zone counts and a bare day ends when it begins. `date_expires_gmt` is ignored by the store.
    """
    return {
        "code": request.code.lower(),
        "discount_type": _TYPES[request.kind],
        "amount": _plain(Decimal(0) if request.kind == "free_shipping" else request.value),
        "free_shipping": request.kind == "free_shipping",
        "individual_use": True,
        "usage_limit": 1,
        "usage_limit_per_user": 1,
        "email_restrictions": [bindable_email(request)],
        "date_expires": request.expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "minimum_amount": _plain(request.min_subtotal.amount if request.min_subtotal else Decimal(0)),
        "description": request.title,
        "meta_data": [{"key": REFERENCE, "value": request.reference}],
    }


def differences(coupon: Payload, asked: Mapping[str, Any]) -> list[str]:
    """Names of the fields in which the store's coupon is not what was asked; `BadPayload` if it is none."""
    wrong = [name for name in asked if name not in _SPECIAL and not _same(coupon, name, asked[name])]
    if f"{coupon.text('date_expires_gmt')}Z" != asked["date_expires"]:
        wrong.append("date_expires")
    if not is_ours(coupon, asked):
        wrong.append("meta_data")
    if coupon.text("status") not in ("", "publish"):
        wrong.append("status")
    return wrong


def is_ours(coupon: Payload, asked: Mapping[str, Any]) -> bool:
    """Whether the coupon carries the reference of this very request."""
    wanted = asked["meta_data"][0]
    return any(meta.at("key").value == wanted["key"] and meta.at("value").value == wanted["value"]
               for meta in coupon.each("meta_data"))  # fmt: skip


def is_bound(coupon: Payload) -> bool:
    """Whether only one address can use it."""
    emails = [str(entry.value) for entry in coupon.each("email_restrictions")]
    return len(emails) == 1 and "*" not in emails[0]


def discount_of(coupon: Payload) -> Discount:
    """The store's coupon in our words; `BadPayload`."""
    return Discount(
        ref=coupon.ref("id"),
        code=coupon.text("code"),
        bound=is_bound(coupon),
        expires_at=_expiry(coupon),
        usage_limit=coupon.whole("usage_limit") or None,
        used=coupon.whole("usage_count"),
    )


def found_in(coupons: Payload, code: str) -> Payload | None:
    """The coupon of this code, any case, in the answer to `GET /coupons?code=`; `BadPayload` if that is no list."""
    listed = Payload({"coupons": coupons.value}).each("coupons")
    return next((coupon for coupon in listed if coupon.text("code").lower() == code.lower()), None)


def _expiry(coupon: Payload) -> datetime | None:
    written = coupon.text("date_expires_gmt")  # UTC without saying so
    return Payload({"date_expires_gmt": f"{written}Z"}).moment("date_expires_gmt") if written else None


def _plain(value: Decimal) -> str:
    return format(value.quantize(Decimal("0.01")), "f")


def _same(coupon: Payload, name: str, asked: Any) -> bool:
    got = coupon.at(name).value
    if name not in _AMOUNTS:
        return type(got) is type(asked) and bool(got == asked)
    try:
        return Decimal(str(got)) == Decimal(asked)
    except ArithmeticError:
        return False
