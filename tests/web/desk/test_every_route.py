"""Every address: who gets in, whose form it takes, whose things it shows; a new one has to be decided (D8, D10)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from integration.db.tables import ComplaintRow, MailRow, OrderRow, Receipt, Shop, Task
from integration.flows import accounts
from integration.web.dashboard import HALLS, OWNERS_ROOMS, ROOMS
from tests.conftest import StandingClock
from tests.flows.house import House
from tests.web.desk.conftest import HTTPS, OTHER, Desk, complained, order_of, sold_elsewhere

SAFE = {"GET", "HEAD", "OPTIONS"}
OPEN = {"assets.static", "assets.contact_photo", "health.healthz", "health.readyz", "metrics.told"}
"""Read by anybody, or by a monitor; about no order and nobody, and nothing can be sent to them."""
SIGNED = {"webhooks.receive", "shopper.storefront", "mail_events.receive", "approvals.receive", "health.echo"}
"""No browser: a signature or a secret address speaks for the sender."""
LINKED = {
    "shopper.survey": ("s", "survey"),
    "shopper.complaint": ("c", "label"),
    "shopper.return": ("r", "label"),
    "shopper.label": ("r", "label"),
    "shopper.preferences": ("u", "survey"),
    "dashboard.case": ("admin/case", "owner_case"),
}
"""A link token speaks for whoever opens it: its purpose, and the mail that carries it. A form has to be of our page."""
ASKED = {"shopper.lost_links"}
"""Anybody may send the form, if it is of our page; the answer tells nobody anything (D7)."""
ENTRANCES = {f"desk.{name}" for _, name, _, _ in HALLS}
"""Nobody is logged in yet. A form has to be of our page."""
OF_HERS = {f"desk.{name}" for _, name, _, _ in ROOMS}
"""A cookie, and with every form its token. An agent sees her shops alone."""
OF_OWNERS = {f"desk.{name}" for _, name, _, _ in OWNERS_ROOMS}
"""The same; agents are refused. An owner sees every shop of the installation."""
DESK_POLICY = "form-action 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"
PAGE_POLICY = "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
BARE_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@dataclass
class World:
    """Two shops with the same order number, each with one of everything; Mia owns both, Ana answers for the second."""

    house: House
    mia: Desk
    ana: Desk

    def __post_init__(self) -> None:
        shops = {shop.name: shop.id for shop in self.house.rows(Shop)}
        self.mias, self.anas = self.house.shop_id, shops[OTHER]

    @property
    def rules(self) -> list[Rule]:
        return sorted(self.house.app.url_map.iter_rules(), key=lambda rule: rule.endpoint)

    def things(self, shop_id: str) -> dict[str, str]:
        """What an address may name: an id of this shop's for each kind of thing. A new kind is added here."""
        tables = {"case_id": ComplaintRow, "order_id": OrderRow, "mail_id": MailRow, "task_id": Task,
                  "receipt_id": Receipt}  # fmt: skip
        found = {"platform": "woocommerce", "key": self.house.connection.key, "provider": "postmark"}
        found |= {"shop_id": shop_id, "filename": "app.css", "word": "A" * 22, "joining_id": "joining_none"}
        for name, table in tables.items():
            found[name] = next(
                (row.id for row in self.house.rows(table) if row.shop_id == shop_id), f"{name[:-3]}_none"
            )
        return found

    def path(self, rule: Rule, shop_id: str) -> str:
        """The address with that shop's things in it."""
        values = self.things(shop_id)
        if rule.endpoint in LINKED:
            purpose, kind = LINKED[rule.endpoint]
            values["token"] = self.token(kind, purpose)
        if rule.endpoint == "desk.welcome":
            with self.house.services.db.writing() as session:
                values["token"] = accounts.invite(session, self.house.services, "agent").rpartition("/")[2]
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda name: values[name[1]], rule.rule)

    def token(self, kind: str, purpose: str) -> str:
        """The link in a mail about Sam, or to the owner about her."""
        links = (mail.link(purpose) for mail in self.house.mails(kind) if "Otto" not in mail.text)
        return next(filter(None, links)).rpartition("/")[2]

    def everything(self, **more: Any) -> Iterator[tuple[Rule, TestResponse]]:
        """What every address answers to GET, to Mia where somebody has to be logged in."""
        stranger = self.house.app.test_client()
        for rule in self.rules:
            client = self.mia.client if rule.endpoint in OF_HERS | OF_OWNERS else stranger
            with client.get(self.path(rule, self.mias), **({"base_url": HTTPS} | more)) as answer:
                yield rule, answer


def settled(house: House) -> World:
    ref = complained(house, "danger", "Huele a quemado")
    sold_elsewhere(house, order_of(house, ref))
    return World(house, Desk(house).enter(), Desk(house).enter("agent", OTHER))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    house = House(tmp_path_factory.mktemp("house"), StandingClock(datetime(2026, 11, 21, 12, tzinfo=UTC)))
    yield settled(house)
    house.close()


