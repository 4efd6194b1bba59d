"""Whoever is shut out stays out: no spare link, no borrowed address, no log-in that was under way."""

from __future__ import annotations

import re

import pytest

from integration import passwords
from integration.db.tables import ComplaintRow, MailRow
from integration.flows import accounts, linking
from tests.flows.house import House
from tests.web.desk.conftest import HTTPS, MIA, Desk, complained

KEYS = re.compile(r"/(?:s|r|c|u|admin/case)/[\w-]{22}")


def keys_shown(desk: Desk) -> set[str]:
    """The addresses that act without a log-in, as far as the room of mails shows them to this person."""
    paths = [f"/admin/mails/{mail.id}{part}" for mail in desk.house.rows(MailRow) for part in ("", "/html")]
    pages = [desk.get(path) for path in paths]
    assert {page.status_code for page in pages} == {200}
    return {found for page in pages for found in KEYS.findall(page.text)}


def spare_link(desk: Desk) -> str:
    page = desk.post("/admin/people", role="owner", action="invite").text
    made = re.search(r"https://mia\.example(/admin/welcome/[\w-]+)", page)
    assert made
    return made[1]


def test_an_owner_s_spare_link_ends_with_her_account(house: House) -> None:
    Desk(house).enter()
    eve = Desk(house)
    eve.enter(name="Eve", email="eve@mia.example")
    spare = spare_link(eve)
    accounts.disable(house.services, "eve@mia.example")
    assert eve.get("/admin/people").status_code == 303
    again = {"name": "Eve", "email": "eve2@mia.example", "password": MIA["password"]}
    assert eve.client.post(spare, data=again, base_url=HTTPS).status_code == 404
    assert eve.get("/admin/people").status_code == 303


def test_an_agent_is_lent_no_address_that_acts_as_somebody_else(house: House) -> None:
    mia = Desk(house).enter()
    complained(house, "other")
    ana = Desk(house).enter("agent")
    assert {found.rpartition("/")[0] for found in keys_shown(mia)} == {"/s", "/r", "/c", "/u", "/admin/case"}
    assert keys_shown(ana) == set()


def test_the_owner_s_link_to_a_case_ends_after_sixty_days(house: House) -> None:
    Desk(house).enter()
    complained(house, "other")
    link = house.link("owner_case", "admin/case")
    stranger = house.app.test_client()
    house.clock.advance(days=59)
    assert stranger.get(link, base_url=HTTPS).status_code == 200
    house.clock.advance(days=2)
    late = stranger.get(link, base_url=HTTPS)
    assert late.status_code == 410
    assert 'href="/admin/cases"' in late.text
    assert "wa.me" not in late.text  # she need not be told how to reach herself
    [case] = house.rows(ComplaintRow)
    with house.services.db.writing() as session:  # as a new mail about the case does
        linking.give(session, house.services, house.shop_id, "o", case.id, house.clock())
    assert stranger.get(link, base_url=HTTPS).status_code == 200


@pytest.fixture
def meanwhile(house: House, monkeypatch: pytest.MonkeyPatch) -> str:
    """While the next password is looked at, Mia sets a new one by a link; the new one."""
    Desk(house).enter()
    link, new, real = accounts.reset_link(house.services, MIA["email"]), "another good horse", passwords.matches

    def slow(kept: str, password: str) -> bool:
        found = real(kept, password)
        monkeypatch.setattr(passwords, "matches", real)
        accounts.welcome(house.services, link.rpartition("/")[2], {"password": new}, "es")
        return found

    monkeypatch.setattr(passwords, "matches", slow)
    return new


def test_a_log_in_under_way_does_not_outlive_a_new_password(house: House, meanwhile: str) -> None:
    thief = Desk(house)
    assert thief.client.post("/admin/login", data=MIA, base_url=HTTPS).status_code == 400
    assert thief.get("/admin/people").status_code == 303
    assert thief.client.post("/admin/login", data=MIA | {"password": meanwhile}, base_url=HTTPS).status_code == 303


@pytest.mark.parametrize("asked", ["_scheme=ftp&_external=1", "_method=DELETE", "_anchor=x", "endpoint=x", "self=1"])
def test_what_an_address_asks_for_stays_a_question(house: House, asked: str) -> None:
    answer = house.app.test_client().get(f"/admin/login?{asked}", base_url=HTTPS)
    assert answer.status_code == 200
    assert "lang=en" in answer.text
    assert "ftp:" not in answer.text
