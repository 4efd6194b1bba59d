"""The door at which a mail provider tells what became of mails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from integration.db.mail_tables import MailEvent
from integration.db.tables import MailRow, Suppression
from integration.flows import mail_doors
from integration.vault import Vault, new_key_line, parse_keys
from tests.flows.conftest import MakeHouse
from tests.flows.house import House

FOLDER = Path(__file__).parents[1] / "fixtures" / "mail" / "postmark"


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    return make_house(survey_delay="1d")


def door(house: House) -> str:
    return urlsplit(mail_doors.address(house.services, "postmark")).path


def event(house: House, name: str, **changes: Any) -> dict[str, Any]:
    [label] = [mail for mail in house.rows(MailRow) if mail.kind == "label"]
    return json.loads((FOLDER / f"{name}.json").read_bytes()) | {"Metadata": {"mail_id": label.id}} | changes


def held(house: House) -> set[tuple[str, str]]:
    return {(row.scope, row.reason) for row in house.rows(Suppression)}


def test_a_hard_bounce_told_twice_ends_the_address_once(house: House) -> None:
    house.deliver()
    for _ in range(2):
        assert house.client.post(door(house), json=event(house, "bounce__hard")).status_code == 200
    assert held(house) == {("all", "hard_bounce")}
    assert [(row.kind, row.source) for row in house.rows(MailEvent)] == [("hard", "postmark")]


def test_a_spam_complaint_ends_surveys_at_once(house: House) -> None:
    house.deliver()
    house.client.post(door(house), json=event(house, "spam_complaint"))
    assert held(house) == {("survey", "spam_complaint"), ("marketing", "spam_complaint")}
    house.clock.advance(days=2)
    house.run()
    assert house.kinds() == ["label"]


def test_the_provider_s_own_test_and_openings_move_nothing(house: House) -> None:
    house.deliver()
    for name in ("test__of_the_button", "open", "bounce__away"):
        body = (FOLDER / f"{name}.json").read_bytes()
        assert house.client.post(door(house), data=body).status_code == 200
    assert (house.rows(MailEvent), held(house)) == ([], set())


@pytest.mark.parametrize("key", ["", "x", "A" * 22, "ñ", "../../healthz"])
def test_eve_finds_no_door(house: House, key: str) -> None:
    house.deliver()
    answer = house.client.post(f"/webhooks/mail/postmark/{key}", json=event(house, "bounce__hard"))
    assert answer.status_code == 404
    assert held(house) == set()


def test_one_provider_s_key_opens_no_other_door(house: House) -> None:
    key = door(house).rpartition("/")[2]
    assert house.client.post(f"/webhooks/mail/resend/{key}", json={}).status_code == 404
    assert not mail_doors.opens(house.services, "resend", key)


def test_a_look_at_the_door_is_answered(house: House) -> None:
    assert house.client.head(door(house)).status_code == 200
    assert house.client.head(door(house) + "x").status_code == 404
    assert house.client.get(door(house)).status_code == 405


def test_a_body_that_is_too_large_or_unreadable_is_no_event(house: House) -> None:
    house.deliver()
    assert house.client.post(door(house), data=b"x" * 2_000_001).status_code == 413
    assert house.client.post(door(house), data=b"not json").status_code == 200
    house.run()
    assert len(house.mails("owner_notice")) == 1
    assert "postmark" in house.mails("owner_notice")[0].text


def test_a_rotated_key_closes_no_door(house: House) -> None:
    before = door(house)
    old = house.services.vault
    line = new_key_line(2)
    both = Vault({**old._keys, **parse_keys(line)._keys})
    object.__setattr__(house.services, "vault", both)
    assert door(house) != before
    for path in (before, door(house)):
        assert house.client.head(path).status_code == 200


def test_a_database_that_cannot_be_written_asks_to_try_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from integration.domain.errors import Temporary
    from integration.flows import bounces

    house.deliver()

    def busy(*_: object) -> str:
        raise Temporary("database_busy", why="locked")

    monkeypatch.setattr(bounces, "take", busy)
    assert house.client.post(door(house), json=event(house, "bounce__hard")).status_code == 503