def posts(rule: Rule) -> bool:
    return "POST" in (rule.methods or ())


def test_no_address_answers_that_nobody_decided_about(world: World) -> None:
    decided = OPEN | SIGNED | set(LINKED) | ASKED | ENTRANCES | OF_HERS | OF_OWNERS
    assert {rule.endpoint for rule in world.rules} - decided == set()
    assert [rule.rule for rule in world.rules if posts(rule) and rule.endpoint in OPEN] == []
    assert {method for rule in world.rules for method in rule.methods or ()} == SAFE | {"POST"}


# -- whose form it is (D8) -------------------------------------------------------------------------------------


def test_every_form_of_the_desk_without_its_token_is_refused(world: World) -> None:
    tried = 0
    for rule in filter(posts, world.rules):
        if rule.endpoint in OF_HERS | OF_OWNERS:
            for form in ({}, {"csrf": ""}, {"csrf": "A" * 22}, {"csrf": "ñ"}, {"csrf": world.ana.csrf()}):
                answer = world.mia.client.post(world.path(rule, world.mias), base_url=HTTPS, data=form)
                assert answer.status_code == 403, (rule, form)
            tried += 1
    assert tried >= 8


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_every_form_without_a_cookie_has_to_be_of_our_own_page(world: World, site: str) -> None:
    stranger, tried = world.house.app.test_client(), 0
    for rule in filter(posts, world.rules):
        if rule.endpoint in ENTRANCES | ASKED | set(LINKED):
            path = world.path(rule, world.mias)
            answer = stranger.post(path, base_url=HTTPS, data={"x": "1"}, headers={"Sec-Fetch-Site": site})
            assert answer.status_code == 403, rule
            tried += 1
    assert tried == len(ENTRANCES) + len(ASKED) + len(LINKED)


def test_every_machine_s_door_asks_for_its_proof(world: World) -> None:
    stranger = world.house.app.test_client()
    before = len(world.house.rows(Receipt))
    for rule in world.rules:
        if rule.endpoint in SIGNED:
            knock = stranger.post if posts(rule) else stranger.get
            answer = knock(world.path(rule, world.mias), base_url=HTTPS, data=b'{"id": 1}')
            assert answer.status_code in (401, 404), rule
    assert len(world.house.rows(Receipt)) == before


def test_nobody_who_is_not_logged_in_enters_a_room(world: World) -> None:
    stranger = world.house.app.test_client()
    for rule in world.rules:
        if rule.endpoint in OF_HERS | OF_OWNERS:
            path = world.path(rule, world.mias)
            if "GET" in (rule.methods or ()):
                answer = stranger.get(path, base_url=HTTPS)
                assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/admin/login"), rule
            if posts(rule):
                assert stranger.post(path, base_url=HTTPS, data={"csrf": world.mia.csrf()}).status_code == 403, rule


# -- whose things it shows (D10) -------------------------------------------------------------------------------


def theirs(world: World) -> set[str]:
    """What tells of Mia's first shop: its name and ids, and all of Sam."""
    tables = (OrderRow, ComplaintRow, MailRow, Task, Receipt)
    ids = {row.id for table in tables for row in world.house.rows(table) if row.shop_id == world.mias}
    name = next(shop.name for shop in world.house.rows(Shop) if shop.id == world.mias)
    return ids | {world.mias, name, "Sam", "sam@example.com", "Huele a quemado"}


def test_an_agent_of_one_shop_meets_nothing_of_another(world: World) -> None:
    foreign, tried = theirs(world), 0
    for rule in world.rules:
        if rule.endpoint not in OF_HERS | OF_OWNERS:
            continue
        path = world.path(rule, world.mias)
        refused = 403 if rule.endpoint in OF_OWNERS else 404
        for address in (path, f"{path}?shop={world.mias}") if "GET" in (rule.methods or ()) else ():
            answer = world.ana.get(address)
            if rule.arguments or rule.endpoint in OF_OWNERS:
                assert answer.status_code == refused, address
            asked = "|".join(re.escape(part) for part in (path, f"?shop={world.mias}"))
            shown = re.sub(asked, "", answer.text)  # links to other languages repeat what was asked for
            assert [one for one in foreign if one in shown] == [], address
        if posts(rule) and (rule.arguments or rule.endpoint in OF_OWNERS):
            assert world.ana.post(path, action="note", note="x", shop=world.mias).status_code == refused, rule
        tried += 1
    assert tried == len(OF_HERS | OF_OWNERS)


def test_an_agent_meets_what_is_of_her_own_shop(world: World) -> None:
    """The crawl above would also hold for a desk that shows nothing."""
    for rule in world.rules:
        if rule.endpoint in OF_HERS and "GET" in (rule.methods or ()):
            assert world.ana.get(world.path(rule, world.anas)).status_code == 200, rule
    number = order_number(world)
    assert number in world.ana.get("/admin/orders").text
    assert "De la otra tienda" in world.ana.get(f"/admin/cases/{world.things(world.anas)['case_id']}").text


