"""Notes and tags on orders, which the app may only leave with the scope `write_orders`."""

from __future__ import annotations

from connectors.payload import Payload
from connectors.stores.shopify.client import Client
from integration.domain.errors import Permanent, Refused


def leave(client: Client, ref: str, text: str, tag: str) -> str:
    """Add the tag, and the text below the note that is there; empty, or why not: `no_scope`, `no_order`.

    Without the scope nothing else of the connection is wrong, so that is no `Refused`.
    """
    gid = f"gid://shopify/Order/{ref}"
    told = client.run("order_note", id=gid).at("order")
    if not told:
        return "no_order"
    note = told.text("note")
    try:
        if tag and tag not in told.texts("tags"):
            _accepted(client.run("tags_add", id=gid, tags=[tag]).at("tagsAdd"))
        if text not in note:
            whole = f"{note}\n{text}".strip()  # Shopify overwrites
            _accepted(client.run("order_note_set", input={"id": gid, "note": whole}).at("orderUpdate"))
    except Refused as error:
        if error.code != "access_denied":
            raise
        return "no_scope"
    return ""


def _accepted(answer: Payload) -> None:
    errors = [error.text("message") for error in answer.each("userErrors")]
    if errors:
        raise Permanent("query_refused", said=errors[0][:200])
