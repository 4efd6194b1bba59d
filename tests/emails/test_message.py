"""A mail is built so that every reader gets back exactly what was put in, and nobody gets anything else."""

from __future__ import annotations

import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emails.headers import clean, display_name, link, one_line
from emails.message import (
    Attachment,
    Envelope,
    Mailbox,
    build_message,
    new_message_id,
    recipients,
    sender,
    serialise,
)
from integration.domain.errors import Permanent, Refused

NOW = datetime(2026, 11, 21, 15, 4, 5, tzinfo=UTC)
LETTER = Envelope(
    message_id="<mail_01kaq3@shop.example>",
    sender=Mailbox("Zapatería Ñandú", "hola@shop.example"),
    reply_to="ayuda@shop.example",
    to="sam@example.com",
    to_name="Sam",
    subject="Tu pedido 1001 — Zapatería «Ñandú» está contigo y aquí va tu etiqueta de devolución",
    text="Hola, Sam:\n\nllegó tu pedido.\n",
    html="<p>Hola, Sam: llegó tu pedido.</p>",
    language_tag="es",
    auto_submitted="auto-generated",
    date=NOW,
    feedback_id="label:shop_1:postventa",
)
SURVEY_URL = "https://postventa.shop.example/u/" + "a1B2" * 30


def read(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def wire(letter: Envelope) -> bytes:
    return serialise(build_message(letter))


def header_lines(raw: bytes) -> list[bytes]:
    return raw.split(b"\r\n\r\n", 1)[0].split(b"\r\n")


anything = st.text(max_size=500) | st.text(alphabet='aá =?_,"\\<>@\r\n\u2028\x00中🎉', max_size=500)


@settings(deadline=None)
@given(subject=anything, name=anything, body=anything, path=anything)
@example(subject="=?utf-8?q?hola?=", name='"Sam" =?utf-8?q?x?= <eve@x>', body=".\n..\nFrom x", path="=?utf-8?q?x?=")
@example(subject="ñ" * 500, name="ñ" * 500, body="ñ" * 500, path="ñ" * 100)
@example(subject="a" * 500, name="a" * 500, body="a" * 500, path="?==?" * 60)
def test_any_text_comes_back_as_it_was_cleaned(subject: str, name: str, body: str, path: str) -> None:
    url = "https://shop.example/" + path
    try:
        wanted_url = link(url)
    except ValueError:
        url = wanted_url = "https://shop.example/u/x"
    letter = replace(
        LETTER,
        subject=subject,
        to_name=name,
        sender=Mailbox(name, "hola@shop.example"),
        text=body,
        html=body,
        unsubscribe_url=url,
    )
    raw = wire(letter)
    message = read(raw)
    assert message["Subject"] == one_line(subject)
    assert message["To"].addresses[0].display_name == display_name(name)
    assert message["From"].addresses[0].display_name == display_name(name)
    assert recipients(message) == ("sam@example.com",)
    assert message["List-Unsubscribe"] == f"<{wanted_url}>"
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        assert part.get_content() == on_the_wire(clean(body))
    assert_fit_for_the_wire(raw)


def on_the_wire(text: str) -> str:
    """Mail knows lines that end, and ends them with CRLF."""
    return (text if text.endswith("\n") else text + "\n").replace("\n", "\r\n")


def assert_fit_for_the_wire(raw: bytes) -> None:
    assert b"?==?" not in raw
    assert raw.isascii()
    head, _, body = raw.partition(b"\r\n\r\n")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert max(len(line) for line in body.split(b"\r\n")) <= 78
    assert max((len(word) for word in re.findall(rb"=\?utf-8\?[bq]\?.*?\?=", head)), default=0) <= 75
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_a_long_unsubscribe_link_stays_readable_for_gmail() -> None:
    lines = header_lines(wire(replace(LETTER, unsubscribe_url=SURVEY_URL, unsubscribe_mailto="baja@shop.example")))
    assert b"List-Unsubscribe: <" + SURVEY_URL.encode() + b">," in lines
    assert b" <mailto:baja@shop.example>" in lines
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines


def test_one_click_is_promised_over_https_only() -> None:
    message = build_message(replace(LETTER, unsubscribe_url="http://127.0.0.1:8000/u/x"))
    assert message["List-Unsubscribe"] == "<http://127.0.0.1:8000/u/x>"
    assert message["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://x", "https://x/" + "a" * 900, "https://x/" + "ñ" * 300])
