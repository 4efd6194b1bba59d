"""Who gets in, with what, and what every page says about itself (B3, B4, D3, D13, decision 5)."""

from __future__ import annotations

import logging
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from integration.domain.errors import BadForm, Conflict, Permanent, Temporary
from integration.settings import ContactPerson, Server, Settings
from tests.web.conftest import CONTACT, EXPIRED, TOKEN, Flows
from tests.web.payloads import PAYLOADS, fill

DOORS = ("/s/", "/c/", "/r/", "/u/", "/admin/case/")
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FORMS = {
    "/s/": {"score": "5"},
    "/c/": {"cause": "late"},
    "/r/": {"item-11": "1", "reason": "other", "wish": "refund"},
    "/u/": {"action": "unsubscribe"},
    "/admin/case/": {"action": "close", "expected_state": "in_progress"},
}


def guarded(headers: object) -> None:
    found = dict(headers)  # type: ignore[call-overload]
    assert found["Cache-Control"] == "no-store"
    assert found["Content-Security-Policy"] == POLICY
    assert found["Referrer-Policy"] == "no-referrer"
    assert found["X-Robots-Tag"].startswith("noindex")
    assert found["X-Content-Type-Options"] == "nosniff"
    assert found["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "geolocation=()" in found["Permissions-Policy"]
    assert "Set-Cookie" not in found


@pytest.mark.parametrize("door", DOORS)
def test_every_page_keeps_its_address_to_itself(client: FlaskClient, door: str) -> None:
    for token in (TOKEN, EXPIRED, "nobody"):
        guarded(client.get(door + token).headers)
    guarded(client.post(door + TOKEN, data=FORMS[door]).headers)
    guarded(client.post(door + TOKEN, data=b"x" * 70_000).headers)
    guarded(client.put(door + TOKEN).headers)
    guarded(client.get(door + "a/b/c").headers)


def test_over_https_browsers_are_told_to_stay_there(client: FlaskClient, app: Flask) -> None:
    services = app.extensions["postventa"]
    assert "Strict-Transport-Security" not in client.get("/s/x").headers
    before, services.settings = (
        services.settings,
        replace(services.settings, server=Server(public_url="https://a.example")),
    )
    assert client.get("/s/x").headers["Strict-Transport-Security"] == "max-age=31536000"
    services.settings = before


@pytest.mark.parametrize("door", DOORS)
def test_an_unknown_and_a_garbled_token_get_the_same_page(client: FlaskClient, door: str) -> None:
    garbled = ("x", TOKEN[:-1], TOKEN.lower(), "%00%ff", "' OR 1=1 --", "ñandú", "a" * 4000, "a/b", "../../etc/passwd")
    answers = {(page.status_code, page.text) for page in map(client.get, [door + token for token in garbled])}
    assert len(answers) == 1
    status, html = answers.pop()
    assert status == 404
    assert "No encontramos esta página" in html


@pytest.mark.parametrize("door", DOORS)
def test_an_expired_link_says_so_and_nothing_of_the_order(client: FlaskClient, door: str) -> None:
    for page in (client.get(door + EXPIRED), client.post(door + EXPIRED, data=FORMS[door])):
        assert page.status_code == 410
        assert "Este enlace ya no sirve" in page.text
        assert "1042" not in page.text
        assert "Sam" not in page.text


def test_an_error_page_speaks_the_browser_s_language(client: FlaskClient) -> None:
    assert "This link has expired" in client.get(f"/s/{EXPIRED}", headers={"Accept-Language": "en-GB"}).text
    assert "Não encontramos" in client.get("/s/x", headers={"Accept-Language": "pt"}).text
    assert "We cannot find this page" in client.get("/c/x/y?lang=en").text


@pytest.mark.parametrize("door", DOORS)
def test_another_site_cannot_send_a_form(client: FlaskClient, flows: Flows, door: str) -> None:
    for site in ("cross-site", "same-site", "nonsense"):
        page = client.post(door + TOKEN, data=FORMS[door], headers={"Sec-Fetch-Site": site})
        assert page.status_code == 403
        assert "Esto no se envió desde nuestra página" in page.text
    assert flows.calls == []


@pytest.mark.parametrize("door", DOORS)
def test_our_own_page_may_send_although_its_origin_is_hidden(client: FlaskClient, flows: Flows, door: str) -> None:
    for headers in ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Sec-Fetch-Site": "none"}, {}):
        assert client.post(door + TOKEN, data=FORMS[door], headers=headers).status_code == 200
    assert len(flows.calls) == 3


@pytest.mark.parametrize("door", DOORS)
def test_a_body_beyond_64_kilobytes_is_refused(client: FlaskClient, flows: Flows, door: str) -> None:
    page = client.post(door + TOKEN, data=FORMS[door] | {"text": "ñ" * 40_000})
    assert page.status_code == 413
    assert "demasiado largo" in page.text
    assert flows.calls == []


def test_a_body_of_three_megabytes_without_a_length_is_refused(client: FlaskClient, flows: Flows) -> None:
    page = client.post(
        f"/s/{TOKEN}",
        input_stream=BytesIO(b"text=" + b"x" * 3_000_000),
        content_type="application/x-www-form-urlencoded",
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )
    assert page.status_code == 413
    assert flows.calls == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"score": "5"}'),
        ("text/plain", b"score=5"),
        ("", b"score=5"),
        ("application/x-www-form-urlencoded", b"score=5&text=%ff%fe"),
        ("application/x-www-form-urlencoded", b"score=5&text=\xff"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff\r\n--b--'),
        ("application/x-www-form-urlencoded; charset=utf-16", b"\xff\xfes\x00"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("door", DOORS)
def test_what_is_no_form_in_utf_8_is_refused(
    client: FlaskClient, flows: Flows, door: str, kind: str, body: bytes
) -> None:
    page = client.post(door + TOKEN, data=body, content_type=kind)
    assert page.status_code == 400
    assert "No pudimos leer lo que llegó" in page.text
    assert flows.calls == []


def test_a_form_without_fields_reaches_the_flow_that_says_what_is_missing(client: FlaskClient, flows: Flows) -> None:
    empty = {"data": b"", "content_type": "application/x-www-form-urlencoded"}
    flows.failing = Conflict("illegal_move")
    assert client.post(f"/c/{TOKEN}", **empty).status_code == 409
    assert flows.calls == [("complain", {}, "es")]


def test_control_characters_do_not_reach_the_flows(client: FlaskClient, flows: Flows) -> None:
    client.post(f"/s/{TOKEN}", data={"score": "5", "text": "a\x00b\x1b[31m\r\nc\td\x85"})
    assert flows.calls[0][1]["text"] == "ab[31m\nc\td"


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (Temporary("database_busy", why="locked"), 503, "Estamos muy ocupados"),
        (Conflict("illegal_move", kind="complaint"), 409, "Esto cambió mientras tanto"),
        (Conflict("erased"), 409, "Los datos de este pedido se borraron"),
        (Permanent("not_accepted", status=500), 500, "Algo falló de nuestro lado"),
        (RuntimeError("secret: hunter2"), 500, "Algo falló de nuestro lado"),
    ],
)
def test_what_goes_wrong_inside_is_a_page_without_a_trace(
    client: FlaskClient, flows: Flows, error: Exception, status: int, words: str
) -> None:
    flows.failing = error
    page = client.post(f"/s/{TOKEN}", data={"score": "5"})
    assert page.status_code == status
    assert words in page.text
    assert "hunter2" not in page.text
    assert "Traceback" not in page.text
    guarded(page.headers)


