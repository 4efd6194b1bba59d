"""Mails at the desk: which left, which wait, which did not go and why; each can be looked at, built anew from rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from emails.catalogue import KINDS
from integration.db.queries import lists, orders, pages, shops
from integration.db.rehearsal import rehearsing
from integration.db.tables import MailRow
from integration.domain.errors import PostventaError
from integration.flows import mail_building
from integration.flows.accounts import Person
from integration.flows.services import Services

Which = Literal["all", "waiting", "would", "stopped"]
WHICH: tuple[Which, ...] = ("all", "waiting", "would", "stopped")
STATES: dict[Which, tuple[str, ...]] = {
    "all": (), "waiting": ("queued", "sending"), "would": ("skipped",), "stopped": ("dead", "ambiguous"),
}  # fmt: skip
_KEYS = re.compile(r"(/(?:s|r|c|u|admin/case)/)[\w-]{22}")
PREVIEW = "preview"
PAGE = 50


@dataclass(frozen=True, slots=True)
class MailLine:
    """A mail in the list; `order` is empty for mails to the owner that are about none."""

    id: str
    kind: str
    shop: str
    order: str
    state: str
    reason: str
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class MailView:
    """One mail; its parts are empty where it cannot be built any more (`lost` says why, as a code)."""

    line: MailLine
    order_id: str
    to: str
    subject: str
    text: str
    html: str
    attachments: tuple[str, ...]
    internal: bool
    lost: str = ""


def listed(services: Services, shop_ids: Sequence[str], which: Which, page: int) -> tuple[tuple[MailLine, ...], bool]:
    """A page of mails, the newest first, and whether there are more; `would` are those of a preview."""
    reason = PREVIEW if which == "would" else ""
    with services.db.reading() as session:
        found = pages.mails(session, shop_ids, STATES[which], reason, PAGE + 1, page * PAGE)
        names = {shop.id: shop.name for shop in shops.all_shops(session)}
    return tuple(_line(row, names[row.shop_id], number or "") for row, number in found[:PAGE]), len(found) > PAGE


def _line(row: MailRow, shop: str, number: str) -> MailLine:
    return MailLine(row.id, row.kind, shop, number, row.state, row.reason, row.created_at, row.sent_at)


def opened(services: Services, who: Person, mail_id: str) -> MailView:
    """One mail as it would be built now; nothing is kept of the building. `NotFound` also for another shop's.

    Its links act as the shopper, or as the owner without a log-in, so only an owner sees them whole.
    """
    with rehearsing(services.db) as session:
        row = lists.mail(session, who.shops, mail_id)
        shop = shops.shop(session, row.shop_id)
        number = lists.order(session, who.shops, row.order_id).number if row.order_id else ""
        line, order_id = _line(row, shop.name, number), row.order_id or ""
        internal = KINDS[row.kind].category == "internal"
        try:
            order = orders.get(session, shop.id, order_id) if order_id else None
            message = mail_building.message_of(session, services, shop, row, order, row.sent_at or services.clock())
        except PostventaError as error:
            return MailView(line, order_id, "", "", "", "", (), internal, error.code)
    parts = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
    return MailView(
        line=line,
        order_id=order_id,
        to=str(message["To"]),
        subject=str(message["Subject"]),
        text=_read_by(who, str(parts["plain"].get_content()) if parts["plain"] else ""),
        html=_read_by(who, str(parts["html"].get_content()) if parts["html"] else ""),
        attachments=tuple(part.get_filename() or "" for part in message.iter_attachments()),
        internal=internal,
    )


def _read_by(who: Person, text: str) -> str:
    return text if who.owns else _KEYS.sub(r"\1…", text)