def test_a_link_that_no_header_can_hold_stops_the_stream(url: str) -> None:
    with pytest.raises(Refused, match="bad_link"):
        build_message(replace(LETTER, unsubscribe_url=url))


def test_service_mail_has_no_unsubscribe_headers() -> None:
    message = build_message(LETTER)
    assert message["List-Unsubscribe"] is None
    assert message["List-Unsubscribe-Post"] is None


def test_ids_and_lists_are_never_encoded() -> None:
    thread = tuple(f"<{'x' * 90}{number}@mail.example>" for number in range(30))
    raw = wire(replace(LETTER, in_reply_to=thread[-1], references=thread, unsubscribe_url=SURVEY_URL))
    message = read(raw)
    assert message["Message-ID"] == LETTER.message_id
    assert message["In-Reply-To"] == thread[-1]
    assert message["References"].split() == [thread[0], *thread[-19:]]
    names = (b"message-id", b"references", b"in-reply-to", b"list-")
    unfolded = raw.split(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").split(b"\r\n")
    assert not [line for line in unfolded if line.lower().startswith(names) and b"=?" in line]


def test_ids_from_outside_that_are_none_are_left_out() -> None:
    bad = ("", "no brackets", "<two words@x>", "<a@b>\r\nBcc: eve@example.com", "<=?utf-8?q?x?=@y>", "<ñ@x>")
    message = build_message(replace(LETTER, in_reply_to=bad[3], references=bad))
    assert message["In-Reply-To"] is None
    assert message["References"] is None


@pytest.mark.parametrize(
    "address",
    [
        "a@b, evil@x", "sam@example.com\r\nBcc: eve@example.com", "sam@example.com\n", "", "sam", "sam@", "@x.com",
        "<sam@example.com>", "Sam <sam@example.com>", "sam@example.com (Sam)", "sam@exa mple.com", "s am@example.com",
        "sam\x00@example.com", "sam\u202e@example.com", "a" * 65 + "@example.com", "sam@" + "a" * 64 + ".com",
        "sam@a..com", "sam;eve@example.com", "sam@example.com,", "jos é@example.com", "é@x, eve@y", "sam@ñ..com",
        "sam@" + ".".join(["a" * 60] * 5),
    ],
)  # fmt: skip
def test_an_address_that_is_not_exactly_one_is_a_dead_letter(address: str) -> None:
    with pytest.raises(Permanent, match="bad_recipient"):
        build_message(replace(LETTER, to=address))


def test_the_server_is_given_the_address_that_the_reader_sees() -> None:
    message = build_message(replace(LETTER, to=" sam+x@example.com ", to_name="eve@example.com, Eve"))
    assert recipients(message) == ("sam+x@example.com",)
    assert recipients(read(serialise(message))) == ("sam+x@example.com",)
    assert sender(message) == "hola@shop.example"


def test_a_domain_with_accents_goes_out_in_ascii() -> None:
    assert recipients(build_message(replace(LETTER, to="sam@ñandú.example"))) == ("sam@xn--and-6ma2c.example",)


def test_a_name_with_accents_before_the_at_is_kept_for_servers_that_take_it() -> None:
    message = build_message(replace(LETTER, to="josé@ñandú.example"))
    assert recipients(message) == ("josé@xn--and-6ma2c.example",)
    assert 'To: "Sam" <josé@xn--and-6ma2c.example>\r\n'.encode() in serialise(message)


@pytest.mark.parametrize("address", ["", "nobody", "a@b, c@d", "josé@shop.example"])
def test_a_wrong_own_address_stops_the_stream_instead_of_burying_mails(address: str) -> None:
    with pytest.raises(Refused, match="bad_sender"):
        build_message(replace(LETTER, sender=Mailbox("Mia", address)))
    with pytest.raises(Refused, match="bad_reply_to"):
        build_message(replace(LETTER, reply_to=address))


def test_no_text_becomes_a_header() -> None:
    evil = "Hola\r\nBcc: eve@example.com\r\n\r\n<script>"
    message = read(
        wire(
            replace(
                LETTER, subject=evil, to_name=evil, sender=Mailbox(evil, "hola@shop.example"), feedback_id=evil,
                attachments=(Attachment(evil, "application/pdf", b"%PDF-"),),
            )
        )
    )  # fmt: skip
    assert message["Bcc"] is None
    assert message["Subject"] == "Hola Bcc: eve@example.com <script>"


def test_a_broken_id_or_tag_of_our_own_is_a_dead_letter() -> None:
    with pytest.raises(Permanent, match="bad_header"):
        build_message(replace(LETTER, message_id="<a@b>\r\nBcc: eve@example.com"))
    with pytest.raises(Permanent, match="bad_header"):
        build_message(replace(LETTER, language_tag="es\r\nBcc: eve@example.com"))


def test_control_and_bidi_characters_never_leave() -> None:
    raw = wire(replace(LETTER, subject="a\x00b\x1b[31mc\x9d\u202ed\u2066e\u2028f", text="x\x00\u202ey\x07"))
    message = read(raw)
    assert message["Subject"] == "ab[31mcde f"
    part = message.get_body(("plain",))
    assert part is not None
    assert part.get_content() == "xy\r\n"


def test_half_a_surrogate_pair_does_not_stop_a_mail() -> None:
    assert read(wire(replace(LETTER, subject="roto \ud83d aquí")))["Subject"] == "roto ? aquí"


def test_text_comes_first_then_html_then_files() -> None:
    label = Attachment("etiqueta-Nº-1001.pdf", "application/pdf", b"%PDF-1.7" + bytes(range(256)) * 9)
    message = read(wire(replace(LETTER, attachments=(label,))))
    assert message.get_content_type() == "multipart/mixed"
    words, paper = message.iter_parts()
    assert words.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in words.iter_parts()] == ["text/plain", "text/html"]
    assert paper.get_filename() == label.filename
    assert paper.get_content() == label.content
    assert paper.get_content_disposition() == "attachment"
    assert [part.get_content_type() for part in read(wire(LETTER)).iter_parts()] == ["text/plain", "text/html"]


