"""Puts plans into the outbox: follow-ups and tasks, in the transaction of the state they follow from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from integration.db.queries import outbox as rows
from integration.db.tables import FollowUpRow, OrderRow
from integration.domain.ids import new_id
from integration.rules.after_delivery import FollowUp


def known_keys(session: Session, order: OrderRow) -> frozenset[str]:
    """Business keys of what was planned for this order before."""
    return rows.followup_keys(session, order.shop_id, order.id)


def put(session: Session, order: OrderRow, plan: Iterable[FollowUp], known: frozenset[str], now: datetime) -> None:
    """Keep each follow-up once, by its key, and a task for each that is to be done; `known` are the keys there are."""
    for step in plan:
        if step.key not in known:
            row = FollowUpRow(
                id=new_id("followup", now), shop_id=order.shop_id, order_id=order.id, kind=step.kind, key=step.key,
                due_at=step.due_at, state=step.state, reason=step.reason,
            )  # fmt: skip
            rows.put_followup(session, row, now)
