"""`mails check`, `bounced` and `allow` as the owner types them."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import dns.resolver
import pytest

from integration.i18n import LANGUAGES
from tests.cli.conftest import Postventa

DSN = Path(__file__).parents[1] / "fixtures" / "dsn"


@pytest.fixture(autouse=True)
def an_empty_internet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name is unknown to every name server."""

    def nothing(*_: object, **__: object) -> None:
        raise dns.resolver.NXDOMAIN

    monkeypatch.setattr(dns.resolver, "resolve", nothing)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sender_that_says_nothing_is_told_what_to_write_where(postventa: Postventa, language: str) -> None:
    ended = postventa("mails", "check", language=language)
    assert (ended.code, ended.err) == (1, "")
    assert "✗ DMARC: shop.example" in ended.out
    assert "    _dmarc.shop.example  TXT  v=DMARC1; p=none; rua=mailto:mia@shop.example" in ended.out


@pytest.mark.usefixtures("installed")
def test_scripts_get_the_same_as_json(postventa: Postventa) -> None:
    ended = postventa("mails", "check", "--json")
    told = {one["check"]: one for one in json.loads(ended.out)}
    assert (ended.code, told["server"]["problem"], told["dmarc"]["ok"]) == (1, "folder", False)
    assert told["dmarc"]["record"]["name"] == "_dmarc.shop.example"
    assert told["server"]["remedy"]


def test_a_server_that_does_not_answer_is_said_in_the_words_of_its_error(
    postventa: Postventa, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTVENTA_MAIL_TRANSPORT", "smtp")
    monkeypatch.setenv("POSTVENTA_MAIL_HOST", "127.0.0.1")
    monkeypatch.setenv("POSTVENTA_MAIL_PORT", "1")
    ended = postventa("mails", "check")
    assert "✗ The mail server does not answer. Check [mail] host and port" in ended.out


def test_an_api_without_a_token_is_a_setting_to_mend(
    postventa: Postventa, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTVENTA_MAIL_TRANSPORT", "api")
    ended = postventa("mails", "check")
    assert (ended.code, ended.out) == (2, "")
    assert "[mail] api_token" in ended.err


@pytest.mark.usefixtures("installed")
def test_a_bounce_is_read_from_a_file_or_a_pipe(postventa: Postventa, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = postventa("mails", "bounced", str(DSN / "sam__answer.eml"))
    assert (ended.code, ended.out) == (0, "Bounce read: no_bounce\n")
    piped = io.TextIOWrapper(io.BytesIO((DSN / "postfix__no_such_user.eml").read_bytes()))
    monkeypatch.setattr(sys, "stdin", piped)
    assert postventa("mails", "bounced").out == "Bounce read: unknown\n"
    assert postventa("mails", "bounced", "not-there.eml").code == 2


@pytest.mark.usefixtures("installed")
def test_an_address_that_never_bounced_has_nothing_to_take_away(postventa: Postventa) -> None:
    assert "0 blocks" in postventa("mails", "allow", "sam@example.com").out
