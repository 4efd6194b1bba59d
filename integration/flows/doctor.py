"""Examines the service and names what is wrong."""

from __future__ import annotations

from datetime import timedelta

from connectors.base import ADVICE
from integration.db.queries import shops as rows
from integration.flows import connecting, health, machine, mail_health, reach
from integration.flows.accounts import Person
from integration.flows.findings import Finding
from integration.flows.limits import Limit, admit
from integration.flows.services import Services
from integration.flows.shops import return_address

LOOKS_AN_HOUR = 12


def examine(services: Services) -> list[Finding]:
    """Everything we can see from inside, and by our public address from outside, most basic first."""
    address, owner = health.own(services)
    findings = [address, *reach.look(services), owner, *health.work(services)]
    with services.db.reading() as session:
        shops = [(shop.name, bool(return_address(services, shop).street)) for shop in rows.all_shops(session)]
    findings.append(Finding("has_shop", bool(shops)))
    for name, has_address in shops:
        findings.append(Finding("return_address", has_address, {"shop": name}))
        failed = [one for one in connecting.check(services, name) if not one.ok and one.feature != ADVICE]
        findings.append(Finding("store", not failed, {"shop": name, "why": ", ".join(one.code for one in failed)}))
    return [*findings, *mail_health.examine(services), *machine.examine(services)]


def examine_for(services: Services, who: Person) -> list[Finding]:
    """The same for somebody at the desk; `TooMany` after a dozen an hour, since stores are called."""
    with services.db.writing() as session:
        admit(session, services, (Limit("doctor", who.id, LOOKS_AN_HOUR, timedelta(hours=1)),), services.clock())
    return examine(services)
