"""What is wrong, cut, doubled, forged or hostile: clear words or status, something the owner sees, and no harm."""

from __future__ import annotations

import dataclasses
import html
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.cli.running import BODY_MOST
from integration.cli.shops import toml
from integration.db.tables import (
    AnswerRow,
    CodeRow,
    ComplaintRow,
    FollowUpRow,
    MailRow,
    OrderRow,
    Receipt,
    Task,
)
from integration.demo.serving import Serving
from integration.i18n import LANGUAGES, Words
from tests.conftest import StandingClock
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.shoppers import answer, arrived, command, complain, known, link, store_of
from tests.flows.stores import behind, upstream
from tests.house.conftest import ROOT
from tests.stores import faults
from tests.stores.faults import Faults

MARKUP = "<script>alert('Sam')</script> & <b>\"Ana\"</b>"
Told = Callable[[], list[dict[str, Any]]]
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Told:
    """The security events that the log tells the owner."""
    caplog.set_level(logging.INFO, "postventa.security")
    return lambda: [
        {"event": record.getMessage(), **getattr(record, "values", {})}
        for record in caplog.records
        if record.name == "postventa.security"
    ]


@pytest.fixture
def mia(tmp_path: Path, clock: StandingClock) -> Iterator[House]:
    """Mia's WooCommerce shop on SQLite, where the engine cannot matter."""
    made = House(tmp_path, clock)
    yield made
    made.close()


@pytest.fixture(params=["woocommerce", "shopify"])
def house(request: pytest.FixtureRequest, tmp_path: Path, clock: StandingClock) -> Iterator[House]:
    """Mia's shop on SQLite, once per platform."""
    made = House(tmp_path, clock, request.param)
    yield made
    made.close()


