"""Mails as they were sent, or would be: the list, one mail, and its HTML alone in a frame that can do nothing."""

from __future__ import annotations

from flask import Response, abort, request

from integration.flows import sent_mails, today
from integration.flows.accounts import Person
from integration.flows.sent_mails import WHICH, Which
from integration.web.dashboard.door import chosen_shops, page_number, show
from integration.web.visitor import services

FRAME_POLICY = (
    "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
"""What a mail may do: be looked at. `unsafe-inline` is for styles alone: mail programs know no others."""


def desk_list(who: Person) -> Response:
    """The newest mails: all, those that wait, those of a preview, those that stopped."""
    which: Which = next((name for name in WHICH if name == request.args.get("which")), "all")
    page = page_number()
    lines, more = sent_mails.listed(services(), chosen_shops(who), which, page)
    return show(
        "desk/mails", lines=lines, more=more, page=page, which=which, kinds=WHICH,
        shops=today.shops_of(services(), who), shop=request.args.get("shop", ""),
    )  # fmt: skip


def desk_mail(who: Person, mail_id: str) -> Response:
    """One mail: to whom, its words, how it looks."""
    return show("desk/mail", mail=sent_mails.opened(services(), who, mail_id))


def mail_html(who: Person, mail_id: str) -> Response:
    """The HTML part alone, for the frame."""
    mail = sent_mails.opened(services(), who, mail_id)
    if not mail.html:
        abort(404)
    answer = Response(mail.html, content_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = FRAME_POLICY
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
