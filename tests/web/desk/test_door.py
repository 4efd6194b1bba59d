"""Who gets in, with what, and what every room says about itself (D8, D10, D13)."""

from __future__ import annotations

import gzip
import re
from html import unescape
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from integration.db.tables import AnswerRow, ComplaintRow, MailRow, OrderRow, Shop, Task
from integration.flows import accounts
from integration.web.dashboard import HALLS, OWNERS_ROOMS, ROOMS
from tests.flows.house import House
from tests.web.desk.conftest import COOKIE, HTTPS, MIA, OTHER, Desk, complained, order_of, sold_elsewhere

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def paths(house: House) -> dict[str, str]:
    """Every room by name, with ids of the first of each thing there is."""
    first = {
        "case_id": house.rows(ComplaintRow)[0].id,
        "order_id": house.rows(OrderRow)[0].id,
        "mail_id": house.rows(MailRow)[0].id,
        "shop_id": house.shop_id,
        "task_id": house.rows(Task)[0].id,
        "joining_id": "joining_none",
        "receipt_id": "receipt_none",
    }
    return {
        name: "/admin" + re.sub(r"<(\w+)>", lambda found: first[found[1]], rule)
        for rule, name, _, _ in (*ROOMS, *OWNERS_ROOMS)
    }


def test_doors_without_a_token_take_nothing_from_a_foreign_page(house: House) -> None:
    stranger = house.app.test_client()
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = stranger.post("/admin/login", data=MIA, headers=headers, base_url=HTTPS)
        assert answer.status_code == 403, headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Origin": HTTPS, "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "https://mia.example.evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_a_right_token_from_a_foreign_page_is_refused(desk: Desk, headers: dict[str, str], status: int) -> None:
    form = {"csrf": desk.csrf(), "name": "Mia", "locale": "es"}
    assert desk.client.post("/admin/account", data=form, headers=headers, base_url=HTTPS).status_code == status


def test_a_token_of_another_session_is_refused(house: House, desk: Desk) -> None:
    other = Desk(house)
    other.client.post("/admin/login", data=MIA, base_url=HTTPS)
    assert desk.post("/admin/logout", csrf=other.csrf()).status_code == 403
    assert desk.get("/admin/").status_code == 200


def test_looking_changes_nothing(house: House, desk: Desk) -> None:
    complained(house)
    tables = (ComplaintRow, OrderRow, MailRow, Task, Shop, AnswerRow)
    before = [house.rows(table) for table in tables]
    for path in paths(house).values():
        desk.get(path)
        desk.client.head(path, base_url=HTTPS)
    assert [house.rows(table) for table in tables] == before


def test_a_stranger_is_led_to_the_entrance_and_on_to_where_she_wanted(house: House, desk: Desk) -> None:
    complained(house)
    stranger = house.app.test_client()
    for name, path in paths(house).items():
        answer = stranger.get(path, base_url=HTTPS)
        assert answer.status_code in (303, 405), name
        if answer.status_code == 303:
            assert urlsplit(answer.location).path == "/admin/login"
    wanted = stranger.get("/admin/orders?q=%23101", base_url=HTTPS).location
    answer = stranger.post(wanted, data=MIA, base_url=HTTPS)
    assert (answer.status_code, answer.location) == (303, "/admin/orders?q=%23101")


@pytest.mark.parametrize(
    "place", ["https://evil.example", "//evil.example", "/\\evil.example", "/admin/\\\\x", "/s/x", "/admin/\r\nX: y"]
)
def test_logging_in_leads_nowhere_else(house: House, desk: Desk, place: str) -> None:
    answer = house.app.test_client().post("/admin/login", query_string={"next": place}, data=MIA, base_url=HTTPS)
    assert (answer.status_code, answer.location) == (303, "/admin/")


def test_the_button_of_an_invitation_makes_an_account_and_that_of_a_reset_saves(house: House, desk: Desk) -> None:
    with house.services.db.writing() as session:
        invitation = accounts.invite(session, house.services, "owner")
    reset = accounts.reset_link(house.services, MIA["email"])
    for link, button in ((invitation, "Crear la cuenta"), (reset, "Guardar")):
        page = house.app.test_client().get(link.removeprefix(HTTPS), base_url=HTTPS).text
        assert f'<button type="submit">{button}</button>' in page


def test_the_cookie_stays_with_this_host_and_away_from_scripts(house: House, desk: Desk) -> None:
    answer = house.app.test_client().post("/admin/login", data=MIA, base_url=HTTPS)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {part.strip() for part in cookie.split(";")[1:] if "xpires" not in part} == {
        "Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=604800",
    }  # fmt: skip


