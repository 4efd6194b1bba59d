"""Requests about people: everything about somebody is found, and after an erasure nothing of her is left anywhere."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Response
from sqlalchemy import Engine, event
from sqlmodel import select

from connectors.signing import sign
from integration.db import exports
from integration.db.care_tables import Incident, PrivacyRequest
from integration.db.queries import people
from integration.db.session import Database
from integration.db.tables import (
    CaseNote,
    ComplaintRow,
    MailRow,
    OrderRow,
    Pause,
    ShipmentRow,
    Suppression,
    Task,
)
from integration.domain.errors import Misconfigured, Permanent, Temporary
from integration.domain.events import PersonAsked, PersonForgotten, ShopForgotten
from integration.domain.facts import Person
from integration.flows import alerts, intake, mail_events, person_requests
from integration.worker import ticks
from tests.conftest import StandingClock
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.shoppers import command
from tests.flows.stores import refuse, store

MAIL, WORDS, NAME, TRACKING = "canary.sam@example.com", "canary-words", "Canaria", "CANARYTRACK"
HERS = (MAIL, WORDS, NAME, TRACKING, "Calle del Olmo", "600111222", "Calle de la Luna", "600000001")
LEFT = {"answers", "codes", "complaints", "history", "links", "mails", "orders", "suppressions", "tasks"}


@pytest.fixture(params=["woocommerce", "shopify"])
def house(request: pytest.FixtureRequest, tmp_path: Path, clock: StandingClock, empty_sqlite: Path) -> Iterator[House]:
    """On SQLite alone, whose file is looked into."""
    shutil.copy(empty_sqlite, tmp_path / "postventa.db")
    made = House(tmp_path, clock, request.param)
    yield made
    made.close()


def tell(house: House, event: Any) -> None:
    """The store says it, and all that is due is done."""
    with house.services.db.writing() as session:
        intake.handle(session, house.services, house.shop(session), event, house.clock.now)
    house.run()


def live(house: House) -> str:
    """She leaves a trace in every table that holds anything of shoppers; the store's id of her order."""
    ref = house.deliver(email=MAIL, first_name=NAME)
    house.client.get(house.link("survey", "s") + "?r=2")
    house.answer(2, "damaged", f"La taza llegó rota {WORDS}")
    assert house.complain("other", WORDS).status_code == 200
    items = {f"item-{line['id']}": "1" for line in store(house).shop.orders[int(ref)]["line_items"][:1]}
    sent = items | {"reason": "damaged", "wish": "refund", "text": WORDS}
    assert house.client.post(house.link("label", "r"), data=sent).status_code == 200
    assert house.client.post(house.link("survey", "u"), data={"action": "unsubscribe"}).status_code == 200
    house.run()
    other = next(case for case in house.rows(ComplaintRow) if case.cause == "other")
    desk = house.link("owner_case", "admin/case")
    answer = {"action": "answer", "text": f"Hola {WORDS}", "expected_state": other.state}
    assert house.client.post(desk, data=answer).status_code == 200
    notes(house, other)
    body = json.dumps({"oops": MAIL.upper(), "phone": "+34600111222"}).encode()
    assert house.post(*resigned(house, body)) == 200
    house.run()
    return ref


def notes(house: House, case: ComplaintRow) -> None:
    """What the desk, the mail server and the carrier say of her."""
    now, services = house.clock.now, house.services
    with services.db.writing() as session:
        shop = house.shop(session)
        mine = {"id": "note_1", "shop_id": shop.id, "complaint_id": case.id, "account_id": "a", "text": WORDS}
        session.add(CaseNote(**mine, created_at=now))
        reply = f"550 5.1.1 <{MAIL}> no such user"
        alerts.tell_owner(session, services, shop, "mail_server_refused", now, reply=reply, stream="mail")
        parcel = session.exec(select(ShipmentRow)).first()
        assert parcel is not None
        parcel.tracking = TRACKING
        of = {"shop_id": shop.id, "order_id": parcel.order_id, "shipment_id": parcel.id}
        session.add(Incident(id="incident_1", **of, kind="silent", opened_at=now))
        mail = session.exec(select(MailRow).where(MailRow.kind == "label")).one()
        mail_events.keep(session, mail, "soft", now, code="4.2.2", source="dsn")


def resigned(house: House, body: bytes) -> tuple[dict[str, str], bytes]:
    """A webhook that nobody can read, signed by the store."""
    if house.side.platform == "shopify":
        headers, _ = store(house).signed_webhook("orders/updated", {})
        return headers | {"X-Shopify-Hmac-Sha256": sign(body, store(house).client_secret)}, body
    number = next(iter(store(house).shop.orders))
    headers, _ = store(house).signed_webhook(number, "order.updated", house.secret)
    return {**headers, "X-WC-Webhook-Signature": sign(body, house.secret)}, body


