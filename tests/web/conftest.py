"""An app whose flows are stand-ins: they remember who called them and show what a test put there.

The flows themselves are tested in `tests/flows` and end to end; here only what a page makes of their answers counts.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from integration import web
from integration.domain.errors import Gone, NotFound
from integration.domain.facts import Address, Item, Order, Shipment
from integration.domain.money import Money
from integration.flows import cases, complaints, preferences, returns, surveys, visits
from integration.flows.cases import CaseView
from integration.flows.complaints import ComplaintsView, ComplaintView, Step
from integration.flows.preferences import PreferencesView
from integration.flows.returns import AnnouncedView, LabelView, ReturnView
from integration.flows.surveys import Answered, SurveyView
from integration.flows.visits import Visit
from integration.settings import ContactPerson, Settings, ShopDefaults

TOKEN = "Zq3vB8kP1mXw7RtY2nHc5g"  # the shape of a token: 22 base64url characters
EXPIRED = "AAAAAAAAAAAAAAAAAAAAAA"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CONTACT = ContactPerson(
    name="Mia Fuentes", hours="Respondo de 9 a 18 h", phone="+56 2 2345 6789", whatsapp="+56 9 8765 4321",
    mail="hola@mia.example",
)  # fmt: skip


def visit(**changes: Any) -> Visit:
    """Sam's order at Mia's shop."""
    sam = Visit(
        shop_id="shop_1", order_id="order_1", subject="order_1", shop_name="Zapatería Mia", contact=CONTACT,
        order_number="1042", first_name="Sam", country="CL", language="es", zone=ZoneInfo("America/Santiago"),
        links={purpose: f"https://mia.example/{purpose}/{TOKEN}" for purpose in "rcu"}, order_language="es",
    )  # fmt: skip
    return replace(sam, **changes)


def complaint(**changes: Any) -> ComplaintView:
    """A complaint of Sam's that a person looks into."""
    steps = (Step(NOW, "received"), Step(NOW + timedelta(minutes=1), "acknowledged"))
    case = ComplaintView(
        number="C-7K3Q", state="in_progress", cause="damaged", wish="resend", fix="", opened_at=NOW,
        due_at=NOW + timedelta(days=6), fixed_at=None, steps=(*steps, Step(NOW + timedelta(hours=3), "in_progress")),
        source="survey",
    )  # fmt: skip
    return replace(case, **changes)


ITEMS = (
    Item("11", "Zapato Bari, negro, talla 39", 1, Money.of("45990", "CLP"), "BARI-39"),
    Item("12", "Plantilla de cuero", 3, Money.of("4990", "CLP"), "PLANT"),
)
ADDRESS = Address(name="Zapatería Mia", street="Av. Italia 1230", city="Providencia", region="RM", country="CL")


def order() -> Order:
    """Sam's order as the owner sees it."""
    return Order(
        ref="1042", number="1042", state="delivered", status="completed", placed_at=NOW - timedelta(days=9),
        updated_at=NOW, total=Money.of("60960", "CLP"), subtotal=Money.of("60960", "CLP"), email="sam@example.com",
        first_name="Sam", items=ITEMS, shipments=(Shipment("1", delivered_at=NOW - timedelta(days=3)),),
    )  # fmt: skip


def case(**changes: Any) -> CaseView:
    """Sam's complaint on Mia's desk."""
    view = CaseView(
        visit=visit(), number="C-7K3Q", state="in_progress", severity="normal", source="form", cause="damaged",
        wish="resend", text="La suela llegó despegada.", fix="", fixed=False, extra="", reasons=("customer_max",),
        opened_at=NOW, due_at=NOW + timedelta(days=6), order=order(), total=order().total, orders_of_customer=4,
        complaints_of_customer=1, code_state="", extra_offer="percent 10", steps=complaint().steps,
        open_actions=("grant", "answer", "refuse", "close"), suggested_fix="resend",
    )  # fmt: skip
    return replace(view, **changes)


