"""Reads an order from its store and takes it in by the same door as a webhook."""

from __future__ import annotations

from integration.db.queries import shops
from integration.db.tables import Task
from integration.domain.events import OrderChanged, OrderRemoved
from integration.flows import intake
from integration.flows.services import Services
from integration.flows.shops import connector_of


def fetch(services: Services, task: Task) -> None:
    """The order named by the task; one the store does not have (any more) is removed."""
    with services.db.reading() as session:
        connector = connector_of(session, services, shops.shop(session, task.shop_id))
    order = connector.fetch_order(task.subject)
    with services.db.writing() as session:
        shop = shops.shop(session, task.shop_id)
        event = OrderChanged(order) if order else OrderRemoved(task.subject)
        intake.handle(session, services, shop, event, services.clock())
