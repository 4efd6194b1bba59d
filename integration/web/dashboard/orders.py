"""Orders: the list, the search, one order with its life."""

from __future__ import annotations

from flask import Response, request

from integration.flows import orders, today
from integration.flows.accounts import Person
from integration.web.dashboard.door import chosen_shops, page_number, show
from integration.web.visitor import services


def desk_list(who: Person) -> Response:
    """The newest orders, or those that a number or an address finds."""
    wanted, page = request.args.get("q", "").strip()[:254], page_number()
    shops = chosen_shops(who)
    if wanted:
        lines, more = orders.found(services(), shops, wanted), False
    else:
        lines, more = orders.listed(services(), shops, page)
    return show(
        "desk/orders", lines=lines, more=more, page=page, wanted=wanted, shops=today.shops_of(services(), who),
        shop=request.args.get("shop", ""),
    )  # fmt: skip


def desk_order(who: Person, order_id: str) -> Response:
    """One order: what was bought, what happened, what comes."""
    return show("desk/order", view=orders.opened(services(), who, order_id))