def test_the_log_of_a_failure_does_not_hold_the_link(
    client: FlaskClient, flows: Flows, caplog: pytest.LogCaptureFixture
) -> None:
    flows.failing = RuntimeError("boom")
    with caplog.at_level(logging.DEBUG):
        client.post(f"/s/{TOKEN}", data={"score": "5"})
    assert "boom" in caplog.text
    assert TOKEN not in caplog.text


def test_other_doors_keep_their_own_answers(client: FlaskClient) -> None:
    page = client.get("/webhooks/nobody")
    assert page.status_code == 404
    assert "No encontramos" not in page.text


def test_the_contact_person_is_on_every_page_with_the_order_s_number(client: FlaskClient, flows: Flows) -> None:
    for door in ("/s/", "/c/", "/r/", "/u/"):
        html = client.get(door + TOKEN).text
        assert "Mia Fuentes" in html
        assert "Respondo de 9 a 18 h" in html
        assert 'href="tel:+56223456789"' in html
        assert 'href="https://wa.me/56987654321?text=Hola%2C%20te%20escribo' in html
        assert "Pedido%201042" in html.split("wa.me")[1].split('"')[0]
        assert 'href="mailto:hola@mia.example?subject=Pedido%201042"' in html
    broken = client.get("/s/x").text
    assert 'href="https://wa.me/56987654321"' in broken
    assert 'href="mailto:hola@mia.example"' in broken