def test_logging_in_gives_a_new_session_whatever_the_cookie_held(house: House, desk: Desk) -> None:
    eve = house.app.test_client()
    eve.set_cookie(COOKIE, "chosen-by-eve", domain="mia.example", secure=True)
    answer = eve.post("/admin/login", data=MIA, base_url=HTTPS)
    assert "chosen-by-eve" not in answer.headers["Set-Cookie"]
    assert eve.get("/admin/", base_url=HTTPS).status_code == 200


def test_logging_in_again_ends_the_session_before(house: House, desk: Desk) -> None:
    before = desk.client.get_cookie(COOKIE, domain="mia.example")
    assert before
    assert desk.client.post("/admin/login", data=MIA, base_url=HTTPS).status_code == 303
    after = desk.client.get_cookie(COOKIE, domain="mia.example")
    assert after
    assert after.value != before.value
    thief = house.app.test_client()
    thief.set_cookie(COOKIE, before.value, domain="mia.example", secure=True)
    assert thief.get("/admin/", base_url=HTTPS).status_code == 303
    assert desk.get("/admin/").status_code == 200


def test_passwords_are_masked_pasted_and_remembered_by_whoever_keeps_them(house: House, desk: Desk) -> None:
    pages = {
        "/admin/login": {"password": "current-password"},
        accounts.reset_link(house.services, MIA["email"]).removeprefix(HTTPS): {"password": "new-password"},
        "/admin/account": {"old": "current-password", "password": "new-password"},
    }
    for path, fields in pages.items():
        html = desk.get(path).text
        for name, kept_as in fields.items():
            field = re.search(rf'<input [^>]*name="{name}"[^>]*>', html)
            assert field, path
            assert 'type="password"' in field[0]
            assert f'autocomplete="{kept_as}"' in field[0]
        names = set(re.findall(r'<input [^>]*name="(\w+)"', html))
        assert names <= {"name", "email", "password", "old", "csrf", "action", "locale"}, path  # no hints, no questions
        assert "onpaste" not in html


def test_logging_out_ends_the_session_and_the_cookie(house: House, desk: Desk) -> None:
    cookie = desk.client.get_cookie(COOKIE, domain="mia.example")
    assert cookie
    answer = desk.post("/admin/logout")
    assert (answer.status_code, answer.location) == (303, "/admin/login")
    assert f"{COOKIE}=;" in answer.headers["Set-Cookie"]
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    thief = house.app.test_client()
    thief.set_cookie(COOKIE, cookie.value, domain="mia.example", secure=True)
    assert thief.get("/admin/", base_url=HTTPS).status_code == 303


def test_too_many_wrong_passwords_wait(house: House, desk: Desk) -> None:
    stranger = house.app.test_client()
    wrong = MIA | {"password": "wrong horse"}
    statuses = [stranger.post("/admin/login", data=wrong, base_url=HTTPS).status_code for _ in range(11)]
    assert statuses == [400] * 10 + [429]
    answer = stranger.post("/admin/login", data=MIA, base_url=HTTPS)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "900")
    assert "Hubo demasiados intentos" in answer.text
    assert "wrong horse" not in answer.text


def test_an_agent_answers_people_and_changes_no_shop(house: House, desk: Desk, agent: Desk) -> None:
    complained(house)
    known = paths(house)
    for _, name, _, methods in OWNERS_ROOMS:
        if "GET" in methods:
            assert agent.get(known[name]).status_code == 403, name
        if "POST" in methods:
            assert agent.post(known[name]).status_code == 403, name
    for _, name, _, methods in ROOMS:
        if "GET" in methods:
            assert agent.get(known[name]).status_code == 200, name
    page = agent.get("/admin/").text
    assert "/admin/shops" not in page
    assert "/admin/people" not in page
    assert agent.post(known["cases_one"], action="note", note="Llamé a Sam").status_code == 200


def test_headers_by_kind_of_room(house: House, desk: Desk) -> None:
    complained(house)
    known = paths(house)
    for path in (known["home"], known["cases_one"], known["account"], "/admin/login", "/admin/nothing", "/admin/x/y"):
        guarded(desk.get(path), "strict-origin")
    guarded(desk.get("/admin/welcome/AAAAAAAAAAAAAAAAAAAAAA"), "no-referrer")
    frame = guarded(desk.get(known["mails_html"]), "no-referrer", policy="")
    assert frame.startswith("sandbox allow-popups; default-src 'none';")
    assert frame.endswith("frame-ancestors 'self'")