def test_automatic_mail_says_so_and_a_person_does_not() -> None:
    machine = build_message(replace(LETTER, auto_submitted="auto-replied"))
    assert (machine["Auto-Submitted"], machine["X-Auto-Response-Suppress"]) == ("auto-replied", "All")
    person = build_message(replace(LETTER, auto_submitted="no"))
    assert (person["Auto-Submitted"], person["X-Auto-Response-Suppress"]) == (None, None)


def test_date_language_reply_address_and_feedback_are_there() -> None:
    message = read(wire(replace(LETTER, language_tag="pt-BR")))
    assert message["Date"].datetime == NOW
    assert message["Content-Language"] == "pt-BR"
    assert message["Reply-To"].addresses[0].addr_spec == "ayuda@shop.example"
    assert message["Feedback-ID"] == "label:shop_1:postventa"


def test_every_try_has_the_same_message_id() -> None:
    assert new_message_id("mail_01kaq3", "Ñandú.example") == "<mail_01kaq3@xn--and-6ma2c.example>"


@pytest.mark.parametrize("domain", ["", "a..b", "x" * 64])
def test_a_wrong_from_domain_does_not_stop_the_queueing(domain: str) -> None:
    assert new_message_id("mail_01kaq3", domain) == "<mail_01kaq3@sender.invalid>"
