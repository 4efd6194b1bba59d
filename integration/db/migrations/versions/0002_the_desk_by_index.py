"""Indexes that the desk's rooms and the sweeps need once there are many orders."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Made = tuple[str, str, tuple[str, ...], str]
OPEN_MAILS = "state IN ('queued', 'sending', 'dead', 'ambiguous')"
ODD = "state IN ('unreadable', 'failed', 'ignored')"
STOPPED = "state IN ('ambiguous', 'dead')"
GONE: tuple[Made, ...] = (
    ("answers", "ix_answers_shop_id", ("shop_id",), ""),
    ("complaints", "ix_complaints_opened", ("shop_id", "opened_at"), ""),
    ("mails", "ix_mails_complaint_id", ("complaint_id",), ""),
    ("mails", "ix_mails_created", ("shop_id", "created_at"), ""),
    ("mails", "ix_mails_sent", ("shop_id", "kind", "sent_at"), ""),
    ("orders", "ix_orders_created", ("shop_id", "created_at"), ""),
    ("orders", "ix_orders_customer", ("shop_id", "customer_key", "placed_at"), ""),
    ("receipts", "ix_receipts_odd", ("state",), ODD),
    ("tasks", "ix_tasks_stopped", ("state",), STOPPED),
)
COME: tuple[Made, ...] = (
    ("answers", "ix_answers_answered", ("shop_id", "answered_at", "score", "order_id"), ""),
    ("complaints", "ix_complaints_closed", ("shop_id", "closed_at", "cause", "id"), "state = 'closed'"),
    ("complaints", "ix_complaints_open", ("shop_id", "state"), "state <> 'closed'"),
    ("complaints", "ix_complaints_opened", ("shop_id", "opened_at", "order_id", "state"), ""),
    ("mails", "ix_mails_complaint", ("shop_id", "complaint_id", "kind", "sent_at"), "complaint_id IS NOT NULL"),
    ("mails", "ix_mails_created", ("shop_id", "created_at", "id"), ""),
    ("mails", "ix_mails_open", ("shop_id", "created_at", "id", "state"), OPEN_MAILS),
    ("mails", "ix_mails_preview", ("shop_id", "created_at", "id"), "state = 'skipped' AND reason = 'preview'"),
    ("mails", "ix_mails_sent", ("shop_id", "sent_at", "kind", "order_id"), ""),
    ("orders", "ix_orders_created", ("shop_id", "created_at", "id"), ""),
    ("orders", "ix_orders_customer", ("shop_id", "customer_key", "placed_at", "state"), ""),
    ("receipts", "ix_receipts_heard", ("shop_id", "received_at"), ""),
    ("receipts", "ix_receipts_odd", ("state", "shop_id", "id"), ODD),
    ("tasks", "ix_tasks_put_off", ("shop_id", "reason"), "state = 'ready' AND reason <> ''"),
    ("tasks", "ix_tasks_stopped", ("shop_id", "done_at"), STOPPED),
)


def upgrade() -> None:
    _exchange(GONE, COME)


def downgrade() -> None:
    _exchange(COME, GONE)


def _exchange(gone: tuple[Made, ...], come: tuple[Made, ...]) -> None:
    for table, name, _, _ in gone:
        op.drop_index(name, table)
    for table, name, columns, condition in come:
        where = sa.text(condition) if condition else None
        op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)