def guarded(answer: TestResponse, referrer: str, policy: str = POLICY) -> str:
    headers = answer.headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == referrer
    assert headers["X-Robots-Tag"].startswith("noindex")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "geolocation=()" in headers["Permissions-Policy"]
    assert not policy or headers["Content-Security-Policy"] == policy
    return headers["Content-Security-Policy"]


def test_no_page_is_heavy_or_asks_another_host(house: House, desk: Desk) -> None:
    for number in range(25):
        complained(house, email=f"b{number}@example.com", text="Texto " * 200)
    waiting, seen = ["/admin/"], set[str]()
    while waiting and len(seen) < 50:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        answer = desk.get(path)
        assert answer.status_code == 200, path
        assert len(gzip.compress(answer.data)) <= 60_000, path
        if "text/html" in answer.content_type and not path.endswith("/html"):
            found = [unescape(link) for link in re.findall(r'(?:href|src|action)="([^"]*)"', answer.text)]
            assert [link for link in found if link and not link.startswith(("/", "?", "#", "mailto:"))] == [], path
            waiting += [link.partition("#")[0] for link in found if re.match(r"/admin/(?!logout|stopped/)", link)]
    assert len(seen) == 50


def test_another_shop_s_things_are_nowhere(house: House, desk: Desk) -> None:
    ref = complained(house)
    sold_elsewhere(house, order_of(house, ref))
    ana = Desk(house).enter("agent", OTHER)
    theirs = {row.id for table in (OrderRow, ComplaintRow, MailRow) for row in house.rows(table)
              if row.shop_id == house.shop_id}  # fmt: skip
    hers = {row.id for table in (OrderRow, ComplaintRow, MailRow) for row in house.rows(table)} - theirs
    assert len({row.number for row in house.rows(OrderRow)}) == 1
    for path in [
        *(f"/admin/orders/{one}" for one in theirs if one.startswith("order_")),
        *(f"/admin/cases/{one}" for one in theirs if one.startswith("complaint_")),
        *(f"/admin/mails/{one}{part}" for one in theirs if one.startswith("mail_") for part in ("", "/html")),
        *(f"/admin/{room}?shop={house.shop_id}" for room in ("", "cases", "orders", "mails", "numbers.csv")),
    ]:
        assert ana.get(path).status_code == 404, path
        if path.startswith("/admin/cases/"):
            assert ana.post(path, action="close", expected_state="decided").status_code == 404
    number = house.rows(OrderRow)[0].number
    lists = ("/admin/", "/admin/cases", f"/admin/orders?q={number}", "/admin/orders", "/admin/mails",
             "/admin/orders?q=sam@example.com")  # fmt: skip
    shown = "".join(ana.get(path).text for path in lists)
    assert [one for one in theirs if one in shown] == []
    assert any(one in shown for one in hers)
    assert "Sam" not in shown
    assert next(shop.name for shop in house.rows(Shop) if shop.id == house.shop_id) not in shown
    assert ana.get("/admin/numbers.csv").text.splitlines()[1].split(",")[2] == "1"


def test_an_owner_s_rooms_know_no_shop_that_is_none(house: House, desk: Desk) -> None:
    for room in ("", "/live", "/try"):
        assert desk.get(f"/admin/shops/shop_00000000000000000000000000{room}").status_code == 404
    assert desk.post("/admin/shops/shop_00000000000000000000000000/pause").status_code == 404
    assert desk.post("/admin/stopped/task_00000000000000000000000000/retry").status_code == 404
    assert desk.post("/admin/stopped/task_00000000000000000000000000/discard").status_code == 404


def test_over_plain_http_on_loopback_the_cookie_has_a_plain_name(house: House) -> None:
    from integration.web.dashboard.door import cookie_name

    with house.app.test_request_context():
        assert cookie_name() == COOKIE
    object.__setattr__(house.services.settings.server, "public_url", "http://127.0.0.1:8000")
    with house.app.test_request_context():
        assert cookie_name() == "postventa"


def test_every_room_stands_in_one_of_the_three_tables(house: House) -> None:
    told = {f"desk.{name}" for _, name, _, _ in (*ROOMS, *OWNERS_ROOMS, *HALLS)}
    rules = [rule for rule in house.app.url_map.iter_rules() if rule.rule.startswith("/admin")]
    assert {rule.endpoint for rule in rules} == told | {"dashboard.case"}
