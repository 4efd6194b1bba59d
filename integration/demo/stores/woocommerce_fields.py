"""How WooCommerce 10.5 reads and writes single fields: dates, amounts, e-mails, coupons; with its traps."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall time of the shop
_EMAIL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]+@([a-z0-9-]+\.)+[a-z0-9-]+")
_LOCAL = re.compile(r"[^a-z0-9!#$%&'*+/=?^_`{|}~.-]")
_TYPES = ("percent", "fixed_cart", "fixed_product")
_AMOUNTS = ("amount", "minimum_amount", "maximum_amount")
_COUNTS = ("usage_limit", "usage_limit_per_user", "limit_usage_to_x_items")
_FLAGS = ("individual_use", "free_shipping", "exclude_sale_items")


class WpError(Exception):
    """An answer of WordPress that is an error: `status`, and the body with its code."""

    def __init__(self, status: int, code: str, message: str, **data: Any) -> None:
        super().__init__(code)
        self.status = status
        self.body = {"code": code, "message": message, "data": {"status": status, **data}}


def invalid(name: str, why: str = "") -> WpError:
    """A parameter outside its schema."""
    told = why or f"{name} is not valid."
    return WpError(400, "rest_invalid_param", f"Invalid parameter(s): {name}", params={name: told})


def missing(name: str) -> WpError:
    """A parameter that must be there."""
    return WpError(400, "rest_missing_callback_param", f"Missing parameter(s): {name}", params=[name])


def stamps(name: str, moment: datetime | None, zone: ZoneInfo) -> dict[str, str | None]:
    """`name` in the shop's zone and `name_gmt` in UTC, neither with an offset."""
    if moment is None:
        return {name: None, f"{name}_gmt": None}
    return {name: wall(moment.astimezone(zone)), f"{name}_gmt": wall(moment.astimezone(UTC))}


def wall(moment: datetime) -> str:
    """What a clock on the wall shows, without an offset."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def read_expiry(written: Any, zone: ZoneInfo) -> datetime | None:
    """`date_expires`: an offset is honoured, without one it is the shop's time, and rubbish is 1970."""
    if written in ("", None):
        return None
    if not isinstance(written, str):
        raise invalid("date_expires")
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        moment = _EPOCH
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=zone).astimezone(UTC)


def read_cutoff(written: str, dates_are_gmt: bool, zone: ZoneInfo) -> datetime:
    """`modified_after` and its kin; an offset together with `dates_are_gmt` shifts by the shop's offset."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        raise invalid("modified_after", "Invalid date.") from error
    if moment.tzinfo:
        local = moment.astimezone(zone)
        return local.replace(tzinfo=UTC) if dates_are_gmt else local.astimezone(UTC)
    return moment.replace(tzinfo=UTC if dates_are_gmt else zone).astimezone(UTC)


def read_amount(written: Any) -> str:
    """Two decimals; a comma is dropped like any other sign, so that `5,50` is 550.00."""
    kept = re.sub(r"[^0-9.-]", "", str(written))
    try:
        return f"{Decimal(kept or 0):.2f}"
    except InvalidOperation:
        return "0.00"


def read_emails(written: Any) -> list[str]:
    """Each sanitised as WordPress does it: what it cannot read is dropped without a word."""
    listed = written.split(",") if isinstance(written, str) else list(written or [])
    cleaned = [_sanitised(str(entry).strip().lower()) for entry in listed]
    return [email for email in cleaned if _EMAIL.fullmatch(email)]


def _sanitised(email: str) -> str:
    local, at, domain = email.partition("@")
    return f"{_LOCAL.sub('', local)}{at}{domain}"


def coupon_fields(asked: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """The fields of a coupon that were asked for, as the store keeps them; others are not touched."""
    kept: dict[str, Any] = {}
    for name, value in asked.items():
        if reader := _READERS.get(name):
            kept[name] = reader(value)
    if "date_expires" in asked:
        kept |= stamps("date_expires", read_expiry(asked["date_expires"], zone), zone)
    return kept


def check_coupon(coupon: dict[str, Any]) -> None:
    """What WooCommerce does refuse; an amount of more than 100 per cent is about all."""
    amount = Decimal(coupon["amount"])
    if amount < 0 or (coupon["discount_type"] == "percent" and amount > 100):
        raise WpError(400, "coupon_invalid_amount", "Invalid discount amount.")


def blank(thing: str) -> dict[str, Any]:
    """An `order` of Sam, or a `coupon` of which nothing was asked: for everybody, for ever."""
    written = files("integration.demo.stores").joinpath(f"woocommerce_{thing}.json").read_text("utf-8")
    return dict(json.loads(written))


def _code(written: Any) -> str:
    without_tags = re.sub(r"<[^>]*>", "", str(written))
    return re.sub(r"&(?!amp;)", "&amp;", without_tags).lower()


def _type(written: Any) -> str:
    if written not in _TYPES:
        raise invalid("discount_type", f"discount_type is not one of {', '.join(_TYPES)}.")
    return str(written)


def _metas(written: Any) -> list[dict[str, Any]]:
    return [{"id": place, "key": str(meta["key"]), "value": meta["value"]} for place, meta in enumerate(written, 1)]


_READERS: dict[str, Callable[[Any], Any]] = {
    "code": _code,
    "discount_type": _type,
    "email_restrictions": read_emails,
    "meta_data": _metas,
    "description": str,
    "status": str,
    **dict.fromkeys(_AMOUNTS, read_amount),
    **dict.fromkeys(_COUNTS, lambda value: int(value) if value else None),
    **dict.fromkeys(_FLAGS, bool),
}
