"""Alembic's entry: runs the versions on the connection that `integration.db.schema` hands over."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from integration.db import care_tables, mail_tables, tables  # noqa: F401  imported for their effect: the metadata knows every table

target = SQLModel.metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=target, render_as_batch=True, transactional_ddl=True, compare_type=True
)
with context.begin_transaction():
    context.run_migrations()
