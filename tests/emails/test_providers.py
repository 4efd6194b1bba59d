"""What a mail provider's webhook tells of a mail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emails.providers import PROVIDERS
from integration.domain.errors import BadPayload
from integration.rules.bounces import kind_of

FOLDER = Path(__file__).parents[1] / "fixtures" / "mail" / "postmark"
MAIL = "mail_01kaq3m9v2x4c6t8w0y1z3b5d7"
MEANS = {
    "bounce__hard": "hard",
    "bounce__soft": "soft",
    "bounce__transient": "delayed",
    "bounce__blocked": "sender",
    "bounce__dmarc": "sender",
    "spam_complaint": "complaint",
    "subscription__left_there": "complaint",
    "delivery": "other",
}
SILENT = (
    "bounce__away", "bounce__of_a_kind_to_come", "open", "subscription__back_again", "subscription__by_the_owner",
)  # fmt: skip
heard = PROVIDERS["postmark"]


def body(name: str) -> bytes:
    return (FOLDER / f"{name}.json").read_bytes()


def test_every_fixture_is_looked_at() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == {*MEANS, *SILENT, "test__of_the_button"}


@pytest.mark.parametrize(("name", "kind"), MEANS.items())
def test_an_event_says_what_became_of_which_mail(name: str, kind: str) -> None:
    [event] = heard(body(name))
    assert kind_of(event.action, event.status) == kind
    assert (event.mail_id, event.address, event.source) == (MAIL, "sam@example.com", "postmark")


@pytest.mark.parametrize("name", SILENT)
def test_what_says_nothing_of_an_address_is_left_out(name: str) -> None:
    assert heard(body(name)) == ()


def test_two_events_have_two_keys_and_a_repeat_has_one() -> None:
    keys = [heard(body(name))[0].key for name in MEANS]
    assert len(set(keys)) == len(keys)
    assert heard(body("bounce__hard"))[0].key == "Bounce:692560173"


def test_the_button_that_tries_the_webhook_names_no_mail_of_ours() -> None:
    [event] = heard(body("test__of_the_button"))
    assert event.mail_id == ""


@pytest.mark.parametrize("wrong", [b"", b"{", b"[]", b"null", b"\xff"])
def test_another_shape_is_named(wrong: bytes) -> None:
    with pytest.raises(BadPayload):
        heard(wrong)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_no_value_in_a_known_event_stops_the_reader(value: object) -> None:
    for field in ("Type", "ID", "Metadata", "Email", "Details", "SuppressSending", "RecordType"):
        event = json.loads(body("bounce__hard")) | {field: value}
        heard(json.dumps(event).encode())
