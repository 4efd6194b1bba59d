"""The mail API as a way out: what is handed over, and what each refusal means."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from connectors.http import Http, HttpLimits
from emails.message import Attachment, build_message
from emails.transports import MailServer, Transport, transport
from integration.domain.errors import Ambiguous, Misconfigured, Permanent, Refused, SinkError, Temporary
from tests.emails.api_server import TOKEN, ApiDesk, Fault, api_server, refusal
from tests.emails.test_message import LETTER, NOW, SURVEY_URL

Serve = Callable[..., ApiDesk]
OPEN = HttpLimits(allow_private_hosts=True, read_timeout=10)
IMPATIENT = HttpLimits(allow_private_hosts=True, read_timeout=0.3)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start an API that ends with the test."""
    with ExitStack() as running:
        yield lambda desk=None: running.enter_context(api_server(desk or ApiDesk()))


def to(desk: ApiDesk, limits: HttpLimits = OPEN, **changes: Any) -> Transport:
    server = MailServer(transport="api", api_url=desk.url, api_token=TOKEN)
    return transport(replace(server, **changes), Http(limits).request)


def send(way_out: Transport, letter: Any = LETTER) -> None:
    way_out.send(build_message(letter), kind="label", mail_id="mail_1", at=NOW)


def test_headers_links_and_files_arrive_as_they_were_put_in(serve: Serve) -> None:
    desk = serve()
    letter = replace(
        LETTER, to_name='Sam "el Ñandú", S. A.', unsubscribe_url=SURVEY_URL, in_reply_to="<q@example.com>",
        references=("<a@example.com>", "<b@example.com>"),
        attachments=(Attachment("R-7K3Q.pdf", "application/pdf", b"%PDF-\x00\xff"),),
    )  # fmt: skip
    send(to(desk), letter)
    got = message_from_bytes(desk.mails[0], policy=default)
    assert got["Message-ID"] == letter.message_id
    assert got["List-Unsubscribe"] == f"<{SURVEY_URL}>"
    assert got["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (got["Auto-Submitted"], got["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert (got["In-Reply-To"], got["References"]) == (
        "<q@example.com>",
        "<a@example.com> <b@example.com> <q@example.com>",
    )
    assert (got["To"].addresses[0].display_name, got["Content-Language"]) == ('Sam "el Ñandú", S. A.', "es")
    [file] = got.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("R-7K3Q.pdf", b"%PDF-\x00\xff")


def test_nothing_is_tracked_and_every_event_can_find_its_mail(serve: Serve) -> None:
    desk = serve()
    send(to(desk, api_stream="broadcast"))
    [fields] = desk.fields
    assert (fields["TrackOpens"], fields["TrackLinks"]) == (False, "None")
    assert (fields["Metadata"], fields["Tag"]) == ({"mail_id": "mail_1"}, "label")
    assert fields["MessageStream"] == "broadcast"


REFUSALS = [
    (refusal(401, 10, "Bad token"), Refused, "mail_token_refused"),
    (Fault(401), Refused, "mail_token_refused"),
    (refusal(422, 400, "Sender signature not found"), Refused, "mail_sender_refused"),
    (refusal(422, 401, "Sender signature not confirmed"), Refused, "mail_sender_refused"),
    (refusal(422, 300, "Invalid 'From' address: 'x'."), Refused, "mail_sender_refused"),
    (refusal(422, 300, "Error parsing 'Reply-To': Illegal email domain"), Refused, "mail_sender_refused"),
    (refusal(422, 405, "Not allowed to send: out of credits"), Refused, "mail_server_refused"),
    (refusal(422, 412, "Account is pending approval"), Refused, "mail_server_refused"),
    (refusal(422, 413, "Account may not send"), Refused, "mail_server_refused"),
    (refusal(422, 1235, "No such stream"), Refused, "mail_server_refused"),
    (Fault(403, b"<html>Forbidden</html>"), Refused, "mail_server_refused"),
    (Fault(404, b"<html>Not here</html>"), Refused, "mail_server_refused"),
    (Fault(302, b"", {"Location": "https://elsewhere.example"}), Refused, "mail_server_refused"),
    (refusal(422, 300, "Invalid 'To' address: 'SAM@example.com'."), Permanent, "mail_recipient_refused"),
    (refusal(422, 406, "Inactive: sam@example.com"), Permanent, "mail_recipient_inactive"),
    (refusal(422, 300, "Invalid metadata"), Permanent, "mail_content_refused"),
    (refusal(422, 411, "Forbidden attachment type"), Permanent, "mail_content_refused"),
    (Fault(413), Permanent, "mail_content_refused"),
    (refusal(429, 429, "Rate limit exceeded"), Temporary, "mail_deferred"),
    (refusal(422, 100, "Maintenance"), Temporary, "mail_deferred"),
    (refusal(500, 0, "Internal server error"), Temporary, "mail_deferred"),
    (Fault(503, b"<html>Back soon</html>"), Temporary, "mail_deferred"),
]
NO_VERDICT = [
    Fault(how="hang", taken=True), Fault(how="drop", taken=True), Fault(200, b'{"Error', how="cut", taken=True),
    Fault(200, b"<html>Welcome to our hotel</html>"), Fault(200, b"[]"), Fault(204), Fault(504, b"<html>"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "kind", "code"), REFUSALS)
def test_a_mail_that_was_surely_not_taken_says_why(
    serve: Serve, fault: Fault, kind: type[SinkError], code: str
) -> None:
    desk = serve(ApiDesk(fault))
    way_out = to(desk)
    with pytest.raises(kind) as caught:
        send(way_out)
    assert caught.value.code == code
    assert "sam@example.com" not in str(caught.value).lower()
    assert desk.mails == []
    desk.fault = None
    send(way_out)
    assert len(desk.mails) == 1


@pytest.mark.parametrize("fault", NO_VERDICT)
def test_a_mail_without_a_verdict_is_neither_sent_nor_unsent(serve: Serve, fault: Fault) -> None:
    desk = serve(ApiDesk(fault))
    with pytest.raises(Ambiguous, match="mail_no_verdict"):
        send(to(desk, IMPATIENT if fault.how == "hang" else OPEN))


@pytest.mark.parametrize(
    ("told", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("Sat, 21 Nov 2026 15:05:05 GMT", timedelta(minutes=1)),
        ("Sat, 21 Nov 2026 15:00:00 GMT", timedelta()),
        ("soon", None),
        ("Sat, 21 Nov 2026 15:05:05 -0000", None),
        ("", None),
    ],
)
def test_a_busy_api_says_when_to_come_back(serve: Serve, told: str, wait: timedelta | None) -> None:
    desk = serve(ApiDesk(refusal(429, 429, "Rate limit exceeded", **({"Retry-After": told} if told else {}))))
    with pytest.raises(Temporary) as caught:
        send(to(desk))
    assert caught.value.retry_after == wait


def test_an_accepted_mail_that_will_be_late_is_accepted(serve: Serve) -> None:
    late = b'{"To": "sam@example.com", "MessageID": "1", "Message": "Message accepted, but delivery may be delayed."}'
    send(to(serve(ApiDesk(Fault(200, late)))))


def test_nobody_at_the_address_pauses_the_stream() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        desk = ApiDesk()
        desk.url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Refused, match="mail_api_unreachable") as caught:
            send(to(desk))
    assert caught.value.params == {"host": "127.0.0.1"}


