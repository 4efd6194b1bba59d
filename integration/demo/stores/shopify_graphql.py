"""What the Shopify server answers to GraphQL: resolvers over its orders and codes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from graphql import GraphQLError, GraphQLSchema, build_schema

from integration.demo.stores.shopify_codes import Codes
from integration.demo.stores.shopify_data import Json, written
from integration.demo.stores.shopify_hooks import Hooks

_CHANGED_SINCE = re.compile(r"updated_at:>='([^']+)'")
SUPPORTED = ("2026-01", "2026-04", "2026-07", "2026-10")


@cache
def schema() -> GraphQLSchema:
    """The subset of the official schema; Shopify's own breaks a rule, so it is assumed to be valid."""
    sdl = files("integration.demo").joinpath("stores/shopify_schema.graphql").read_text("utf-8")
    return build_schema(sdl, assume_valid=True)


class Denied(GraphQLError):
    """A field that the token may not read."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Access denied for {what}.", extensions={"code": "ACCESS_DENIED"})


class Shop:
    """The data behind the API: what was sold, who bought, which codes there are, and what the app may see."""

    def __init__(self, domain: str, codes: Codes, now: Callable[[], datetime]) -> None:
        self.domain = domain
        self.currency = codes.currency
        self.codes = codes
        self.now = now
        self.orders: dict[int, Json] = {}
        self.delivered_at: dict[int, str] = {}
        self.scopes = {"read_orders", "read_customers", "read_fulfillments"}
        self.scopes |= {"write_discounts", "write_orders", "write_app_proxy"}
        self.hooks = Hooks(SUPPORTED[-1])
        self.withholds_personal_data = False

    def root(self) -> Json:
        """The root value for queries and mutations; each entry resolves one field."""
        return {
            "shop": self._shop,
            "currentAppInstallation": {"accessScopes": [{"handle": scope} for scope in sorted(self.scopes)]},
            "publicApiVersions": [{"handle": handle, "supported": True} for handle in SUPPORTED],
            "webhookSubscriptions": lambda _, first, after=None: connection(self.hooks.all, first, after),
            "webhookSubscriptionCreate": self._subscribe,
            "webhookSubscriptionDelete": self.hooks.delete,
            "order": self._needs("read_orders", self._order),
            "orders": self._needs("read_orders", self._orders),
            "node": self._node,
            "nodes": lambda info, ids: [self._node(info, gid) for gid in ids],
            "customerByIdentifier": self._needs("read_customers", self._customer),
            "codeDiscountNodeByCode": self._needs("read_discounts", lambda _, code: self.codes.by_code(code)),
            "discountCodeBasicCreate": self._needs("write_discounts", self.codes.create_basic),
            "discountCodeFreeShippingCreate": self._needs("write_discounts", self.codes.create_free_shipping),
            "discountCodeDelete": self._needs("write_discounts", self.codes.delete),
            "tagsAdd": self._needs("write_orders", self._add_tags),
            "orderUpdate": self._needs("write_orders", self._change_order),
        }

    def customers(self) -> dict[str, Json]:
        """Everyone who bought, by e-mail."""
        return {order["customer"]["email"].lower(): order["customer"] for order in self.orders.values()}

    def _needs(self, scope: str, resolve: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(info: Any, **arguments: Any) -> Any:
            if scope not in self.scopes and scope.replace("read_", "write_") not in self.scopes:
                raise Denied(f"{info.field_name} field. Required access: `{scope}` access scope")
            return resolve(info, **arguments)

        return guarded

    def _private(self, value: Any) -> Callable[[Any], Any]:
        def read(info: Any) -> Any:
            if self.withholds_personal_data:
                raise Denied(f"{info.field_name} field: not approved for protected customer data")
            return value

        return read

    def _shop(self, _info: Any) -> Json:
        address = {"address1": "Gran Vía 1", "address2": None, "city": "Madrid", "zip": "28013", "province": "Madrid"}
        return {
            "name": "Mia",
            "myshopifyDomain": self.domain,
            "currencyCode": self.currency,
            "ianaTimezone": "Europe/Madrid",
            "shopAddress": {**address, "company": None, "countryCodeV2": "ES"},
        }

    def _subscribe(self, info: Any, topic: str, **wish: Any) -> Json:
        """Parcels' webhooks need a scope of their own, beside the one that reads orders (facts 3.5)."""
        if topic.startswith("FULFILLMENT") and "read_fulfillments" not in self.scopes:
            said = f"You do not have permission to create or update webhooks with {topic.lower()} topic"
            return {"webhookSubscription": None, "userErrors": [{"field": ["topic"], "message": said}]}
        return self.hooks.create(info, topic, **wish)

    def _customer(self, _info: Any, identifier: Json) -> Json | None:
        buyer = self.customers().get(identifier.get("emailAddress", "").lower())
        return self._customer_view(buyer) if buyer else None

    def _customer_view(self, buyer: Json) -> Json:
        return {
            "id": buyer["admin_graphql_api_id"],
            "firstName": self._private(buyer["first_name"]),
            "defaultEmailAddress": self._private({"emailAddress": buyer["email"]}),
        }

    def _node(self, _info: Any, id: str) -> Json | None:  # noqa: A002 - the argument's name in the schema
        kind, _, number = id.removeprefix("gid://shopify/").partition("/")
        if kind == "DiscountCodeNode":
            return self.codes.node(id)
        if kind == "Fulfillment":
            found = ((order, parcel) for order in self.orders.values() for parcel in order["fulfillments"])
            return next((self._parcel(*pair) for pair in found if str(pair[1]["id"]) == number), None)
        return None

    def _orders(
        self,
        _info: Any,
        first: int,
        after: str | None = None,
        query: str = "",
        sortKey: str = "ID",  # noqa: N803 - the schema's name
        reverse: bool = False,
    ) -> Json:
        since = _CHANGED_SINCE.search(query)
        cut = datetime.fromisoformat(since[1]) if since else None
        found = [order for order in self.orders.values() if cut is None or _changed_at(order) >= cut]
        found.sort(key=lambda order: order["number"], reverse=reverse)
        if sortKey == "UPDATED_AT":
            found.sort(key=_changed_at, reverse=reverse)
        page = connection(found, first, after)
        return page | {"nodes": [self._order_view(order) for order in page["nodes"]]}

    def _order(self, _info: Any, id: str) -> Json | None:  # noqa: A002 - the argument's name in the schema
        order = self._held(id)
        return self._order_view(order) if order else None

    def _held(self, gid: str) -> Json | None:
        return self.orders.get(int(gid.rsplit("/", 1)[-1]))

    def _add_tags(self, _info: Any, id: str, tags: list[str]) -> Json:  # noqa: A002 - the schema's name
        order = self._held(id)
        if order is None:
            return {"userErrors": [{"field": ["id"], "message": "Order does not exist"}]}
        known = [tag for tag in order["tags"].split(", ") if tag]
        order["tags"] = ", ".join(dict.fromkeys([*known, *tags]))
        order["updated_at"] = written(self.now())
        return {"userErrors": []}

    def _change_order(self, _info: Any, input: Json) -> Json:  # noqa: A002 - the schema's name
        order = self._held(input["id"])
        if order is None:
            return {"userErrors": [{"field": ["id"], "message": "Order does not exist"}]}
        order["note"] = input.get("note", order["note"])
        order["updated_at"] = written(self.now())
        return {"userErrors": []}

    def _order_view(self, order: Json) -> Json:
        lines = [_line_view(entry) for entry in order["line_items"]]
        sent = {None: "UNFULFILLED", "partial": "PARTIALLY_FULFILLED"}.get(order["fulfillment_status"], "FULFILLED")
        return {
            "id": order["admin_graphql_api_id"],
            "legacyResourceId": str(order["id"]),
            "name": order["name"],
            "createdAt": order["created_at"],
            "processedAt": order["processed_at"],
            "updatedAt": order["updated_at"],
            "cancelledAt": order["cancelled_at"],
            "email": self._private(order["email"]),
            "phone": self._private(order["phone"]),
            "customerLocale": order["customer_locale"],
            "customerAcceptsMarketing": order["buyer_accepts_marketing"],
            "displayFulfillmentStatus": sent,
            "displayFinancialStatus": order["financial_status"].upper(),
            "note": order["note"],
            "tags": [tag for tag in order["tags"].split(", ") if tag],
            "discountCodes": [entry["code"] for entry in order["discount_codes"]],
            "totalPriceSet": _money_bag(order["total_price_set"]),
            "subtotalPriceSet": _money_bag(order["subtotal_price_set"]),
            "customer": self._customer_view(order["customer"]),
            "shippingAddress": self._private(_address_view(order["shipping_address"])),
            "billingAddress": self._private(_address_view(order["billing_address"])),
            "lineItems": lambda _, first, after=None: connection(lines, first, after),
            "fulfillments": lambda _, first: [self._parcel(order, entry) for entry in order["fulfillments"][:first]],
        }

    def _parcel(self, order: Json, parcel: Json) -> Json:
        status = parcel["shipment_status"] or ("canceled" if parcel["status"] == "cancelled" else "fulfilled")
        tracking = {"company": parcel["tracking_company"], "number": parcel["tracking_number"]}
        return {
            "__typename": "Fulfillment",
            "id": parcel["admin_graphql_api_id"],
            "legacyResourceId": str(parcel["id"]),
            "status": parcel["status"].upper(),
            "displayStatus": status.upper(),
            "createdAt": parcel["created_at"],
            "updatedAt": parcel["updated_at"],
            "deliveredAt": self.delivered_at.get(parcel["id"]),
            "trackingInfo": lambda _, first: [tracking][:first],
            "order": lambda _: self._order_view(order),
        }


def _changed_at(order: Json) -> datetime:
    return datetime.fromisoformat(order["updated_at"])


def connection(nodes: Sequence[Json], first: int, after: str | None) -> Json:
    """A page of nodes; a cursor is the place of the last one."""
    start = int(after) if after else 0
    end = start + first
    page_info = {"hasNextPage": end < len(nodes), "endCursor": str(end)}
    return {"nodes": list(nodes[start:end]), "pageInfo": page_info}


def _money_bag(told: Json) -> Json:
    money = told["shop_money"]
    return {"shopMoney": {"amount": money["amount"], "currencyCode": money["currency_code"]}}


def _line_view(line: Json) -> Json:
    return {
        "id": line["admin_graphql_api_id"],
        "name": line["name"],
        "sku": line["sku"],
        "currentQuantity": line["current_quantity"],
        "requiresShipping": line["requires_shipping"],
        "originalUnitPriceSet": _money_bag(line["price_set"]),
    }


def _address_view(address: Json | None) -> Json | None:
    if address is None:
        return None
    names = {"first_name": "firstName", "country_code": "countryCodeV2"}
    return {names.get(name, name): value for name, value in address.items()}