def test_without_a_contact_person_the_reply_address_is_the_way(client: FlaskClient, flows: Flows) -> None:
    flows.visit = replace(flows.visit, contact=ContactPerson())
    html = client.get(f"/s/{TOKEN}").text
    assert "mailto:hola@mia.example" in html
    assert "wa.me" not in html
    assert "tel:" not in html


def test_her_photo_comes_from_us_or_not_at_all(client: FlaskClient, app: Flask, flows: Flows) -> None:
    services = app.extensions["postventa"]
    before: Settings = services.settings
    folder: Path = before.folder
    (folder / "mia.jpg").write_bytes(b"\xff\xd8\xff a face")
    (folder / "config.toml").write_text("[mail]\npassword='x'", "utf-8")
    shown = 'src="/assets/contact-photo"'
    for photo, there in (("mia.jpg", True), ("", False), ("gone.jpg", False), ("config.toml", False),
                         ("https://cdn.example/mia.jpg", False)):  # fmt: skip
        services.settings = replace(before, contact=replace(CONTACT, photo=photo))
        assert (shown in client.get(f"/s/{TOKEN}").text) is there
        with client.get("/assets/contact-photo") as answer:
            assert answer.status_code == (200 if there else 404)
            assert answer.mimetype == "image/jpeg" or not there
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    services.settings = before


def test_the_style_sheet_is_kept_by_browsers_until_it_changes(client: FlaskClient) -> None:
    address = client.get(f"/s/{TOKEN}").text.split('rel="stylesheet" href="')[1].split('"')[0]
    with client.get(address) as sheet:
        assert (sheet.status_code, sheet.mimetype) == (200, "text/css")
        assert "immutable" in sheet.headers["Cache-Control"]
    assert "immutable" not in client.get("/assets/none.css").headers.get("Cache-Control", "")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markup_in_every_stored_field_is_shown_as_text(client: FlaskClient, flows: Flows, payload: str) -> None:
    fill(flows, payload)
    for door in DOORS:
        tags = {tag for tag, _ in elements(client.get(door + TOKEN).text)}
        assert tags <= TAGS
        names = {name for _, attributes in elements(client.get(door + TOKEN).text) for name, _ in attributes}
        assert not [name for name in names if name.startswith("on")]
        assert "1337" not in client.get(door + TOKEN).text


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markup_that_is_sent_back_with_an_error_is_shown_as_text(
    client: FlaskClient, flows: Flows, payload: str
) -> None:
    flows.failing = BadForm("bad_choice", field="text")
    names = ("score", "cause", "text", "wish", "reason", "item-11", "item-12", "fix", "extra", payload)
    for door in ("/s/", "/c/", "/r/", "/admin/case/"):
        page = client.post(f"{door}{TOKEN}?lang={quote(payload)}", data=dict.fromkeys(names, payload))
        assert page.status_code == 400
        assert {tag for tag, _ in elements(page.text)} <= TAGS


TAGS = set(
    "html head meta title link body header p div main h1 h2 aside ul ol li a footer nav form fieldset legend label "
    "input span textarea select option button details summary section dl dt dd strong time address br".split()
)


def elements(html: str) -> list[tuple[str, list[tuple[str, str | None]]]]:
    """Every element of a page with its attributes, as an HTML parser sees them."""
    found: list[tuple[str, list[tuple[str, str | None]]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, attrs))

    Reader().feed(html)
    return found
