"""`mails`: does mail leave?"""

from __future__ import annotations

from email.utils import parseaddr
from pathlib import Path

import click

from emails.compose import compose
from emails.contexts import OwnerFrame, TestMail
from emails.message import Envelope, Mailbox, build_message, new_message_id
from integration.cli.commands import config_option, helped, postventa, services_at
from integration.cli.terminal import say, words
from integration.domain.ids import new_id
from integration.flows.mail_building import sender_of
from integration.flows.services import Services


@postventa.group("mails", help=helped("mails"))
def mails_group() -> None:
    """Mail."""


@mails_group.command("test", help=helped("mails_test"))
@config_option
@click.option("--to", required=True, help=helped("to"))
def test(config_path: Path, to: str) -> None:
    """Send one mail now, by the transport of the config."""
    with services_at(config_path) as services:
        _send_test(services, to)
    say("mails.sent", to=to)


def _send_test(services: Services, to: str) -> None:
    now, own = services.clock(), services.settings.shop
    mail_id = new_id("mail", now)
    sender: Mailbox = sender_of(services, own.legal_name)
    way_out = services.settings.mail.transport
    content = compose(TestMail(frame=OwnerFrame(shop_name=sender.name), sent_at=now, way_out=way_out), words)
    envelope = Envelope(
        message_id=new_message_id(mail_id, sender.address.rpartition("@")[2]), sender=sender,
        reply_to=parseaddr(own.reply_to)[1], to=to, to_name="", subject=content.subject, text=content.text,
        html=content.html, language_tag=words.tag, auto_submitted="auto-generated", date=now,
        feedback_id="test:postventa",
    )  # fmt: skip
    services.transport.send(build_message(envelope), kind="test", mail_id=mail_id, at=now)
