"""Orders, parcels and their events in the shape of Shopify's webhooks, with people of our own."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

Json = dict[str, Any]

# Members that Shopify always sends and that are mostly null.
_ORDER_NULLS = """app_id browser_ip cancel_reason cancelled_at cart_token checkout_id checkout_token client_details
closed_at confirmation_number current_total_additional_fees_set current_total_duties_set device_id fulfillment_status
landing_site landing_site_ref location_id merchant_of_record_app_id note original_total_additional_fees_set
original_total_duties_set payment_terms phone po_number reference referring_site source_identifier source_url
user_id""".split()
_ORDER_LISTS = """discount_applications discount_codes fulfillments line_item_groups note_attributes refunds returns
tax_lines""".split()
_LINE_NULLS = """fulfillment_status product_id sales_line_item_group_id variant_id variant_inventory_management
variant_title vendor""".split()
ADDRESS: Json = {
    "first_name": "Sam",
    "last_name": "Shopper",
    "name": "Sam Shopper",
    "company": None,
    "address1": "Calle de la Luna 7",
    "address2": "2.º B",
    "city": "Madrid",
    "zip": "28004",
    "province": "Madrid",
    "province_code": "M",
    "country": "Spain",
    "country_code": "ES",
    "phone": "+34600000001",
    "latitude": None,
    "longitude": None,
}
# Shopify's ids pass 2^53, where a float would lose their last digits.
FIRST_ID = 2**53 + 1


def written(moment: datetime) -> str:
    """A time as webhooks write it."""
    return moment.isoformat(timespec="seconds")


def prices(name: str, amount: str, currency: str) -> Json:
    """An amount and its `_set` in the shop's and the shopper's currency."""
    both = {"amount": amount, "currency_code": currency}
    return {name: amount, f"{name}_set": {"shop_money": dict(both), "presentment_money": dict(both)}}


def line(number: int, name: str, price: str, quantity: int, currency: str) -> Json:
    """A line of an order."""
    return {
        **dict.fromkeys(_LINE_NULLS),
        "id": number,
        "admin_graphql_api_id": f"gid://shopify/LineItem/{number}",
        "current_quantity": quantity,
        "fulfillable_quantity": quantity,
        "fulfillment_service": "manual",
        "gift_card": False,
        "grams": 300,
        "name": name,
        "product_exists": True,
        "properties": [],
        "quantity": quantity,
        "requires_shipping": True,
        "sku": f"SKU-{number % 1000:03}",
        "taxable": True,
        "title": name,
        "discount_allocations": [],
        **prices("price", price, currency),
        **prices("total_discount", "0.00", currency),
    }


def customer(number: int, email: str, first_name: str, last_name: str) -> Json:
    """A customer inside an order."""
    return {
        "id": number,
        "admin_graphql_api_id": f"gid://shopify/Customer/{number}",
        "email": email,
        "first_name": first_name,
        "last_name": last_name,
        "phone": None,
        "state": "disabled",
        "verified_email": True,
    }


def address_of(buyer: Json) -> Json:
    """Where every buyer of the shop lives, in her own name."""
    name = {part: buyer[part] for part in ("first_name", "last_name")}
    return {**ADDRESS, **name, "name": " ".join(name.values())}


def order(number: int, position: int, at: datetime, buyer: Json, currency: str = "EUR") -> Json:
    """A paid order of two cups and a scarf; `position` is its place in the shop, from 1."""
    lines = [
        line(number + 1, "Taza de cerámica & plato - azul", "18.50", 2, currency),
        line(number + 2, "Bufanda de lana", "32.00", 1, currency),
    ]
    return {
        **dict.fromkeys(_ORDER_NULLS),
        **{name: [] for name in _ORDER_LISTS},
        "id": number,
        "admin_graphql_api_id": f"gid://shopify/Order/{number}",
        "buyer_accepts_marketing": False,
        "confirmed": True,
        "contact_email": buyer["email"],
        "created_at": written(at),
        "currency": currency,
        "customer": buyer,
        "customer_locale": "es-ES",
        "email": buyer["email"],
        "financial_status": "paid",
        "name": f"#{1000 + position}",
        "number": position,
        "order_number": 1000 + position,
        "presentment_currency": currency,
        "processed_at": written(at),
        "source_name": "web",
        "tags": "",
        "test": False,
        "total_tip_received": "0.00",
        "updated_at": written(at),
        "billing_address": address_of(buyer),
        "shipping_address": address_of(buyer),
        "line_items": lines,
        "shipping_lines": [],
        **_sums(lines, currency),
    }


def _sums(lines: list[Json], currency: str) -> Json:
    subtotal = sum(Decimal(entry["price"]) * entry["quantity"] for entry in lines)
    total = subtotal + Decimal("4.95")
    return {
        **prices("subtotal_price", str(subtotal), currency),
        **prices("current_subtotal_price", str(subtotal), currency),
        **prices("total_price", str(total), currency),
        **prices("current_total_price", str(total), currency),
        **prices("total_tax", "0.00", currency),
    }


def fulfillment(number: int, of: Json, at: datetime, carrier: str, tracking: str) -> Json:
    """A parcel that left; `shipment_status` is null until a carrier says something."""
    return {
        "id": number,
        "admin_graphql_api_id": f"gid://shopify/Fulfillment/{number}",
        "order_id": of["id"],
        "name": f"{of['name']}.{len(of['fulfillments']) + 1}",
        "status": "success",
        "shipment_status": None,
        "service": "manual",
        "location_id": None,
        "origin_address": None,
        "email": of["email"],
        "destination": of["shipping_address"],
        "line_items": of["line_items"],
        "tracking_company": carrier,
        "tracking_number": tracking,
        "tracking_numbers": [tracking],
        "tracking_url": None,
        "tracking_urls": [],
        "receipt": {},
        "created_at": written(at),
        "updated_at": written(at),
    }


def event(number: int, parcel: Json, status: str, at: datetime) -> Json:
    """Body of `fulfillment_events/create`."""
    return {
        "id": number,
        "admin_graphql_api_id": f"gid://shopify/FulfillmentEvent/{number}",
        "fulfillment_id": parcel["id"],
        "order_id": parcel["order_id"],
        "shop_id": 548380009,
        "status": status,
        "message": status.replace("_", " ").capitalize(),
        "happened_at": written(at),
        "created_at": written(at),
        "updated_at": written(at),
        "estimated_delivery_at": None,
        "address1": None,
        "city": None,
        "province": None,
        "country": "ES",
        "zip": None,
        "latitude": None,
        "longitude": None,
    }