def order_number(world: World) -> str:
    numbers = {row.number for row in world.house.rows(OrderRow)}
    assert len(numbers) == 1
    return numbers.pop()


def test_a_link_opens_its_own_page_and_no_other(world: World) -> None:
    stranger = world.house.app.test_client()
    links = {(purpose, world.token(kind, purpose)) for purpose, kind in LINKED.values()}
    purposes = {purpose for purpose, _ in links}
    assert len(purposes) == 5
    for purpose, token in links:
        for other in purposes:
            status = stranger.get(f"/{other}/{token}", base_url=HTTPS).status_code
            assert status == (200 if other == purpose else 404), (purpose, other)


def test_a_shopper_s_pages_name_no_other_shop_or_person(world: World) -> None:
    stranger = world.house.app.test_client()
    for rule in world.rules:
        if rule.endpoint in ASKED | set(LINKED) and "label" not in rule.endpoint:
            text = stranger.get(world.path(rule, world.mias), base_url=HTTPS).text
            assert [one for one in (OTHER, "Otto", "otto@example.com", world.anas) if one in text] == [], rule


# -- what it says of itself (D13) ------------------------------------------------------------------------------


def policy_of(endpoint: str) -> tuple[str, str, str]:
    """Cache-Control, Referrer-Policy and the end of the Content-Security-Policy, by kind of address."""
    if endpoint == "assets.static":
        return "public, max-age=31536000, immutable", "no-referrer", BARE_POLICY
    if endpoint in ASKED | set(LINKED) or endpoint == "shopper.storefront":
        return "no-store", "no-referrer", PAGE_POLICY
    if endpoint == "desk.mails_html":
        return "no-store", "no-referrer", "form-action 'none'; frame-ancestors 'self'"
    if endpoint in OF_HERS | OF_OWNERS | ENTRANCES:
        return "no-store", "no-referrer" if endpoint == "desk.welcome" else "strict-origin", DESK_POLICY
    return "no-store", "no-referrer", BARE_POLICY


def test_every_answer_says_how_it_is_to_be_handled(world: World) -> None:
    for rule, answer in world.everything():
        cache, referrer, policy = policy_of(rule.endpoint)
        headers = answer.headers
        assert headers["Cache-Control"] == cache, rule
        assert headers["Referrer-Policy"] == referrer, rule
        assert headers["Content-Security-Policy"].endswith(policy), rule
        assert "default-src 'none'" in headers["Content-Security-Policy"], rule
        assert "unsafe-inline" not in headers["Content-Security-Policy"].replace("style-src 'unsafe-inline'", ""), rule
        assert headers["Strict-Transport-Security"] == "max-age=31536000", rule
        assert headers["X-Content-Type-Options"] == "nosniff", rule
        assert "Access-Control-Allow-Origin" not in headers, rule
        kind = headers["Content-Type"]
        assert not kind.startswith("text/") or kind.endswith("charset=utf-8"), rule
        if kind.startswith("text/html") and rule.endpoint not in OPEN | SIGNED:
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin", rule


def test_an_address_that_nobody_has_says_the_same(world: World) -> None:
    stranger = world.house.app.test_client()
    for path in ("/", "/.git/config", "/config.toml", "/postventa.db", "/assets/../config.toml", "/s", "/api/v1/"):
        headers = stranger.get(path, base_url=HTTPS).headers
        assert headers["Content-Security-Policy"] == BARE_POLICY, path
        assert headers["Strict-Transport-Security"] == "max-age=31536000", path
        assert stranger.get(path, base_url=HTTPS).status_code == 404, path


def test_whoever_lies_about_the_host_is_not_believed(world: World) -> None:
    """Links and redirects are built from `public_url` alone, so a forged Host reaches no mail, page or cache (D13)."""
    for rule, answer in world.everything(headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}):
        assert b"evil.example" not in answer.data + str(answer.headers).encode(), rule
        assert answer.headers.get("Location", "/").startswith("/"), rule


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
def test_no_address_takes_another_method(world: World, method: str) -> None:
    for rule in world.rules:
        path = world.path(rule, world.mias)
        assert world.mia.client.open(path, method=method, base_url=HTTPS).status_code == 405, rule


def test_no_address_takes_a_file(house: House) -> None:
    """There is nothing to upload over HTTP: what comes as a file is not read, wherever it is sent (D5)."""
    world = settled(house)
    token = world.mia.csrf()
    for rule in filter(posts, world.rules):
        if rule.endpoint in OF_HERS | OF_OWNERS | ENTRANCES | ASKED | set(LINKED):
            form = {"csrf": token, "text": (BytesIO(b"\xff\xd8\xff<script>alert(1)</script>"), "a.html")}
            answer = world.mia.client.post(
                world.path(rule, world.mias), base_url=HTTPS, data=form, content_type="multipart/form-data"
            )
            assert answer.status_code < 500, rule
            assert "alert(1)" not in answer.text, rule
