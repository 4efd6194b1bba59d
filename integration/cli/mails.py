"""`mails`: does mail leave, does it arrive, and whom does it not reach?"""

from __future__ import annotations

from dataclasses import asdict
from email.utils import parseaddr
from pathlib import Path
from typing import Any, BinaryIO

import click

from emails.bounces import LONGEST
from emails.compose import compose
from emails.contexts import TestMail
from emails.frames import OwnerFrame
from emails.message import Envelope, Mailbox, build_message, new_message_id
from integration.cli.commands import config_option, helped, postventa, services_at
from integration.cli.terminal import error_words, print_json, say, words
from integration.domain.errors import PostventaError
from integration.domain.ids import new_id
from integration.flows import bounces, mail_check, mail_events
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


@mails_group.command("check", help=helped("mails_check"))
@config_option
@click.option("--json", "as_json", is_flag=True, help=helped("json"))
def check(config_path: Path, as_json: bool) -> None:
    """Everything that decides whether mails arrive; exit 1 when anything is wrong."""
    with services_at(config_path) as services:
        looks = mail_check.look(services)
    told = [_told(look) for look in looks]
    if as_json:
        print_json(told)
    else:
        for one in told:
            print("\n".join(_lines(one)))
    if not all(look.ok for look in looks):
        raise SystemExit(1)


def _told(look: mail_check.Look) -> dict[str, Any]:
    key = f"mailcheck.{look.check}.{look.problem or look.told}"
    known = words.has(key)  # what an error says has its words, and its remedy, among the errors
    sentence = words(key, **look.params) if known else error_words(PostventaError(look.problem, **look.params))
    remedy = words(f"{key}_remedy", **look.params) if known and look.problem else ""
    record = asdict(look.record) if look.record else None
    return {"check": look.check, "ok": look.ok, "problem": look.problem, "words": sentence, "remedy": remedy,
            "record": record}  # fmt: skip


def _lines(one: dict[str, Any]) -> list[str]:
    lines = [f"{'✓' if one['ok'] else '✗'} {one['words']}"]
    if one["remedy"]:
        lines.append(f"  → {one['remedy']}")
    if one["record"]:
        lines.append("    {name}  {type}  {value}".format_map(one["record"]))
    return lines


@mails_group.command("bounced", help=helped("mails_bounced"))
@config_option
@click.argument("file", type=click.File("rb"), default="-")
def bounced(config_path: Path, file: BinaryIO) -> None:
    """Read one mail of the bounce mailbox; what is no bounce of ours moves nothing."""
    raw = file.read(LONGEST)
    with services_at(config_path) as services:
        result = bounces.take_mail(services, raw)
    say("mails.bounced", result=result)


@mails_group.command("allow", help=helped("mails_allow"))
@config_option
@click.argument("address", metavar="ADDRESS")
def allow(config_path: Path, address: str) -> None:
    """Write again to an address that bounced; who opted out or complained stays left in peace."""
    with services_at(config_path) as services:
        n = mail_events.allow(services, address)
    say("mails.allowed", n=n, address=address)