# -- settings ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "words"), [("es_ES", "no conoce"), ("en_GB", "does not know"), ("pt_BR", "não")])
def test_a_wrong_setting_stops_the_service_with_one_sentence(mia: House, language: str, words: str) -> None:
    wrong = mia.config() | {"mail": {"pasword": "correct-horse"}}
    (mia.folder / "config.toml").write_text(toml(wrong), "utf-8")
    serve = [sys.executable, "-c", "from integration.cli import main; main()", "serve", "--port", "0"]
    environ = {"PYTHONPATH": str(ROOT), "LC_ALL": f"{language}.UTF-8", "PYTHONUTF8": "1"}
    ended = subprocess.run(serve, check=False, cwd=mia.folder, env=environ, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "mail.pasword" in ended.stderr
    assert words in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert "correct-horse" not in ended.stderr


# -- links ---------------------------------------------------------------------------------------------


def problem(language: str, name: str) -> str:
    """The heading of a problem's page."""
    return html.escape(Words(language)(f"pages.problem.{name}.title"), quote=False)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_wrong_link_is_404_in_the_readers_language(mia: House, told: Told, language: str, method: str) -> None:
    mia.deliver()
    token = mia.link("survey", "s").split("/")[-1]
    for path in ("/s/AAAAAAAAAAAAAAAAAAAAAA", f"/s/{token[:-1]}", f"/c/{token}", f"/r/{token}", "/u/%00", "/s/"):
        page = getattr(mia.client, method)(path, headers={"Accept-Language": language.replace("_", "-")})
        assert page.status_code == 404, path
        assert problem(language, "unknown") in page.text, path
        assert token not in page.text
    assert {event["event"] for event in told()} == {"page_refused"}
    assert not [event for event in told() if token in str(event)]


def test_an_expired_survey_is_410_with_words_and_takes_no_answer(mia: House) -> None:
    mia.deliver()
    path = mia.link("survey", "s")
    mia.clock.advance(days=46)
    for page in (mia.client.get(path), mia.client.head(path), mia.answer(1, "damaged")):
        assert page.status_code == 410
    assert problem("es", "expired") in mia.client.get(path).text
    mia.run()
    assert mia.rows(AnswerRow) == mia.rows(ComplaintRow) == []
    assert mia.client.get(mia.link("survey", "u")).status_code == 200  # whoever wants no surveys always gets out
    assert mia.client.get(mia.link("survey", "c")).status_code == 200


# -- size and signs ------------------------------------------------------------------------------------


def test_a_webhook_of_three_megabytes_is_413_kept_nowhere_and_told(house: House, told: Told) -> None:
    headers, body = house.side.arrive(house.side.sell())
    assert house.post(headers, body + b" " * 3_000_000) == 413
    assert house.receipts() == []
    assert [event["reason"] for event in told()] == ["too_large"]
    assert house.post(headers, body) == 200


def test_over_a_socket_it_is_413_too_and_a_form_as_large_says_so(mia: House) -> None:
    mia.deliver()
    server = Serving(max_request_body_size=BODY_MOST)
    server.start(mia.app)
    try:
        assert raw(server.port, mia.path, JSON, b"x" * 3_000_000)[0] == 413
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        status, page = raw(server.port, mia.link("survey", "s"), form, b"score=1&text=" + b"x" * 3_000_000)
        assert status == 413
        assert problem("es", "too_large") in page
        chunked = form | {"Transfer-Encoding": "chunked"}
        assert raw(server.port, mia.path, chunked, b"x" * 3_000_000)[0] == 413
    finally:
        server.stop()
    assert [receipt.state for receipt in mia.receipts()] == ["done"]
    assert mia.rows(AnswerRow) == []


def raw(port: int, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
    """A POST over real HTTP: status and text of the answer."""
    import http.client

    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    chunked = "Transfer-Encoding" in headers
    line.request("POST", path, [body] if chunked else body, headers, encode_chunked=chunked)
    got = line.getresponse()
    found = (got.status, got.read().decode())
    line.close()
    return found


@pytest.mark.parametrize("body", [b'{"id":1,"email":"\xff\xfe"}', b"\xc3\x28", b"\xef\xbb\xbf{}"])
def test_a_webhook_that_is_no_utf8_is_kept_visible_and_told_to_the_owner(make_house: MakeHouse, body: bytes) -> None:
    house = make_house()
    headers = store_of(house).hooks.headers("order.updated", body, house.secret, 1)
    assert house.post(headers, body) == 200
    house.run()
    [receipt] = house.receipts()
    assert receipt.state == "unreadable"
    assert receipt.body == body
    assert house.kinds() == ["owner_notice"]
    assert "order.updated" in house.mails()[0].text


@pytest.mark.parametrize("body", [b"score=1&text=%ff%fe", b"score=1&text=\xff\xfe", b"score=\xc3\x28"])
def test_a_form_that_is_no_utf8_is_400_and_answers_nothing(mia: House, body: bytes) -> None:
    mia.deliver()
    kind = "application/x-www-form-urlencoded"
    page = mia.client.post(mia.link("survey", "s"), data=body, content_type=kind)
    assert page.status_code == 400
    assert problem("es", "unreadable") in page.text
    assert mia.rows(AnswerRow) == []


def test_a_forged_signature_is_401_told_and_does_nothing(house: House, told: Told) -> None:
    headers, body = house.side.arrive(house.side.sell())
    forged = {name: value for name, value in headers.items() if "Sig" not in name and "Hmac" not in name}
    signature = next(name for name in headers if "Sig" in name or "Hmac" in name)
    wrong: tuple[tuple[Any, bytes], ...] = (
        (headers, body + b" "),
        (forged, body),
        ({**headers, signature: ""}, body),
        ({**headers, signature: "ñ"}, body),
        ({**headers, signature: headers[signature][:-2]}, body),
    )
    for sent, content in wrong:
        assert house.post(sent, content) == 401
    house.run()
    assert house.receipts() == house.rows(OrderRow) == []
    assert [event["event"] for event in told()] == ["webhook_refused"] * len(wrong)
    assert house.secret not in str(told())


def test_a_webhook_to_a_wrong_address_is_404_and_told(mia: House, told: Told) -> None:
    headers, body = mia.side.arrive(mia.side.sell())
    assert mia.client.post("/webhooks/woocommerce/eve", headers=dict(headers), data=body).status_code == 404
    assert [event["reason"] for event in told()] == ["no_such_door"]


# -- a survey answered twice ---------------------------------------------------------------------------


def test_a_survey_answered_twice_is_edited_for_a_day_and_then_stands(mia: House) -> None:
    order = arrived(mia, "sam@example.com")
    assert answer(mia, order, 2, "damaged", "Rota") == 200
    mia.clock.advance(hours=23)
    assert answer(mia, order, 3, "damaged", "Un poco rota") == 200
    mia.clock.advance(hours=2)
    assert answer(mia, order, 5, "", "Todo bien") == 200
    mia.run()
    [kept] = mia.rows(AnswerRow)
    assert (kept.score, kept.cause, kept.text) == (3, "damaged", "Un poco rota")
    assert len(mia.rows(ComplaintRow)) == len(mia.codes()) == 1
    assert mia.kinds().count("complaint_ack") == 1


@pytest.mark.parametrize(
    "form",
    [{}, {"score": "9"}, {"score": "0"}, {"score": "1", "cause": "eve"}, {"score": "1", "text": "x" * 4001}],
)
def test_an_answer_that_is_none_says_what_is_missing_and_keeps_her_words(mia: House, form: dict[str, str]) -> None:
    mia.deliver()
    page = mia.client.post(mia.link("survey", "s"), data={"text": "Llegó rota"} | form)
    assert page.status_code == 400
    assert 'role="alert"' in page.text or 'class="error"' in page.text
    assert form.get("text", "Llegó rota") in page.text
    assert mia.rows(AnswerRow) == []


# -- a store that answers HTML or hangs ----------------------------------------------------------------


@pytest.mark.parametrize("fault", ["html", "html after", "hang", "hang up", "cut json", "500", "503", "429", "rubbish"])
def test_a_store_that_falters_while_a_code_is_made_ends_with_one_code_and_one_mail(house: House, fault: str) -> None:
    house.deliver()
    with Faults(upstream(house)) as between:
        behind(house, between, patience=0.5 if fault == "hang" else 10)
        between.now = fault
        assert house.answer(2, "damaged").status_code == 200
        house.run()
        [task] = [task for task in house.rows(Task) if task.kind == "CreateDiscount"]
        waiting = (task.state, bool(task.reason), task.due_at > house.clock.now)
        assert waiting == ("ready", True, True) or faults.reaches_store(fault)
        assert "complaint_ack" in house.kinds()  # she is answered whatever the store does
        between.now = ""
        behind(house, between)
        for _ in range(4):
            house.clock.advance(hours=1)
            house.run()
    assert len(house.codes()) == 1
    assert house.kinds().count("discount_code") == 1
    assert [code.state for code in house.rows(CodeRow)] == ["mailed"]


@pytest.mark.parametrize("fault", ["401", "403"])
def test_a_store_that_refuses_us_is_told_to_the_owner_once_and_waited_for(house: House, fault: str) -> None:
    house.deliver()
    with Faults(upstream(house)) as between:
        behind(house, between)
        between.now = fault
        house.answer(2, "damaged")
        for _ in range(5):
            house.run()
            house.clock.advance(minutes=20)
        assert house.kinds().count("owner_notice") == 1
        [task] = [task for task in house.rows(Task) if task.kind == "CreateDiscount"]
        assert (task.state, task.attempts) == ("ready", 0)
        between.now = ""
        house.clock.advance(minutes=20)
        house.run()
    assert len(house.codes()) == house.kinds().count("discount_code") == 1


def test_a_store_that_stays_away_hands_the_case_to_a_person(mia: House) -> None:
    mia.deliver()
    with Faults(upstream(mia)) as between:
        behind(mia, between)
        between.now = "html"
        mia.answer(2, "damaged")
        for _ in range(30):
            mia.run()
            mia.clock.advance(hours=3)
    [case] = mia.rows(ComplaintRow)
    assert (case.state, case.reasons, case.extra) == ("in_progress", "not_json", "")
    assert mia.kinds().count("owner_case") == 1
    assert "Las reglas" not in mia.mails("owner_case")[0].text
    assert mia.codes() == []
    assert [task.reason for task in mia.rows(Task) if task.state == "dead"] == ["not_json"]


# -- orders without what we need -----------------------------------------------------------------------


def exported(house: House, table: str) -> list[dict[str, Any]]:
    """A table as `postventa export` writes it."""
    command(house, "export", str(house.folder / "out"))
    lines = (house.folder / "out" / f"{table}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("email", ["", "   "])
def test_an_order_without_an_address_to_write_to_is_skipped_and_says_so(mia: House, email: str) -> None:
    arrived(mia, email)
    mia.run()
    assert mia.kinds() == []
    seen = {(line["kind"], line["state"], line["reason"]) for line in exported(mia, "followups")}
    assert seen == {(kind, "skipped", "no_email") for kind in ("label", "survey", "survey_reminder")}


def test_a_complaint_about_an_order_without_an_address_goes_to_a_person(mia: House) -> None:
    arrived(mia, "", billing={"phone": ""})
    [order] = mia.rows(OrderRow)
    command(mia, "complaints", "add", "Mia Moda", order.number, "--cause", "damaged", "--text", "Llamó por teléfono")
    mia.run()
    [case] = mia.rows(ComplaintRow)
    assert case.state == "in_progress"
    assert mia.codes() == []
    assert "owner_case" in mia.kinds()
    unsent = [(mail.kind, mail.state, mail.reason) for mail in mia.rows(MailRow) if mail.kind == "complaint_ack"]
    assert unsent in ([("complaint_ack", "dead", "bad_recipient")], [("complaint_ack", "skipped", "no_email")])


@pytest.mark.parametrize(
    "email", ["sam", "sam@", "@example.com", "sam@example.com, eve@example.com", "a b@example.com"]
)
def test_an_address_that_is_none_ends_visibly_and_writes_to_nobody(mia: House, email: str) -> None:
    arrived(mia, email)
    mia.run()
    assert [mail for mail in mia.kinds() if mail != "owner_notice"] == []
    assert {(line["state"], bool(line["reason"])) for line in exported(mia, "mails")} <= {
        ("dead", True),
        ("sent", False),
    }


def test_an_order_without_a_postal_address_gets_its_label_and_no_survey_without_consent(mia: House) -> None:
    nowhere = dict.fromkeys(("address_1", "address_2", "city", "state", "postcode", "country"), "")
    arrived(mia, "sam@example.com", billing=nowhere, shipping=nowhere)
    mia.run()
    assert mia.kinds() == ["label"]
    assert all(pdf.startswith(b"%PDF") for pdf in mia.mails("label")[0].attachments.values())
    reasons = {step.kind: step.reason for step in mia.rows(FollowUpRow)}
    assert reasons["survey"] == "consent_required"


def test_a_shop_without_a_return_address_mails_no_label_and_says_so(mia: House) -> None:
    with mia.services.db.writing() as session:
        mia.shop(session).return_address = {}
    own = dataclasses.replace(mia.services.settings.shop, address="")
    settings = dataclasses.replace(mia.services.settings, shop=own)
    mia.services = dataclasses.replace(mia.services, settings=settings)
    arrived(mia, "sam@example.com")
    mia.run()
    assert [step.reason for step in mia.rows(FollowUpRow) if step.kind == "label"] == ["no_return_address"]
    assert mia.kinds() == []


# -- markup --------------------------------------------------------------------------------------------


def hostile(house: House) -> str:
    """An order whose names are markup; the store's id."""
    items = [
        {"id": 1, "name": MARKUP, "quantity": 1, "total": "50.00", "total_tax": "0.00", "sku": MARKUP},
        {"id": 2, "name": "<para><font size=99>x</para>&#0;{{ 7*7 }}", "quantity": 1, "total": "50.00"},
    ]
    where = {"first_name": MARKUP, "last_name": "\r\nBcc: eve@example.com", "address_1": MARKUP, "city": MARKUP}
    store = store_of(house)
    ref = store.add_order(status="delivered", billing=where, shipping=where, line_items=items)["id"]
    assert house.post(*store.signed_webhook(ref, "order.updated", house.secret)) == 200
    house.run()
    return str(ref)


def test_markup_in_names_and_texts_is_shown_as_it_was_written_in_every_mail_and_page(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    order = known(house, hostile(house))
    assert complain(house, order, "service", text=MARKUP) == 200
    assert answer(house, order, 1, "", MARKUP) == 200
    house.run()
    assert {"label", "survey", "complaint_ack", "owner_case"} <= set(house.kinds())
    for mail in house.mails():
        assert "<script" not in mail.html, mail.kind
        assert ("{{ 7*7 }}" in mail.html) is (mail.kind in ("label", "survey")), mail.kind
        assert mail.message["Bcc"] is None
        assert mail.message["To"].addresses[0].addr_spec in ("sam@example.com", "mia@mia.example")
    assert html.escape(MARKUP, quote=False)[:20] in house.mails("owner_case")[0].html
    assert MARKUP in house.mails("owner_case")[0].text
    for page in pages(house, order.id):
        assert "<script" not in page
        assert "alert(&#39;Sam&#39;)" in page


def pages(house: House, order_id: str) -> list[str]:
    """Every page about an order that shows somebody's words."""
    with house.services.db.writing() as session:
        paths = [link(house, session, purpose, order_id) for purpose in ("s", "r")]
        paths += [link(house, session, "o", case.id) for case in house.rows(ComplaintRow)]
    shown = [house.client.get(path) for path in paths]
    assert {page.status_code for page in shown} == {200}
    return [page.text for page in shown]


def test_a_label_with_hostile_names_is_a_pdf_all_the_same(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    hostile(house)
    [pdf] = house.mails("label")[0].attachments.values()
    assert pdf.startswith(b"%PDF")
    assert pdf.rstrip().endswith(b"%%EOF")


def test_nothing_is_left_waiting_after_all_that(make_house: MakeHouse) -> None:
    house = make_house("woocommerce")
    hostile(house)
    arrived(house, "")
    arrived(house, "sam")
    for body in (b"\xff", b"{}", b"[]", b'{"id":"\\ud800"}'):
        house.post(store_of(house).hooks.headers("order.updated", body, house.secret, 1), body)
    house.run()
    assert "kept" not in {receipt.state for receipt in house.rows(Receipt)}
    due = [task for task in house.rows(Task) if task.due_at <= house.clock.now]
    assert {task.state for task in due} <= {"done", "dead"}
    assert all(task.reason for task in due if task.state == "dead")
