"""Notes on orders that only the shop's people see (facts 5.1)."""

from __future__ import annotations

from urllib.parse import quote

from connectors.payload import Payload
from connectors.stores.woocommerce.client import Client, error_code, read
from integration.domain.errors import Ambiguous


def leave(client: Client, ref: str, text: str) -> str:
    """Leave it unless it is there; `no_order` when the order is gone. The store would take the same note twice."""
    path = f"orders/{quote(ref, safe='')}/notes"
    response = client.call("GET", path)
    if response.status == 404 and error_code(response).startswith("woocommerce_rest_"):
        return "no_order"
    notes = Payload({"notes": read(response).value}).each("notes")
    if any(note.text("note") == text for note in notes):
        return ""
    try:
        client.post(path, {"note": text, "customer_note": False})  # true would mail it to the shopper
    except Ambiguous as lost:
        raise lost.as_temporary() from lost
    return ""