@dataclass
class Flows:
    """What the pages show next, which error the next write meets, and every call with its fields."""

    visit: Visit = field(default_factory=visit)
    answered: Answered | None = None
    editable: bool = True
    complaint: ComplaintView | None = None
    complaints: tuple[ComplaintView, ...] = ()
    items: tuple[Item, ...] = ITEMS
    address: Address = ADDRESS
    label: LabelView | None = field(default_factory=lambda: LabelView("D-9Q2M", "drop_off_point", postage_paid=False))
    label_offered: bool = True
    announced: AnnouncedView | None = None
    subscribed: bool = True
    case: CaseView = field(default_factory=case)
    failing: Exception | None = None
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def written(self, *call: Any) -> None:
        """Note a call that writes; raise what the test wants raised."""
        self.calls.append(call)
        if self.failing:
            raise self.failing

    def opened(self, token: str) -> Visit:
        """Only one token is right."""
        if token == EXPIRED:
            raise Gone("link_expired")
        if token != TOKEN:
            raise NotFound("no_link")
        return self.visit

    def survey(self) -> SurveyView:
        return SurveyView(self.visit, self.answered, self.editable, self.complaint)

    def sending_back(self) -> ReturnView:
        return ReturnView(self.visit, self.items, self.address, self.label, self.announced, self.label_offered)

    def answer(self, token: str, form: Mapping[str, str], locale: str) -> SurveyView:
        self.written("answer", dict(form), locale)
        self.answered = Answered(int(form["score"]), form.get("cause", ""), form.get("text", ""))
        return self.survey()

    def complain(self, token: str, form: Mapping[str, str], locale: str) -> ComplaintView:
        self.written("complain", dict(form), locale)
        self.complaints = (complaint(cause=form["cause"], wish=form.get("wish", "")),)
        return self.complaints[0]

    def announce(self, token: str, form: Mapping[str, str]) -> ReturnView:
        self.written("announce", dict(form))
        items = {name[5:]: int(value) for name, value in form.items() if name.startswith("item-") and int(value)}
        self.announced = AnnouncedView("D-9Q2M", items, form["reason"], form["wish"])
        return self.sending_back()

    def prefer(self, *call: Any, surveys: bool) -> PreferencesView:
        self.written(*call)
        self.subscribed = surveys
        return PreferencesView(self.visit, surveys)

    def act(self, form: Mapping[str, str]) -> CaseView:
        self.written("act", dict(form))
        return self.case

    def label_pdf(self) -> tuple[str, bytes]:
        self.written("label")
        return "D-9Q2M.pdf", b"%PDF-1.7 a slip"


@pytest.fixture
def flows(monkeypatch: pytest.MonkeyPatch) -> Flows:
    """Stand-ins for every flow that a page calls."""
    fake = Flows()
    for module, name, stand_in in (
        (visits, "visit", lambda _, purpose, token: fake.opened(token)),
        (surveys, "page", lambda _, token: fake.survey()),
        (surveys, "intend", lambda _, token, score: fake.calls.append(("intend", score))),
        (surveys, "answer", lambda _, *given: fake.answer(*given)),
        (complaints, "page", lambda _, token: ComplaintsView(fake.visit, fake.complaints)),
        (complaints, "complain", lambda _, *given: fake.complain(*given)),
        (returns, "page", lambda _, token: fake.sending_back()),
        (returns, "announce", lambda _, *given: fake.announce(*given)),
        (returns, "label_pdf", lambda _, token: fake.label_pdf()),
        (preferences, "page", lambda _, token: PreferencesView(fake.visit, fake.subscribed)),
        (preferences, "unsubscribe", lambda _, token, by: fake.prefer("unsubscribe", by, surveys=False)),
        (preferences, "subscribe", lambda _, token: fake.prefer("subscribe", surveys=True)),
        (cases, "page", lambda _, token: fake.case),
        (cases, "act", lambda _, token, form: fake.act(form)),
    ):
        monkeypatch.setattr(module, name, stand_in)
    return fake


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The pages alone, with the settings of Mia's shop."""
    made = Flask("postventa", static_folder=None)
    shop = ShopDefaults(legal_name="Zapatería Mia", reply_to="hola@mia.example")
    settings = Settings(shop=shop, contact=CONTACT, folder=tmp_path_factory.mktemp("config"))
    made.extensions["postventa"] = SimpleNamespace(settings=settings)
    web.register(made)
    return made


@pytest.fixture
def client(app: Flask, flows: Flows) -> FlaskClient:
    """A browser without a screen."""
    return app.test_client()


@pytest.fixture(scope="session")
def site(app: Flask) -> Iterator[str]:
    """The address of the pages over real HTTP on loopback."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