def places(house: House) -> list[str]:
    """Where anything of hers stands: the columns of all tables, and the files of the database."""
    found = []
    for model in exports.models():
        for row in house.rows(model):
            for column, value in row.model_dump().items():
                text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                found += [f"{model.__tablename__}.{column}" for word in HERS if word.lower() in text.lower()]
    for file in house.folder.glob("postventa.db*"):
        raw = file.read_bytes().lower()
        found += [f"{file.name}: {word}" for word in HERS if word.lower().encode() in raw]
    return sorted(set(found))


def requests(house: House) -> list[PrivacyRequest]:
    return house.rows(PrivacyRequest)


SAM = Person(MAIL, customer_ref="", order_refs=())


# -- erased ------------------------------------------------------------------------------------------


def test_after_an_erasure_nothing_of_her_is_left_in_any_table_or_byte(house: House) -> None:
    live(house)
    assert len(places(house)) > 10
    tell(house, PersonForgotten(SAM))
    assert places(house) == []
    kept = {str(model.__tablename__) for model in exports.models() if house.rows(model)}
    assert kept >= LEFT
    assert house.codes() == []


def test_whoever_did_not_want_mail_gets_none_after_it_either(house: House) -> None:
    live(house)
    tell(house, PersonForgotten(SAM))
    assert [row.scope for row in house.rows(Suppression)] == ["survey"]
    before = house.kinds()
    house.clock.advance(days=1)
    house.deliver(email=MAIL)
    assert house.kinds()[len(before) :] == ["label"]


def test_every_table_is_either_about_shoppers_and_found_or_about_none(house: House) -> None:
    tables = {str(model.__tablename__) for model in exports.models()}
    assert tables == {"orders", *people.LEADS} | people.NOBODYS
    assert not people.NOBODYS & {"orders", *people.LEADS}
    live(house)
    tell(house, PersonAsked(SAM))
    [request] = requests(house)
    [file] = [name for name in request.files.split() if name.endswith(".json")]
    told = json.loads((house.folder / file).read_text("utf-8"))["tables"]
    # Of the request itself she knows; it is written before it is done.
    assert {"orders", *people.LEADS} - set(told) == set()
    assert told["mails"][-1]["context"]["params"]["reply"].endswith("no such user")
    assert any(MAIL.upper() in one["body"] for one in told["receipts"])


def test_columns_that_hold_texts_are_known(house: House) -> None:
    """A new column of free text has to be emptied, or stand here because it holds codes and ids alone."""
    live(house)
    tell(house, PersonForgotten(SAM))
    told = {"history", "tasks", "links", "codes"}
    texts = {
        f"{model.__tablename__}.{name}"
        for model in exports.models()
        if str(model.__tablename__) in people.LEADS and str(model.__tablename__) not in told
        for row in house.rows(model)
        for name, value in row.model_dump().items()
        if isinstance(value, str) and " " in value
    }
    assert texts <= {"privacy_requests.files", "complaints.reasons"}


@pytest.mark.parametrize("who", ["email", "ref", "spelled"])
def test_guest_orders_are_found_by_address_customer_or_another_spelling(house: House, who: str) -> None:
    house.deliver(email="Sam.Torres+shop@gmail.com")
    house.deliver(email="eve@example.com")
    [hers, _] = house.rows(OrderRow)
    person = {
        "email": Person(email="sam.torres+SHOP@gmail.com"),
        "ref": Person(customer_ref=hers.facts["customer_ref"], order_refs=(hers.ref,)),
        "spelled": Person(email="samtorres@googlemail.com"),
    }[who]
    tell(house, PersonForgotten(person))
    assert [bool(row.erased_at) for row in house.rows(OrderRow)] == [True, False]
    assert house.rows(OrderRow)[1].facts["email"] == "eve@example.com"


def test_an_order_named_before_it_is_known_stays_unknown(house: House) -> None:
    ref = house.side.sell(email=MAIL)
    tell(house, PersonForgotten(Person(order_refs=(ref,))))
    assert house.post(*house.side.arrive(ref)) == 200
    house.run()
    assert [(row.ref, row.facts) for row in house.rows(OrderRow)] == [(ref, {})]
    assert [receipt.body for receipt in house.receipts()] == [b""]
    assert house.kinds() == ["owner_notice"]


def test_the_request_is_kept_without_her_name_and_the_owner_told(house: House) -> None:
    live(house)
    tell(house, PersonForgotten(SAM))
    [request] = requests(house)
    assert (request.state, request.kind, request.found, request.sealed_person) == ("done", "erase", 1, "")
    assert request.done_at == house.clock.now
    assert "Pedidos suyos: 1" in house.mails("owner_notice")[-1].text
    assert MAIL not in house.mails("owner_notice")[-1].text


