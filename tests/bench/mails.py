"""What composing and building a mail costs."""

from __future__ import annotations

from emails.compose import compose
from emails.contexts import MailContext
from emails.message import Envelope, Mailbox, build_message, serialise
from tests.bench.rows import Row, cpu_ms
from tests.emails.letters import NOW, USUAL, words


def bench_mail() -> list[Row]:
    """One mail from its values to the bytes for the wire, over 20 of each kind."""
    return [
        Row("mail composed and built, CPU", cpu_ms(made_mail, [mail for mail in USUAL for _ in range(20)]), 5, "ms")
    ]


def made_mail(mail: MailContext) -> bytes:
    """The mail as bytes for the wire."""
    content = compose(mail, words("es"))
    return serialise(
        build_message(
            Envelope(
                message_id="<mail_1@shop.example>", sender=Mailbox("Zapatería Ñandú", "hola@shop.example"),
                reply_to="hola@shop.example", to="sam@example.com", to_name="Sam", subject=content.subject,
                text=content.text, html=content.html, language_tag="es", auto_submitted="auto-generated", date=NOW,
                feedback_id="bench",
            )
        )
    )  # fmt: skip