@pytest.mark.parametrize("url", ["http://api.example", "https://api.example:8443", "https://127.0.0.1", "api.example"])
def test_an_address_that_must_not_be_called_pauses_the_stream(url: str) -> None:
    desk = ApiDesk()
    desk.url = url
    with pytest.raises(Refused, match="mail_api_address"):
        send(to(desk, HttpLimits()))


def test_a_certificate_that_nobody_knows_gets_no_token(serve: Serve) -> None:
    def untrusted(*_: object, **__: object) -> Any:
        raise Permanent("bad_certificate", host="api.example", reason="expired")

    way_out = transport(MailServer(transport="api", api_url="https://api.example", api_token=TOKEN), untrusted)
    with pytest.raises(Refused, match="mail_api_untrusted"):
        send(way_out)


def test_the_token_is_not_shown_and_is_needed() -> None:
    assert "hunter2" not in repr(MailServer(api_token="hunter2"))
    with pytest.raises(Misconfigured, match="no_api_token"):
        transport(MailServer(transport="api"), Http(OPEN).request)


def test_a_look_at_the_api_sends_nothing_and_sees_a_sandbox(serve: Serve) -> None:
    desk = serve()
    assert to(desk).probe().delivers
    desk.delivery_type = "Sandbox"
    found = to(desk).probe()
    assert (found.place, found.delivers) == ("Mia", False)
    with pytest.raises(Refused, match="mail_token_refused"):
        to(desk, api_token="another").probe()
    assert desk.mails == []