def test_what_was_written_about_her_before_goes_too(house: House) -> None:
    house.deliver(email=MAIL)
    tell(house, PersonAsked(SAM))
    written = [house.folder / name for name in requests(house)[0].files.split()]
    assert [path.stat().st_mode & 0o777 for path in written] == [0o600, 0o600]
    assert MAIL in written[1].read_text("utf-8")
    tell(house, PersonForgotten(SAM))
    assert [path for path in written if path.exists()] == []
    assert [request.files for request in requests(house)] == ["", ""]


def test_what_was_written_about_her_goes_after_a_month(house: House) -> None:
    house.deliver(email=MAIL)
    tell(house, PersonAsked(SAM))
    [request] = requests(house)
    written = [house.folder / name for name in request.files.split()]
    house.clock.advance(days=29)
    ticks.tidy(house.services)
    assert all(path.exists() for path in written)
    house.clock.advance(days=2)
    ticks.tidy(house.services)
    assert not any(path.exists() for path in written)


def test_a_paused_shop_forgets_all_the_same(house: House) -> None:
    house.deliver(email=MAIL)
    command(house, "shops", "pause", house.side.name)
    tell(house, PersonForgotten(SAM))
    assert requests(house)[0].state == "done"
    assert house.rows(OrderRow)[0].facts == {}


def test_the_same_request_twice_is_one(house: House) -> None:
    with house.services.db.writing() as session:
        for _ in range(3):
            shop, now = house.shop(session), house.clock.now
            person_requests.ask(session, house.services, shop, "export", SAM, "store", now)
    assert len(requests(house)) == 1


