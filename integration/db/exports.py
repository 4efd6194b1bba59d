"""Writes every table as JSON lines, with the names and states that scripts may rely on."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel, select

from integration.db import care_tables, mail_tables, tables
from integration.db.session import Database

# Columns that stay inside: keys to other people's systems, and bytes that are no text.
_KEPT_BACK = {
    "connections": {"sealed_credentials", "sealed_webhook_secret", "sealed_previous_secret"},
    "receipts": {"body"},
    "labels": {"pdf"},
    "stock_labels": {"pdf"},
    "links": {"token_digest"},
    "privacy_requests": {"sealed_person"},
    "accounts": {"password_hash"},
    "sessions": {"digest"},
    "invitations": {"digest"},
    "joinings": {"digest", "sealed_word", "sealed_credentials"},
    "attempts": {"who"},
}
_RENAMED = {
    "answers": {"order_id": "order"},
    "mails": {"order_id": "order"},
    "complaints": {"order_id": "order"},
    "codes": {"complaint_id": "complaint", "order_id": "order"},
    "history": {"from_state": "from", "to_state": "to"},
}


def write(database: Database, folder: Path) -> dict[str, int]:
    """One `<table>.jsonl` per table, 0600; how many lines each has."""
    counts = {}
    with database.reading() as session:
        for model in models():
            name = str(model.__tablename__)
            path = folder / f"{name}.jsonl"
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                counts[name] = 0
                for row in session.exec(select(model).execution_options(yield_per=500)):
                    file.write(json.dumps(_line(name, row), ensure_ascii=False, default=str) + "\n")
                    counts[name] += 1
    return counts


def models() -> list[type[SQLModel]]:
    """Every table, by name."""
    known = [*vars(tables).values(), *vars(care_tables).values(), *vars(mail_tables).values()]
    found = {value for value in known if isinstance(value, type) and issubclass(value, SQLModel)}
    return sorted((model for model in found if hasattr(model, "__table__")), key=lambda model: str(model.__tablename__))


def _line(name: str, row: SQLModel) -> dict[str, Any]:
    hidden, renamed = _KEPT_BACK.get(name, set()), _RENAMED.get(name, {})
    values = row.model_dump(mode="json", exclude=hidden)
    return {renamed.get(column, column): value for column, value in values.items()}
