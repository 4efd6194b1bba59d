"""Reads an order from its store and takes it in by the same door as a webhook."""

from __future__ import annotations

from integration.db.queries import shops
from integration.db.tables import Task
from integration.domain.errors import Permanent
from integration.domain.events import OrderChanged
from integration.flows import intake
from integration.flows.services import Services
from integration.flows.shops import connector_of


def fetch(services: Services, task: Task) -> None:
    """The order named by the task.

    `Permanent("order_not_in_store")` when the store shows none: deleted, or older than the 60 days that Shopify
    shows without a further scope. Deletions are told by webhook, so what is known of it stays.
    """
    with services.db.reading() as session:
        connector = connector_of(session, services, shops.shop(session, task.shop_id))
    order = connector.fetch_order(task.subject)
    if order is None:
        raise Permanent("order_not_in_store", order=task.subject)
    with services.db.writing(task.shop_id) as session:
        shop = shops.shop(session, task.shop_id)
        intake.handle(session, services, shop, OrderChanged(order, asked=True), services.clock())
