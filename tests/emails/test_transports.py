"""Every way out keeps one contract; the SMTP one says exactly how far a mail got."""

from __future__ import annotations

import socket
import ssl
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.http import Http, HttpLimits
from emails.message import build_message
from emails.transports import MailServer, Transport, transport
from emails.transports import smtp as smtp_module
from integration.domain.errors import Ambiguous, Permanent, Refused, SinkError, Temporary
from tests.emails.api_server import TOKEN, ApiDesk, api_server
from tests.emails.mail_server import MailDesk, mail_server
from tests.emails.test_message import LETTER, NOW

Serve = Callable[..., MailDesk]
DOOR = Http(HttpLimits(allow_private_hosts=True)).request


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server that ends with the test."""
    with ExitStack() as running:
        yield lambda desk=None, **options: running.enter_context(mail_server(desk or MailDesk(), **options))


@pytest.fixture
def ways_out() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def to(desk: MailDesk, ways_out: ExitStack, **changes: Any) -> Transport:
    server = MailServer(transport="smtp", host="127.0.0.1", port=desk.port, timeout=5, verdict_timeout=5)
    way_out = transport(replace(server, **changes), DOOR)
    ways_out.callback(way_out.close)
    return way_out


def send(way_out: Transport, message: EmailMessage | None = None) -> None:
    way_out.send(message or build_message(LETTER), kind="label", mail_id="mail_1", at=NOW)


# -- the contract of all ----------------------------------------------------------------------------------


Either = tuple[Transport, Callable[[], list[bytes]]]


def to_folder(folder: Path) -> Transport:
    return transport(MailServer(transport="folder", folder=str(folder)), DOOR)


def over_smtp(serve: Serve, ways_out: ExitStack) -> Either:
    desk = serve()
    return to(desk, ways_out), lambda: [mail.content for mail in desk.mails]


def over_the_api(ways_out: ExitStack) -> Either:
    desk = ways_out.enter_context(api_server(ApiDesk()))
    return transport(MailServer(transport="api", api_url=desk.url, api_token=TOKEN), DOOR), lambda: desk.mails


@pytest.fixture(params=["smtp", "folder", "api"])
def either(request: pytest.FixtureRequest, serve: Serve, ways_out: ExitStack, tmp_path: Path) -> Either:
    """A transport, and what has arrived at its other end."""
    if request.param == "smtp":
        return over_smtp(serve, ways_out)
    if request.param == "api":
        return over_the_api(ways_out)
    folder = tmp_path / "not" / "there yet"
    return to_folder(folder), lambda: [path.read_bytes() for path in sorted(folder.iterdir())]


def as_read(raw: bytes) -> dict[str, str]:
    """What a mail program shows, and what it goes by."""
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    names = "From To Reply-To Subject Message-ID Auto-Submitted Content-Language".split()
    bodies = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
    texts = {kind: body.get_content().replace("\r\n", "\n").rstrip() for kind, body in bodies.items() if body}
    return {name: str(message[name]) for name in names} | texts


def test_what_is_read_is_what_was_sent(either: Either) -> None:
    way_out, arrived = either
    message = build_message(replace(LETTER, text=".\r\n.. punto\r\n.fin\r\n", html="<p>ñ</p>\n" * 500))
    send(way_out, message)
    [raw] = arrived()
    assert as_read(raw) == as_read(message.as_bytes())
    assert as_read(raw)["Subject"] == LETTER.subject


@pytest.mark.parametrize("way", ["smtp", "folder"])
def test_where_bytes_are_taken_not_one_is_changed(way: str, serve: Serve, ways_out: ExitStack, tmp_path: Path) -> None:
    message = build_message(replace(LETTER, text=".\r\n.. punto\r\n.fin\r\n", html="<p>ñ</p>\n" * 500))
    if way == "smtp":
        way_out, arrived = over_smtp(serve, ways_out)
        send(way_out, message)
        assert arrived() == [message.as_bytes()]
    else:
        send(to_folder(tmp_path), message)
        assert [path.read_bytes() for path in tmp_path.iterdir()] == [message.as_bytes()]


def test_a_look_at_the_other_side_leaves_nothing_there(either: Either) -> None:
    way_out, arrived = either
    found = way_out.probe()
    send(way_out)
    assert len(arrived()) == 1
    assert found.place


def test_a_closed_transport_can_be_used_again(either: Either) -> None:
    way_out, arrived = either
    send(way_out)
    way_out.close()
    way_out.close()
    way_out.send(build_message(LETTER), kind="label", mail_id="mail_2", at=NOW)
    assert len(arrived()) == 2


def test_closing_cuts_off_a_mail_that_its_server_thinks_about(serve: Serve, ways_out: ExitStack) -> None:
    desk = serve(MailDesk(DOT="hang"))
    way_out = to(desk, ways_out, verdict_timeout=60)
    ended: list[SinkError] = []

    def hand_over() -> None:
        try:
            send(way_out)
        except SinkError as error:
            ended.append(error)

    thread = threading.Thread(target=hand_over)
    thread.start()
    end = time.monotonic() + 10
    while not desk.mails and time.monotonic() < end:
        time.sleep(0.01)
    way_out.close()
    thread.join(10)
    assert [type(error) for error in ended] == [Ambiguous]


def test_threads_do_not_disturb_each_other(either: Either) -> None:
    way_out, arrived = either
    failures: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            for number in range(5):
                way_out.send(
                    build_message(replace(LETTER, subject=f"{worker}.{number}")),
                    kind="label", mail_id=f"mail_{worker}{number}", at=NOW,
                )  # fmt: skip
        except BaseException as error:  # noqa: BLE001 - shown to the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    subjects = {message_from_bytes(raw, policy=default)["Subject"] for raw in arrived()}
    assert subjects == {f"{worker}.{number}" for worker in range(4) for number in range(5)}


# -- folder -----------------------------------------------------------------------------------------------


def test_a_file_is_named_by_time_kind_and_mail_and_is_the_owners_alone(tmp_path: Path) -> None:
    santiago = NOW.astimezone(UTC) + timedelta(0)
    folder = tmp_path / "mails"
    to_folder(folder).send(build_message(LETTER), kind="survey", mail_id="mail_01k", at=santiago)
    (file,) = folder.iterdir()
    assert file.name == "20261121T150405Z-survey-mail_01k.eml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_written_pauses_the_stream(tmp_path: Path) -> None:
    (tmp_path / "mails").write_text("a file stands in the way")
    with pytest.raises(Refused, match="mail_folder_unwritable"):
        send(to_folder(tmp_path / "mails"))
    with pytest.raises(Refused, match="mail_folder_unwritable"):
        to_folder(tmp_path / "mails").probe()


# -- smtp: the stages ---------------------------------------------------------------------------------------

BEFORE_THE_CONTENT = [
    ("GREETING", "drop", Temporary, "mail_dropped"),
    ("GREETING", "hang", Temporary, "mail_dropped"),
    ("GREETING", "421 4.3.2 too busy", Temporary, "mail_deferred"),
    ("GREETING", "554 5.7.1 your address is on a list", Refused, "mail_server_refused"),
    ("GREETING", "HTTP/1.1 400 Bad Request", Refused, "mail_server_refused"),
    ("EHLO", "drop", Temporary, "mail_dropped"),
    ("EHLO", "hang", Temporary, "mail_dropped"),
    ("MAIL", "drop", Temporary, "mail_dropped"),
    ("MAIL", "421 4.7.0 try again later", Temporary, "mail_deferred"),
    ("MAIL", "451 4.7.1 greylisted", Temporary, "mail_deferred"),
    ("MAIL", "530 5.7.0 log in first", Refused, "mail_sender_refused"),
    ("MAIL", "553 5.1.8 unknown sender domain", Refused, "mail_sender_refused"),
    ("MAIL", "552 5.3.4 too large", Permanent, "mail_content_refused"),
    ("RCPT", "drop", Temporary, "mail_dropped"),
    ("RCPT", "hang", Temporary, "mail_dropped"),
    ("RCPT", "421 4.4.5 closing", Temporary, "mail_deferred"),
    ("RCPT", "450 4.2.1 mailbox busy", Temporary, "mail_deferred"),
    ("RCPT", "451 4.7.1 greylisted", Temporary, "mail_deferred"),
    ("RCPT", "452 4.2.2 full for now", Temporary, "mail_deferred"),
    ("RCPT", "550 5.1.1 no such user", Permanent, "mail_recipient_refused"),
    ("RCPT", "550 no such user", Permanent, "mail_recipient_refused"),
    ("RCPT", "552 storage exceeded", Permanent, "mail_recipient_refused"),
    ("RCPT", "552 5.2.2 mailbox full", Temporary, "mail_recipient_full"),
    ("RCPT", "550 5.7.1 relaying denied", Refused, "mail_sender_refused"),
    ("RCPT", "what?", Temporary, "mail_deferred"),
    ("DATA", "drop", Temporary, "mail_dropped"),
    ("DATA", "hang", Temporary, "mail_dropped"),
    ("DATA", "451 4.3.0 later", Temporary, "mail_deferred"),
    ("DATA", "554 no valid recipients", Permanent, "mail_content_refused"),
    ("DATA", "250 what?", Temporary, "mail_deferred"),
]
VERDICTS = [
    ("DOT", "421 4.7.28 slow down", Temporary, "mail_deferred"),
    ("DOT", "450 4.2.0 later", Temporary, "mail_deferred"),
    ("DOT", "451 4.7.1 greylisted", Temporary, "mail_deferred"),
    ("DOT", "550 5.6.0 malformed", Permanent, "mail_content_refused"),
    ("DOT", "552 5.3.4 too large", Permanent, "mail_content_refused"),
    ("DOT", "554 rejected", Permanent, "mail_content_refused"),
    ("DOT", "550-5.7.26 unauthenticated\r\n550 5.7.26 see our page", Refused, "mail_sender_refused"),
    ("DOT", "550 5.7.515 Access denied, sending domain does not meet the level", Refused, "mail_sender_refused"),
    ("DOT", "554 5.7.9 Message not accepted for policy reasons", Refused, "mail_sender_refused"),
    ("DOT", "552 5.2.2 mailbox full", Temporary, "mail_recipient_full"),
]
NO_VERDICT = [
    ("CONTENT", "drop"), ("CONTENT", "hang"), ("DOT", "drop"), ("DOT", "hang"), ("CONTENT", "what?"),
]  # fmt: skip


@pytest.mark.parametrize(("stage", "fault", "kind", "code"), BEFORE_THE_CONTENT + VERDICTS)
def test_a_mail_that_was_surely_not_taken_says_why(
    serve: Serve, ways_out: ExitStack, stage: str, fault: str, kind: type[SinkError], code: str
) -> None:
    desk = serve(MailDesk(**{stage: fault}))
    way_out = to(desk, ways_out, timeout=0.3 if fault == "hang" else 5)
    with pytest.raises(kind) as caught:
        send(way_out)
    assert caught.value.code == code
    assert desk.mails == []
    desk.faults.clear()
    send(way_out)
    assert len(desk.mails) == 1


@pytest.mark.parametrize(("stage", "fault"), NO_VERDICT)
def test_a_mail_without_a_verdict_is_neither_sent_nor_unsent(
    serve: Serve, ways_out: ExitStack, stage: str, fault: str
) -> None:
    desk = serve(MailDesk(**{stage: fault}))
    way_out = to(desk, ways_out, verdict_timeout=0.3 if fault == "hang" else 5)
    with pytest.raises(Ambiguous, match="mail_no_verdict"):
        send(way_out)
    desk.faults.clear()
    send(way_out)


def test_nobody_at_the_port_pauses_the_stream() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        closed = MailDesk()
        closed.port = taken.getsockname()[1]
        with ExitStack() as ways_out, pytest.raises(Refused, match="mail_server_unreachable") as caught:
            send(to(closed, ways_out))
    assert caught.value.params == {"host": "127.0.0.1", "port": closed.port}


def test_an_error_keeps_the_servers_words_but_not_the_shoppers_address(serve: Serve, ways_out: ExitStack) -> None:
    desk = serve(MailDesk(RCPT="550 5.1.1 <SAM@example.com>: no such user\x00 here"))
    with pytest.raises(Permanent) as caught:
        send(to(desk, ways_out))
    assert caught.value.params == {"reply": "550 5.1.1 <…>: no such user here"}


# -- smtp: connections ----------------------------------------------------------------------------------------


def test_one_connection_serves_many_mails_and_is_renewed_after_a_hundred(serve: Serve, ways_out: ExitStack) -> None:
    desk = serve()
    way_out = to(desk, ways_out)
    for _ in range(100):
        send(way_out)
    assert desk.connections == 1
    send(way_out)
    assert desk.connections == 2
    assert len(desk.mails) == 101


def test_a_kept_connection_that_died_is_replaced_unseen(serve: Serve, ways_out: ExitStack) -> None:
    desk = serve()
    way_out = to(desk, ways_out)
    send(way_out)
    desk.faults["RSET"] = "drop"
    send(way_out)
    assert (desk.connections, len(desk.mails)) == (2, 2)


def test_a_refused_mail_does_not_cost_the_connection(serve: Serve, ways_out: ExitStack) -> None:
    desk = serve(MailDesk(RCPT="550 5.1.1 no such user"))
    way_out = to(desk, ways_out)
    with pytest.raises(Permanent):
        send(way_out)
    desk.faults.clear()
    send(way_out)
    assert (desk.connections, len(desk.mails)) == (1, 1)


def test_sender_and_recipient_are_those_of_the_headers(serve: Serve, ways_out: ExitStack) -> None:
    desk = serve()
    send(to(desk, ways_out))
    assert (desk.mails[0].sender, desk.mails[0].recipients) == ("hola@shop.example", ["sam@example.com"])


def test_bounces_go_to_their_mailbox_and_name_their_mail(serve: Serve, ways_out: ExitStack) -> None:
    desk = serve()
    send(to(desk, ways_out, bounces_to="bounces@shop.example"))
    assert desk.mails[0].sender == "bounces+mail_1@shop.example"
    assert message_from_bytes(desk.mails[0].content, policy=default)["From"].addresses[0].addr_spec == (
        "hola@shop.example"
    )


def test_an_address_with_accents_goes_to_servers_that_take_it(serve: Serve, ways_out: ExitStack) -> None:
    desk = serve(enable_SMTPUTF8=True)
    send(to(desk, ways_out), build_message(replace(LETTER, to="josé@example.com")))
    assert desk.mails[0].recipients == ["josé@example.com"]
    assert "SMTPUTF8" in desk.mails[0].options


def test_an_address_with_accents_is_a_dead_letter_elsewhere(serve: Serve, ways_out: ExitStack) -> None:
    desk = serve()
    with pytest.raises(Permanent, match="smtputf8_unsupported"):
        send(to(desk, ways_out), build_message(replace(LETTER, to="josé@example.com")))


# -- smtp: encryption and login -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1)).not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + made.public_bytes(serialization.Encoding.PEM)
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(pem)
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_starttls_and_login_with_a_trusted_server(
    serve: Serve, ways_out: ExitStack, tls: ssl.SSLContext, certificate: Path
) -> None:
    desk = serve(tls=tls, login=True, require_starttls=True)
    send(
        to(desk, ways_out, starttls="required", username="mia", password="right", ca_file=str(certificate)),
    )
    assert desk.logins == [(b"mia", b"right")]
    assert len(desk.mails) == 1


def test_a_server_with_an_unknown_certificate_gets_neither_password_nor_mail(
    serve: Serve, ways_out: ExitStack, tls: ssl.SSLContext
) -> None:
    desk = serve(tls=tls, login=True)
    with pytest.raises(Refused, match="mail_server_untrusted"):
        send(to(desk, ways_out, starttls="required", username="mia", password="right"))
    assert (desk.logins, desk.mails) == ([], [])


def test_required_encryption_is_never_given_up(serve: Serve, ways_out: ExitStack) -> None:
    desk = serve()
    with pytest.raises(Refused, match="mail_server_untrusted"):
        send(to(desk, ways_out, starttls="required"))
    assert desk.mails == []


def test_a_server_that_cannot_encrypt_just_now_is_asked_again(
    serve: Serve, ways_out: ExitStack, tls: ssl.SSLContext
) -> None:
    desk = serve(MailDesk(STARTTLS="454 4.7.0 not now"), tls=tls)
    with pytest.raises(Temporary, match="mail_deferred"):
        send(to(desk, ways_out, starttls="required"))


def test_auto_does_not_encrypt_to_this_very_machine_and_does_elsewhere(
    serve: Serve, ways_out: ExitStack, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = serve(tls=tls)
    send(to(desk, ways_out))
    monkeypatch.setattr(smtp_module, "_is_this_machine", lambda host: False)
    with pytest.raises(Refused, match="mail_server_untrusted"):
        send(to(desk, ways_out))


@pytest.mark.parametrize("stripped", [True, False])
def test_a_password_never_crosses_a_plain_line_to_another_machine(
    serve: Serve, ways_out: ExitStack, monkeypatch: pytest.MonkeyPatch, stripped: bool
) -> None:
    monkeypatch.setattr(smtp_module, "_is_this_machine", lambda host: not stripped)
    desk = serve(login=True)
    way_out = to(desk, ways_out, username="mia", password="right")
    if stripped:
        with pytest.raises(Refused, match="mail_server_untrusted"):
            send(way_out)
        assert desk.logins == []
    else:
        send(way_out)


def test_encryption_from_the_first_byte(
    serve: Serve, ways_out: ExitStack, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = serve(tls=tls, wrapped=True)
    monkeypatch.setattr(smtp_module, "_ENCRYPTED_PORT", desk.port)
    send(to(desk, ways_out, ca_file=str(certificate)))
    assert len(desk.mails) == 1


@pytest.mark.parametrize("password", ["wrong", "ñandú"])
def test_a_refused_login_pauses_the_stream(serve: Serve, ways_out: ExitStack, password: str) -> None:
    desk = serve(login=True)
    with pytest.raises(Refused, match="mail_login_refused") as caught:
        send(to(desk, ways_out, username="mia", password=password))
    assert password not in str(caught.value)


def test_a_server_without_login_is_told_from_a_wrong_password_by_no_one(serve: Serve, ways_out: ExitStack) -> None:
    desk = serve()
    with pytest.raises(Refused, match="mail_login_refused"):
        send(to(desk, ways_out, username="mia", password="right"))


def test_the_password_is_not_shown() -> None:
    assert "hunter2" not in repr(MailServer(password="hunter2"))


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("smtp.example.com", False), ("10.0.0.2", False)],
)
def test_only_loopback_is_this_machine(host: str, here: bool) -> None:
    assert smtp_module._is_this_machine(host) is here