def test_a_request_that_is_late_is_told_to_the_owner(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise Temporary("disk_full")

    monkeypatch.setattr(person_requests.person_files, "write", full)
    tell(house, PersonAsked(SAM))
    house.clock.advance(hours=23)
    assert person_requests.tell_overdue(house.services) == 0
    house.clock.advance(hours=2)
    ticks.morning(house.services)
    ticks.morning(house.services)
    house.run()
    assert sum("más de un día" in mail.text for mail in house.mails("owner_notice")) == 1
    monkeypatch.undo()
    house.clock.advance(hours=7)
    house.run()
    assert requests(house)[0].state == "done"


def test_values_are_overwritten_wherever_sqlite_itself_would_leave_them(tmp_path: Path) -> None:
    """Debian's SQLite overwrites by itself, others do not."""

    def leave(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA secure_delete=OFF")

    event.listen(Engine, "connect", leave)
    try:
        database = Database(f"sqlite:///{tmp_path}/p.db")
        with database.reading() as session:
            assert session.connection().exec_driver_sql("PRAGMA secure_delete").scalar() == 1
        database.close()
    finally:
        event.remove(Engine, "connect", leave)


class PluggedOut(BaseException):
    """The process ends here."""


@pytest.mark.parametrize(
    ("point", "event"), [("export_written", PersonAsked(SAM)), ("person_erased", PersonForgotten(SAM))]
)
@pytest.mark.parametrize("platform", ["woocommerce", "shopify"])
def test_a_plug_pulled_before_the_note_of_it_does_it_once_more_and_tells_once(
    make_house: MakeHouse, platform: str, point: str, event: Any
) -> None:
    house = make_house(platform)

    def pull(name: str) -> None:
        if name == point:
            raise PluggedOut

    house.deliver(email=MAIL)
    with house.services.db.writing() as session:
        intake.handle(session, house.services, house.shop(session), event, house.clock.now)
    with pytest.raises(PluggedOut):
        ticks.until_idle(replace(house.services, checkpoint=pull), "test:0")
    house.clock.advance(minutes=11)
    house.run()
    [request] = requests(house)
    assert request.state == "done"
    assert len(house.mails("owner_notice")) == 1
    assert [task.state for task in house.rows(Task) if task.subject == request.id] == ["done"]


def test_both_databases_find_and_forget_her(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    live(house)
    house.deliver(email="eve@example.com")
    tell(house, PersonAsked(SAM))
    [request] = requests(house)
    assert MAIL in (house.folder / request.files.split()[0]).read_text("utf-8")
    tell(house, PersonForgotten(Person(MAIL.upper(), customer_ref="7")))
    assert [one.found for one in requests(house)] == [1, 1]
    assert [column for column in places(house) if not column.startswith("postventa.db")] == [
        # Eve lives in the same street of the demo.
        "orders.facts", "receipts.body",
    ]  # fmt: skip
    assert {row.facts.get("email") for row in house.rows(OrderRow)} == {None, "eve@example.com"}


# -- the shop ----------------------------------------------------------------------------------------


def told_by(house: House, topic: str, **body: Any) -> None:
    """Shopify tells by a signed webhook."""
    told = store(house).signed_webhook(topic, {"shop_domain": store(house).domain, **body})
    assert house.post(*told) == 200
    house.drain()


@pytest.fixture
def shopify(tmp_path: Path, clock: StandingClock, empty_sqlite: Path) -> Iterator[House]:
    shutil.copy(empty_sqlite, tmp_path / "postventa.db")
    made = House(tmp_path, clock, "shopify")
    yield made
    made.close()


def test_shopifys_privacy_topics_are_done_at_once_and_leave_no_name(shopify: House) -> None:
    ref = shopify.deliver(email=MAIL)
    customer = {"id": 207119551, "email": MAIL, "phone": None}
    told_by(shopify, "customers/data_request", customer=customer, orders_requested=[int(ref)])
    shopify.run()
    told_by(shopify, "customers/redact", customer=customer, orders_to_redact=[int(ref)])
    shopify.run()
    assert [(one.kind, one.state, one.found) for one in requests(shopify)] == [
        ("export", "done", 1),
        ("erase", "done", 1),
    ]
    assert places(shopify) == []


def test_a_shop_that_let_us_go_is_forgotten_with_all_its_people(shopify: House) -> None:
    shopify.deliver(email=MAIL)
    tell(shopify, PersonAsked(SAM))
    told = store(shopify).signed_webhook("shop/redact", {"shop_domain": store(shopify).domain})
    refuse(shopify)
    assert shopify.post(*told) == 200
    shopify.run()
    assert [one.state for one in requests(shopify)] == ["done", "done"]
    assert places(shopify) == []
    assert not (shopify.folder / "people").glob("*.json") or not list((shopify.folder / "people").glob("*"))


@pytest.mark.parametrize("topic", ["shop/redact", "app/uninstalled"])
def test_an_old_word_of_leaving_never_touches_a_fresh_install(shopify: House, topic: str) -> None:
    shopify.deliver(email=MAIL)
    told_by(shopify, topic)
    shopify.run()
    assert shopify.rows(OrderRow)[0].facts["email"] == MAIL
    assert [one.state for one in requests(shopify)] == (["refused"] if topic == "shop/redact" else [])
    assert shopify.rows(Pause) == []
    shopify.deliver(email="eve@example.com")
    assert shopify.kinds().count("label") == 2


def test_an_app_that_is_gone_stands_still_and_the_owner_hears_of_it_once(shopify: House) -> None:
    told = store(shopify).signed_webhook("app/uninstalled", {"myshopify_domain": store(shopify).domain})
    refuse(shopify)
    assert shopify.post(*told) == 200
    shopify.run()
    [pause] = shopify.rows(Pause)
    assert (pause.stream, pause.reason) == ("store", "app_uninstalled")
    for _ in range(4):
        shopify.clock.advance(minutes=16)
        shopify.run()
    assert len(shopify.mails("owner_notice")) == 1
    refuse(shopify, refused=False)
    shopify.clock.advance(minutes=16)
    shopify.run()
    assert shopify.rows(Pause) == []


def test_a_store_that_does_not_answer_is_asked_again_before_anybody_is_forgotten(shopify: House) -> None:
    shopify.deliver(email=MAIL)
    store(shopify).answers.append(Response("busy", 503))
    tell(shopify, ShopForgotten())
    assert [one.state for one in requests(shopify)] == ["open"]
    assert shopify.rows(OrderRow)[0].facts["email"] == MAIL
    shopify.clock.advance(hours=1)
    shopify.run()
    assert [one.state for one in requests(shopify)] == ["refused"]


# -- by command --------------------------------------------------------------------------------------


def test_the_owner_writes_down_and_erases_by_command(house: House) -> None:
    house.deliver(email=MAIL)
    assert "Todavía" in command(house, "privacy", "list") or "yet" in command(house, "privacy", "list")
    said = command(house, "privacy", "export", house.side.name, MAIL)
    assert "people/request_" in said
    house.clock.advance(minutes=1)
    assert "1" in command(house, "privacy", "erase", house.side.name, MAIL)
    listed = json.loads(command(house, "privacy", "list", "--json"))
    assert [(one["kind"], one["state"], one["source"]) for one in listed] == [
        ("erase", "done", "owner"), ("export", "done", "owner"),
    ]  # fmt: skip
    assert house.side.name in command(house, "privacy", "list")
    assert house.rows(OrderRow)[0].facts == {}
    with pytest.raises(Misconfigured, match="bad_address"):
        command(house, "privacy", "erase", house.side.name, "nobody")


def test_a_command_that_could_not_finish_says_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise Temporary("disk_full")

    monkeypatch.setattr(person_requests.person_files, "write", full)
    with pytest.raises(Permanent, match="request_waits"):
        command(house, "privacy", "export", house.side.name, MAIL)
