"""What a log line may not show is taken out, and what explains a fault stays."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator

import pytest

from integration import logs
from integration.domain.errors import Refused
from integration.redaction import redact, redact_body
from integration.settings import Log
from tests import logging_state

TOKEN = "Zq3vB8kP1mXw7RtY2nHc5g"


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    with logging_state.kept():
        yield


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("550 <sam.torres+x@example.com>: unknown", "550 <s***@example.com>: unknown"),
        ("to=sam%40example.com", "to=s***@example.com"),
        ("call +34 600 111 222 or (2) 555-12-34", "call *** or ***"),
        ("from 192.168.100.200", "from ***"),
        (f"Exception while serving /s/{TOKEN}?r=2", "Exception while serving /s/***?***"),
        (f"/r/{TOKEN} /c/{TOKEN} /u/{TOKEN} /admin/case/{TOKEN}", "/r/*** /c/*** /u/*** /admin/case/***"),
        (f"POST /webhooks/woocommerce/{TOKEN}", "POST /webhooks/woocommerce/***"),
        ("GET https://shop.example/wp-json/wc/v3/orders?consumer_key=x", "GET https://shop.example/wp-json/wc/v3/orders?***"),
        ("Authorization: Basic Y2s6Y3M=, more", "Authorization: ***"),
        ("{'X-Hmac': 'abc', 'Authorization': 'Bearer abc'}", "{'X-Hmac': ***, 'Authorization': ***"),
        ("password='two words' kept", "password=*** kept"),
        ("ck_0a1b2c shpat_0a1b", "ck_*** shpat_***"),
        ("postgresql+psycopg://mia:correct-horse@db/shop", "postgresql+psycopg://***@db/shop"),
        (f"key {TOKEN}", "key ***"),
        ("code PV-7K3QXM2ABCD", "code PV-***"),
    ],
)  # fmt: skip
def test_people_and_secrets_are_hidden(said: str, shown: str) -> None:
    assert redact(said) == shown


@pytest.mark.parametrize(
    "said",
    [
        "task task_01kaq3v5g8h2j4k6m8n0p2q4r6 (SendMail): mail_login_refused (host=smtp.shop.example, reply=535 5.7.8)",
        "ConnectionResetError in test_no_survey_while_a_complaint_is_open",
        "since 2026-11-21 12:00, 100 tasks on 127.0.0.1:8000",
        "why? nobody knows",
    ],
)
def test_what_explains_a_fault_stays(said: str) -> None:
    assert redact(said) == said


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ('{"first_name": "Sam \\"T\\"", "city":"Jaén"}', '{"first_name": "***", "city":"***"}'),
        ('{"address_1": "Olmo 14", "address2": null}', '{"address_1": "***", "address2": null}'),
        ('{"latitude": -33.44, "id": 5}', '{"latitude": "***", "id": 5}'),
        ('{"status": "completed", "last_name": "Torr', '{"status": "completed", "last_name": "***"'),
        ('{"method_title": "Envío", "total": "45.00"}', '{"method_title": "Envío", "total": "45.00"}'),
    ],
)
def test_of_a_body_what_its_fields_tell_of_people_is_hidden(said: str, shown: str) -> None:
    assert redact_body(said) == shown


@pytest.mark.parametrize(
    "piece",
    ["a", "a-", "a@", "1 ", "/s", "a?", "token", "password ", "a.", "%40", "(", "://", "1(", '"name":', '"name":"'],
)
def test_a_long_text_of_eve_takes_no_time(piece: str) -> None:
    start = time.process_time()
    redact_body(piece * (4000 // len(piece)))
    assert time.process_time() - start < 0.1


def test_a_line_is_json_in_utc_and_nobody_adds_a_second_one(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start(Log())
    logging.getLogger("x").warning("topic %s", 'orders\r\n{"level": "error"}\u2028')
    [line] = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert told["at"].endswith("Z")
    assert (told["level"], told["logger"]) == ("warning", "x")


def test_a_plain_line_stays_one_line_and_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start(Log(format="plain"))
    logging.getLogger("x").warning("topic %s", "orders\r\n\x1b[2Jnew")
    [line] = capsys.readouterr().err.splitlines()
    assert "\x1b" not in line
    assert "topic orders\\r\\n\\x1b[2Jnew" in line


def test_of_an_exception_only_kind_and_place_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start(Log())
    try:
        try:
            {}["Sam Torres, Calle del Olmo 14"]
        except KeyError as error:
            raise Refused("mail_login_refused", reply="535 for sam@example.com") from error
    except Refused:
        logging.getLogger("x").exception("task failed")
    told = json.loads(capsys.readouterr().err)
    assert [one["kind"] for one in told["error"]] == ["Refused", "KeyError"]
    assert told["error"][0]["code"] == "mail_login_refused (reply=535 for s***@example.com)"
    assert "test_redaction.py" in told["error"][1]["at"][0]
    assert "Torres" not in str(told)


def test_a_thread_that_ends_badly_tells_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ValueError("Sam Torres")

    logs.start(Log())
    before = threading.Thread(target=fail, name="drain")
    before.start()
    before.join()
    err = capsys.readouterr().err
    assert "Torres" not in err
    assert json.loads(err)["message"] == "thread drain ended"


def test_a_wrong_log_call_shows_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start(Log())
    logging.getLogger("x").warning("%d", "sam@example.com")
    assert "sam" not in capsys.readouterr().err


def test_calls_of_the_http_library_are_never_told_in_detail() -> None:
    logs.start(Log(level="debug"))
    assert logging.getLogger().level == logging.DEBUG
    assert logging.getLogger("urllib3").level == logging.INFO
    assert logging.getLogger("sqlalchemy").level == logging.WARNING


def test_a_command_tells_warnings_and_security_alone(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start(Log(), quiet=True)
    logging.getLogger("x").info("nothing new")
    logs.security("exported", lines=3)
    told = json.loads(capsys.readouterr().err)
    assert (told["message"], told["lines"], told["logger"]) == ("exported", "3", "postventa.security")


def test_an_owner_who_wants_errors_alone_hears_no_events(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start(Log(level="error"))
    logs.security("exported")
    assert capsys.readouterr().err == ""
