"""Connections, shops and their policies."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from integration.db.prepared import prepared
from integration.db.tables import Connection, PolicyVersion, Shop
from integration.domain.errors import NotFound

_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PAUSED = select(Shop.id).where(col(Shop.id).in_(bindparam("shop_ids", expanding=True)), Shop.state == "paused")


def connection_by_key(session: Session, platform: str, key: str) -> Connection | None:
    """The connection of a webhook URL; what cannot be a key is not asked for (PostgreSQL takes no NUL)."""
    if not (_KEY.fullmatch(key) and _KEY.fullmatch(platform)):
        return None
    return session.exec(select(Connection).where(Connection.platform == platform, Connection.key == key)).first()


def connection_of(session: Session, shop: Shop) -> Connection:
    """The connection through which we reach a shop."""
    return _connection(session, shop.connection_id).one()


@prepared
def _connection(connection_id: str) -> SelectOfScalar[Connection]:
    return select(Connection).where(Connection.id == connection_id)


def connections(session: Session) -> Sequence[Connection]:
    """All connections, oldest first."""
    return session.exec(select(Connection).order_by(Connection.id)).all()


def shops_of(session: Session, connection_id: str) -> Sequence[Shop]:
    """The shops of a connection."""
    return session.exec(select(Shop).where(Shop.connection_id == connection_id).order_by(Shop.id)).all()


def all_shops(session: Session) -> Sequence[Shop]:
    """Every shop, by name."""
    return session.exec(select(Shop).order_by(Shop.name)).all()


def shop(session: Session, shop_id: str) -> Shop:
    """The shop; it exists because something points to it."""
    return _shop(session, shop_id).one()


@prepared
def _shop(shop_id: str) -> SelectOfScalar[Shop]:
    return select(Shop).where(Shop.id == shop_id)


def paused(session: Session, shop_ids: Collection[str]) -> Sequence[str]:
    """Those of these shops that their owners paused."""
    return session.scalars(_PAUSED, {"shop_ids": list(shop_ids)}).all()


def find(session: Session, shop_id: str) -> Shop | None:
    """The shop that somebody names; what cannot be an id is not asked for (PostgreSQL takes no NUL)."""
    if not _KEY.fullmatch(shop_id):
        return None
    return session.exec(select(Shop).where(Shop.id == shop_id)).first()


def shop_by_name(session: Session, name: str) -> Shop:
    """The shop the owner calls so; `NotFound("no_shop")`."""
    found = session.exec(select(Shop).where(Shop.name == name)).first()
    if found is None:
        raise NotFound("no_shop", shop=name[:60])
    return found


def lock_shop(session: Session, shop_id: str) -> Shop:
    """The shop, held until commit, so that sums over its rows stay true (SQLite holds the whole file anyway).

    Its key is not held: webhooks, whose rows point to it, go on being kept.
    """
    return session.exec(select(Shop).where(Shop.id == shop_id).with_for_update(key_share=True)).one()


def newest_policy(session: Session, shop_id: str) -> PolicyVersion | None:
    """What the owner set last for this shop, if anything."""
    return _newest_policy(session, shop_id).first()


@prepared
def _newest_policy(shop_id: str) -> SelectOfScalar[PolicyVersion]:
    versions = select(PolicyVersion).where(PolicyVersion.shop_id == shop_id)
    return versions.order_by(col(PolicyVersion.version).desc()).limit(1)


def policy_body(session: Session, shop_id: str) -> tuple[int, dict[str, Any]]:
    """Version number and body; `(0, {})` when only the defaults hold."""
    newest = newest_policy(session, shop_id)
    return (newest.version, newest.body) if newest else (0, {})
