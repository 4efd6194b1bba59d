"""Examines the service and names what is wrong."""

from __future__ import annotations

from datetime import timedelta

from integration.db.queries import counts, cursors, outbox
from integration.db.queries import shops as rows
from integration.flows import connecting, machine, mail_health, reach
from integration.flows.findings import Finding
from integration.flows.services import Services
from integration.flows.shops import return_address


def examine(services: Services) -> list[Finding]:
    """Everything we can see from inside, and by our public address from outside, most basic first."""
    findings = [_public_url(services), *reach.look(services), _owner(services)]
    findings += [*_waiting(services), *_pauses(services)]
    with services.db.reading() as session:
        shops = [(shop.name, bool(return_address(services, shop).street)) for shop in rows.all_shops(session)]
    findings.append(Finding("has_shop", bool(shops)))
    for name, has_address in shops:
        findings.append(Finding("return_address", has_address, {"shop": name}))
        failed = [one for one in connecting.check(services, name) if not one.ok]
        findings.append(Finding("store", not failed, {"shop": name, "why": ", ".join(one.code for one in failed)}))
    return [*findings, *_reading(services), *mail_health.examine(services), *machine.examine(services)]


def _public_url(services: Services) -> Finding:
    url = services.settings.server.public_url
    return Finding("public_url", url.startswith("https://"), {"url": url})


def _owner(services: Services) -> Finding:
    own = services.settings.shop
    return Finding("owner", bool(own.legal_name and own.address), {})


def _waiting(services: Services) -> list[Finding]:
    with services.db.reading() as session:
        receipts = counts.receipts(session)
        stopped = counts.stopped_tasks(session)
    dead, ambiguous = (sum(n for _, found, n in stopped if found == state) for state in ("dead", "ambiguous"))
    unreadable = receipts.get("unreadable", 0) + receipts.get("failed", 0)
    return [
        Finding("receipts", not unreadable, {"n": unreadable}),
        Finding("dead_tasks", not dead, {"n": dead}),
        Finding("ambiguous_tasks", not ambiguous, {"n": ambiguous}),
    ]


def _pauses(services: Services) -> list[Finding]:
    with services.db.reading() as session:
        return [
            Finding("paused", ok=False, params={"stream": row.stream, "why": row.reason})
            for row in outbox.pauses(session)
        ]


def _reading(services: Services) -> list[Finding]:
    """Whether each shop is read beside its webhooks, as it should be every quarter of an hour."""
    oldest = services.clock() - timedelta(hours=1)
    with services.db.reading() as session:
        looks = [(shop, cursor) for shop, cursor in cursors.looks(session) if shop.state != "paused"]
    return [
        Finding(
            "reading",
            ((cursor.looked_at if cursor else None) or shop.created_at) > oldest,
            {"shop": shop.name, "why": cursor.reason if cursor and cursor.reason else "not_running"},
        )
        for shop, cursor in looks
    ]
