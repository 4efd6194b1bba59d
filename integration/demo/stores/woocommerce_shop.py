"""What a WooCommerce shop holds and how its REST API treats it: orders and coupons; no HTTP in here."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from threading import RLock
from typing import Any
from zoneinfo import ZoneInfo

from integration.clock import Clock
from integration.demo.stores.woocommerce_fields import (
    WpError,
    blank,
    check_coupon,
    coupon_fields,
    invalid,
    missing,
    read_cutoff,
    stamps,
    wall,
)

Json = dict[str, Any]
Query = Mapping[str, str]

# `delivered` and `partial-shipped` are Advanced Shipment Tracking's; core has no such status.
_CORE = "pending processing on-hold completed cancelled refunded failed checkout-draft"
STATUSES = (*_CORE.split(), "delivered", "partial-shipped")
_PER_PAGE = 10
_MOST_PER_PAGE = 100


class Shop:
    """One shop's data. Every method may be called from any thread; what it returns is a copy.

    `keys` are the first ones, made by hand with `permissions`; `granted` are secret and permissions of those that apps
    got. `manages` is whether whoever they belong to still manages the shop.
    """

    def __init__(
        self, consumer_key: str, consumer_secret: str, now: Clock, *, zone: str, currency: str, permissions: str
    ) -> None:
        self.keys = (consumer_key, consumer_secret)
        self.now = now
        self.zone = ZoneInfo(zone)
        self.currency = currency
        self.permissions = permissions
        self.granted: dict[str, tuple[str, str]] = {}
        self.manages = True
        self._lock = RLock()
        self._last_id = 100
        self.orders: dict[int, Json] = {}
        self.coupons: dict[int, Json] = {}
        self.notes: dict[int, list[Json]] = {}

    def let_in(self, method: str, key: str, secret: str) -> None:
        """Check the keys as the store does: a wrong key is a stranger, a wrong secret is told so."""
        verbs = {"GET": "view", "POST": "create", "PUT": "edit", "DELETE": "delete"}
        known = {self.keys[0]: (self.keys[1], self.permissions)} | self.granted
        told = f"woocommerce_rest_cannot_{verbs.get(method, 'view')}", "Sorry, you are not allowed to do that."
        if key not in known:
            raise WpError(401, *told)
        right, permissions = known[key]
        if not hmac.compare_digest(secret.encode(), right.encode()):
            raise WpError(401, "woocommerce_rest_authentication_error", "Consumer secret is invalid.")
        if method != "GET" and "write" not in permissions:
            unwritten = "The API key provided does not have write permissions."
            raise WpError(401, "woocommerce_rest_authentication_error", unwritten)
        if not self.manages:
            raise WpError(403, *told)

    def grant(self, permissions: str) -> tuple[int, str, str]:
        """New keys for an app: number, key and secret."""
        key, secret = f"ck_{secrets.token_hex(20)}", f"cs_{secrets.token_hex(20)}"
        with self._lock:
            self.granted[key] = (secret, permissions)
            return self.new_id(), key, secret

    def revoke(self, key: str) -> None:
        """The keys are nobody's from now on."""
        with self._lock:
            self.granted.pop(key, None)

    # -- orders -----------------------------------------------------------------------------------

    def add_order(self, **overrides: Any) -> Json:
        """A paid order of Sam, with some of its fields set otherwise; the two addresses are merged."""
        with self._lock:
            order: Json = blank("order")
            order_id: int = overrides.get("id") or self.new_id()
            now = self.now()
            order |= {"id": order_id, "number": str(order_id), "order_key": f"wc_order_{order_id}"}
            order |= {"currency": self.currency}
            for name in ("date_created", "date_modified", "date_paid"):
                order |= stamps(name, now, self.zone)
            if overrides.get("status") == "completed":
                order |= stamps("date_completed", now, self.zone)
            for place in ("billing", "shipping"):
                order[place] |= overrides.pop(place, {})
            self.orders[order_id] = order | overrides
            return deepcopy(self.orders[order_id])

    def set_status(self, order_id: int, status: str) -> Json:
        """Move the order; completing it stamps `date_completed`, which later statuses keep."""
        if status not in (*STATUSES, "trash"):
            raise invalid("status", f"status is not one of {', '.join(STATUSES)}.")
        with self._lock:
            order = self._order(order_id)
            if status == "completed" != order["status"]:
                order |= stamps("date_completed", self.now(), self.zone)
            order |= {"status": status, **stamps("date_modified", self.now(), self.zone)}
            return deepcopy(order)

    def order(self, order_id: int) -> Json:
        """The order, trashed or not; 404 `woocommerce_rest_shop_order_invalid_id`."""
        with self._lock:
            return deepcopy(self._order(order_id))

    def change_order(self, order_id: int, asked: Json) -> Json:
        """PUT: a new status, metadata, a note; each of them touches `date_modified`."""
        with self._lock:
            order = self._order(order_id)
            order |= {name: asked[name] for name in ("meta_data", "customer_note") if name in asked}
            return self.set_status(order_id, asked.get("status") or order["status"])

    def delete_order(self, order_id: int, force: bool) -> Json:
        """DELETE: into the trash, where it can still be read by its id, or for good."""
        with self._lock:
            order = deepcopy(self._order(order_id)) if force else self.set_status(order_id, "trash")
            if force:
                del self.orders[order_id]
            return order

    def totals(self) -> list[Json]:
        """GET /reports/orders/totals: every status that this shop knows, and how many orders are in it."""
        with self._lock:
            held = [order["status"] for order in self.orders.values()]
        return [{"slug": slug, "name": slug.capitalize(), "total": held.count(slug)} for slug in STATUSES]

    def list_notes(self, order_id: int) -> list[Json]:
        """GET /orders/{id}/notes."""
        with self._lock:
            self._order(order_id)
            return deepcopy(self.notes.get(order_id, []))

    def add_note(self, order_id: int, asked: Json) -> Json:
        """POST /orders/{id}/notes: the same note twice is two notes; neither touches the order's `date_modified`."""
        if "note" not in asked:
            raise missing("note")
        with self._lock:
            self._order(order_id)
            note = {"id": self.new_id(), "author": "system", "note": str(asked["note"])}
            note |= {"customer_note": bool(asked.get("customer_note")), **stamps("date_created", self.now(), self.zone)}
            self.notes.setdefault(order_id, []).append(note)
            return deepcopy(note)

    def list_orders(self, query: Query) -> tuple[list[Json], int]:
        """GET /orders: a page of them and how many there are; one unknown status fails the whole query."""
        wanted = [slug for slug in query.get("status", "any").split(",") if slug]
        for slug in wanted:
            if slug not in (*STATUSES, "any", "trash"):
                raise invalid("status", f"status[0] is not one of any, trash, {', '.join(STATUSES)}.")
        with self._lock:
            found = [order for order in self.orders.values() if _matches(order["status"], wanted)]
            found = [order for order in found if self._in_time(order, query)]
            name = "date_modified_gmt" if query.get("orderby") == "modified" else "date_created_gmt"
            found.sort(key=lambda order: (order[name], order["id"]), reverse=query.get("order", "desc") != "asc")
            return page(found, query)

    def _in_time(self, order: Json, query: Query) -> bool:
        gmt = query.get("dates_are_gmt") in ("true", "1")
        tests: dict[str, Callable[[str], bool]] = {
            "modified_after": lambda cut: order["date_modified_gmt"] > cut,
            "modified_before": lambda cut: order["date_modified_gmt"] < cut,
            "after": lambda cut: order["date_created_gmt"] > cut,
            "before": lambda cut: order["date_created_gmt"] < cut,
        }
        return all(
            test(wall(read_cutoff(query[name], gmt, self.zone))) for name, test in tests.items() if name in query
        )

    def _order(self, order_id: int) -> Json:
        if order_id not in self.orders:
            raise WpError(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
        return self.orders[order_id]

    # -- coupons ----------------------------------------------------------------------------------

    def create_coupon(self, asked: Json) -> Json:
        """POST /coupons; what is odd in it is guessed or dropped, not refused."""
        if "code" not in asked:
            raise missing("code")
        with self._lock:
            coupon = blank("coupon") | coupon_fields(asked, self.zone)
            if any(coupon["code"] == other["code"] for other in self._published()):
                raise WpError(400, "woocommerce_rest_coupon_code_already_exists", "The coupon code already exists")
            check_coupon(coupon)
            coupon["id"] = self.new_id()
            for name in ("date_created", "date_modified"):
                coupon |= stamps(name, self.now(), self.zone)
            self.coupons[coupon["id"]] = coupon
            return deepcopy(coupon)

    def coupon(self, coupon_id: int) -> Json:
        """The coupon; 404 `woocommerce_rest_shop_coupon_invalid_id`."""
        with self._lock:
            return deepcopy(self._coupon(coupon_id))

    def list_coupons(self, query: Query) -> tuple[list[Json], int]:
        """GET /coupons, by code in any case."""
        code = query.get("code", "").lower()
        with self._lock:
            return page([coupon for coupon in self._published() if code in ("", coupon["code"])], query)

    def change_coupon(self, coupon_id: int, asked: Json) -> Json:
        """PUT: the fields that are named, read as when it was made."""
        with self._lock:
            coupon = self._coupon(coupon_id)
            coupon |= coupon_fields(asked, self.zone)
            return deepcopy(coupon)

    def delete_coupon(self, coupon_id: int, force: bool) -> Json:
        """DELETE: into the trash, where its code is free again, or for good."""
        with self._lock:
            coupon = self._coupon(coupon_id)
            if force:
                del self.coupons[coupon_id]
            else:
                coupon["status"] = "trash"
            return deepcopy(coupon)

    def _coupon(self, coupon_id: int) -> Json:
        if coupon_id not in self.coupons:
            raise WpError(404, "woocommerce_rest_shop_coupon_invalid_id", "Invalid ID.")
        return self.coupons[coupon_id]

    def _published(self) -> Iterable[Json]:
        return [coupon for coupon in self.coupons.values() if coupon["status"] == "publish"]

    def new_id(self) -> int:
        """Orders, coupons and webhooks share their numbers."""
        with self._lock:
            self._last_id += 1
            return self._last_id


def _matches(status: str, wanted: list[str]) -> bool:
    return status in wanted or ("any" in wanted and status != "trash")


def page(found: list[Json], query: Query) -> tuple[list[Json], int]:
    """One page and the number of all; a page beyond the last is empty, more than a hundred is refused."""
    size, number = int(query.get("per_page", _PER_PAGE)), int(query.get("page", 1))
    if not 1 <= size <= _MOST_PER_PAGE:
        raise invalid("per_page", "per_page must be between 1 (inclusive) and 100 (inclusive)")
    return deepcopy(found[(number - 1) * size : number * size]), len(found)
