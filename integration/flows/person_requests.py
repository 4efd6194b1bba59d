"""Requests about people: kept with their record, done within a day, and the owner hears of one that is not."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session

from integration import logs
from integration.db.care_tables import PrivacyRequest
from integration.db.queries import orders, outbox, people, shops
from integration.db.queries import requests as rows
from integration.db.tables import Shop, Task
from integration.domain.errors import Refused, SinkError
from integration.domain.facts import Person
from integration.domain.ids import new_id
from integration.flows import alerts, apart, person_files, privacy
from integration.flows.people import digests_of, names_of
from integration.flows.services import Services
from integration.flows.shops import connector_of
from integration.flows.verdicts import Write

Kind = Literal["export", "erase", "erase_shop"]
TASKS = {"export": "ExportPerson", "erase": "ErasePerson", "erase_shop": "EraseShop"}
TERM = timedelta(days=1)
_AT_ONCE = 100  # orders of a shop erased in one transaction: webhooks must not wait long for the write lock
_A_RUN = 2  # such transactions in one run of the task, some seconds: a worker told to end is waited for for eight
_LET_GO = ("access_refused", "invalid_client", "shop_not_found", "shop_not_permitted")


def ask(
    session: Session, services: Services, shop: Shop, kind: Kind, person: Person, source: str, now: datetime
) -> PrivacyRequest:
    """Keep the request and have it done; the same one that is still open is not kept twice."""
    who = next(iter(digests_of(shop.id, person)), "")
    for known in rows.overdue(session, now + TERM):
        if (known.shop_id, known.kind, known.person) == (shop.id, kind, who) and not person.order_refs:
            return known
    request = PrivacyRequest(
        id=new_id("request", now), shop_id=shop.id, kind=kind, source=source, person=who, asked_at=now,
        sealed_person=services.vault.seal(json.dumps(asdict(person))),
    )  # fmt: skip
    session.add(request)
    session.flush()
    outbox.put_task(session, shop.id, TASKS[kind], request.id, now)
    return request


def _person(services: Services, request: PrivacyRequest) -> Person:
    named = json.loads(services.vault.open(request.sealed_person))
    return Person(**named | {"order_refs": tuple(named["order_refs"])})


def _close(session: Session, request: PrivacyRequest, state: str, found: int, now: datetime) -> None:
    request.state, request.found, request.done_at, request.sealed_person = state, found, now, ""
    logs.security(f"person_{request.kind}", shop=request.shop_id, request=request.id, orders=found)


def export(services: Services, task: Task) -> None:
    """Write what is kept about her for the owner, who passes it on."""
    with services.db.reading() as session:
        request = rows.get(session, task.shop_id, task.subject)
        if request.state != "open":
            return
        shop, person = shops.shop(session, task.shop_id), _person(services, request)
        digests = digests_of(shop.id, person)
        hers = people.orders_of(session, shop.id, person, digests)
        names = names_of(person.email, person.phone, person.customer_ref)
        told = people.about(session, shop.id, hers, digests, names)
    files = person_files.write(services.settings, shop, request, told)
    services.checkpoint("export_written")
    now = services.clock()
    with services.db.writing(task.shop_id) as session:
        request = rows.get(session, task.shop_id, task.subject)
        request.files = " ".join(files)
        _close(session, request, "done", len(hers), now)
        alerts.tell_owner(session, services, shop, "person_export_ready", now, files=", ".join(files))


def erase(services: Services, task: Task) -> None:
    """Forget her in every table, and what was written about her before."""
    now = services.clock()
    with services.db.writing(task.shop_id) as session:
        request = rows.get(session, task.shop_id, task.subject)
        if request.state != "open":
            return
        shop, person = shops.shop(session, task.shop_id), _person(services, request)
        found = privacy.erase_person(session, services, shop, person, now)
        for written in rows.exports_of(session, shop.id, digests_of(shop.id, person) or ("",)):
            person_files.remove(services.settings, written)
        _close(session, request, "done", found, now)
        alerts.tell_owner(session, services, shop, "person_erased", now, orders=found)
    services.db.scrub()
    services.checkpoint("person_erased")


def erase_shop(services: Services, task: Task) -> Write | None:
    """Forget everybody of a shop, unless it takes our keys again: then the word of its leaving is an old one.

    Some at a time, and asked before each, since a large shop takes long enough to come back meanwhile.
    """
    with services.db.reading() as session:
        if rows.get(session, task.shop_id, task.subject).state != "open":
            return None
    try:
        _connected(services, task.shop_id)
    except SinkError as error:
        if error.code not in _LET_GO:
            raise
        return _wipe(services, task)
    now = services.clock()
    with services.db.writing(task.shop_id) as session:
        request = rows.get(session, task.shop_id, task.subject)
        _close(session, request, "refused", request.found, now)
        code = "shop_ours_again" if request.found else "shop_still_ours"
        alerts.tell_owner(session, services, shops.shop(session, task.shop_id), code, now, orders=request.found)
    return None


def _wipe(services: Services, task: Task) -> Write | None:
    """So much that no lease runs out over it and nobody waits long for this hand; what is left is due at once."""
    for _ in range(_A_RUN):
        now = services.clock()
        with services.db.writing(task.shop_id) as session:
            shop = shops.shop(session, task.shop_id)
            done = privacy.erase_some(session, services, shop, _AT_ONCE, now)
            rows.get(session, shop.id, task.subject).found += done  # how far it is, until it is closed
            services.checkpoint("erasure_noted")
        if done < _AT_ONCE:
            _forgotten(services, task)
            return None
    return lambda session, now: outbox.again(session, task, now)


def _forgotten(services: Services, task: Task) -> None:
    now = services.clock()
    with services.db.writing(task.shop_id) as session:
        request = rows.get(session, task.shop_id, task.subject)
        if request.state == "open":
            for written in rows.exports_of(session, task.shop_id, ()):
                person_files.remove(services.settings, written)
            _close(session, request, "done", orders.count(session, task.shop_id), now)
            shop = shops.shop(session, task.shop_id)
            alerts.tell_owner(session, services, shop, "shop_erased", now, orders=request.found)
    services.db.scrub()


def probe(services: Services, task: Task) -> None:
    """Whether the store really let us go: then its stream stands still, and the owner hears of it, once."""
    try:
        _connected(services, task.shop_id)
    except SinkError as error:
        if error.code in _LET_GO:
            raise Refused("app_uninstalled") from error
        raise


def _connected(services: Services, shop_id: str) -> None:
    with services.db.reading() as session:
        connector = connector_of(session, services, shops.shop(session, shop_id))
    connector.describe()


def tell_overdue(services: Services) -> int:
    """Requests that are open for longer than a day: the owner hears of them, once a day; how many there are."""
    now = services.clock()
    with services.db.reading() as session:
        late = {request.shop_id for request in rows.overdue(session, now - TERM)}

    def tell(shop_id: str) -> int:
        with services.db.writing(shop_id) as session:
            alerts.tell_owner(session, services, shops.shop(session, shop_id), "person_overdue", now)
        return 1

    told = apart.each(services, late, tell)
    if told:
        services.wake()
    return told


def tidy(services: Services) -> None:
    """What was written about people goes after a month; the owner has had it."""
    with services.db.writing() as session:
        for written in rows.written_before(session, services.clock() - person_files.KEPT):
            person_files.remove(services.settings, written)
