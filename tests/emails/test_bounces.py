"""What other servers say of our mails is read as they mean it, in each one's way of saying it."""

from __future__ import annotations

from email import message_from_bytes
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emails.bounces import bounce_address, read_bounce
from integration.rules.bounces import kind_of

FOLDER = Path(__file__).parents[1] / "fixtures" / "dsn"
MAIL = "mail_01kaq3m9v2x4c6t8w0y1z3b5d7"
TOLD = {
    "exchange__closed_group": ("5.7.133", "sender"),
    "exchange__mailbox_full": ("5.2.2", "soft"),
    "exchange__no_such_user": ("5.1.10", "hard"),
    "exim__no_such_user": ("5.1.1", "hard"),
    "exim__with_status": ("5.7.9", "sender"),
    "gmail__inbox_full": ("4.2.2", "soft"),
    "gmail__no_such_user": ("5.1.1", "hard"),
    "postfix__delayed": ("4.4.1", "delayed"),
    "postfix__domain_unknown": ("5.4.4", "hard"),
    "postfix__expired": ("4.4.1", "soft"),
    "postfix__gmail_unauthenticated": ("5.7.26", "sender"),
    "postfix__mailbox_full": ("5.2.2", "soft"),
    "postfix__no_such_user": ("5.1.1", "hard"),
    "postfix__outlook_level": ("5.7.515", "sender"),
    "postfix__relayed": ("2.1.5", "other"),
    "postfix__too_large": ("5.3.4", "other"),
    "postfix__unclear_status": ("5.1.1", "hard"),
    "postfix__without_verp": ("5.1.1", "hard"),
    "postfix__yahoo_no_user": ("5.0.0", "soft"),
    "qmail__expired": ("4.4.3", "soft"),
    "qmail__no_such_user": ("5.1.1", "hard"),
    "sendmail__no_such_user": ("5.1.1", "hard"),
    "yahoo__complaint": ("", "complaint"),
}
NO_BOUNCES = ("away__answer", "daemon__nothing_said", "mdn__read", "sam__answer", "yahoo__not_spam")
NO_TAG = ("postfix__without_verp", "yahoo__complaint")


def fixture(name: str) -> bytes:
    return (FOLDER / f"{name}.eml").read_bytes()


def test_every_fixture_is_looked_at() -> None:
    assert {path.stem for path in FOLDER.glob("*.eml")} == {*TOLD, *NO_BOUNCES}


@pytest.mark.parametrize(("name", "told"), TOLD.items())
def test_a_bounce_says_what_became_of_which_mail(name: str, told: tuple[str, str]) -> None:
    heard = read_bounce(fixture(name))
    assert heard is not None
    assert (heard.status, kind_of(heard.action, heard.status)) == told
    assert heard.mail_id == ("" if name in NO_TAG else MAIL)
    assert heard.message_id == f"<{MAIL}@shop.example>"
    assert heard.address == ""


@pytest.mark.parametrize("name", NO_BOUNCES)
def test_what_is_no_bounce_says_nothing(name: str) -> None:
    assert read_bounce(fixture(name)) is None


@pytest.mark.parametrize("name", [*TOLD, *NO_BOUNCES])
def test_a_bounce_is_found_by_either_name_of_its_mail(name: str) -> None:
    """Whatever the relay rewrote: the tag, or the returned mail."""
    untagged = fixture(name).replace(f"+{MAIL}@".encode(), b"@")
    heard = read_bounce(untagged)
    assert heard is None or (heard.mail_id, heard.message_id) == ("", f"<{MAIL}@shop.example>")
    without_return = fixture(name).replace(f"<{MAIL}@".encode(), b"<other@")
    heard = read_bounce(without_return)
    assert heard is None or heard.message_id == ""


@settings(max_examples=200)
@given(st.binary(max_size=300), st.sampled_from(sorted(TOLD)), st.integers(0, 2000))
def test_no_bytes_stop_the_reader(junk: bytes, name: str, at: int) -> None:
    raw = fixture(name)
    read_bounce(junk)
    read_bounce(raw[:at] + junk + raw[at:])
    read_bounce(raw[:at])


def test_the_answer_of_the_other_server_is_kept_short() -> None:
    heard = read_bounce(fixture("postfix__no_such_user").replace(b"User unknown", b"User unknown " + b"x" * 500))
    assert heard is not None
    assert heard.reply.startswith("smtp; 550 5.1.1")
    assert len(heard.reply) <= 200


def test_the_mailbox_for_bounces_names_the_mail() -> None:
    assert bounce_address("bounces@shop.example", MAIL) == f"bounces+{MAIL}@shop.example"
    assert bounce_address("", MAIL) == ""


def test_the_fixtures_are_mails() -> None:
    assert all(message_from_bytes(path.read_bytes())["From"] for path in FOLDER.glob("*.eml"))
