"""From a mail's values to its subject, text and html, in the reader's words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from emails.catalogue import KINDS, Kind
from emails.contexts import MailContext, OwnerNoticeMail
from emails.facts import facts_of, notice
from emails.frames import Frame
from integration.domain.errors import Permanent
from integration.i18n import Words


@dataclass(frozen=True, slots=True)
class Content:
    """What the reader sees: one line, plain text, and html that needs nothing from outside but the person's photo."""

    subject: str
    text: str
    html: str


def compose(mail: MailContext, words: Words) -> Content:
    """The mail in these words; `Permanent` for a survey without a sender's name and address (A3)."""
    kind = KINDS[mail.kind]
    _check_sender(kind, mail)
    known: dict[str, Any] = {
        "t": words,
        "mail": mail,
        "frame": mail.frame,
        "kind": kind,
        "for_shopper": isinstance(mail.frame, Frame),
        "facts": facts_of(mail, words),
        "notice": notice(mail, words) if isinstance(mail, OwnerNoticeMail) else "",
    }
    known["subject"] = " ".join(_render(kind, "subject.txt", known).split())
    text = re.sub(r"\n{3,}", "\n\n", _render(kind, "body.txt", known)).strip() + "\n"
    return Content(known["subject"], text, _render(kind, "body.html", known))


def _check_sender(kind: Kind, mail: MailContext) -> None:
    if kind.needs_postal_address and isinstance(mail.frame, Frame):
        if not mail.frame.address_lines:
            raise Permanent("no_sender_address")
        for name in ("legal_name", "preferences_url"):
            if not getattr(mail.frame, name):
                raise Permanent("mail_lacks", what=name)


def _render(kind: Kind, part: str, known: dict[str, Any]) -> str:
    return _templates().get_template(f"{kind.name}/{part}").render(known)


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("emails"),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {"lines": _lines, "paragraphs": _paragraphs, "dial": _dial}
    return environment


def _lines(value: str | tuple[str, ...]) -> Markup:
    """Lines of text for html, each escaped."""
    lines = value.splitlines() if isinstance(value, str) else value
    return Markup("<br>").join(escape(line) for line in lines)


def _paragraphs(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()) if part.strip()]


def _dial(phone: str) -> str:
    """A phone number as a `tel:` link has it."""
    return re.sub(r"(?!^\+)[^0-9]", "", phone.strip())
