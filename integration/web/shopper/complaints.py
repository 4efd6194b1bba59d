"""The complaint page `/c/`: what became of hers, and the form for a new one."""

from __future__ import annotations

from flask import Response, g

from integration.domain.errors import BadForm
from integration.domain.policy import CAUSES, WISHES
from integration.flows import complaints
from integration.flows.complaints import TEXT_MAX
from integration.web.forms import Form, admitted
from integration.web.pages import render
from integration.web.visitor import services, words_for


def complaint(token: str) -> Response:
    """Show her complaints and the form, or take a new one."""
    sent = admitted("c", token)
    if sent is None:
        return _page(token)
    try:
        opened = complaints.complain(services(), token, sent, words_for(g.visit).language)
    except BadForm as error:
        return _page(token, 400, form=sent, wrong=error)
    return _page(token, opened=opened.number)


def _page(
    token: str, status: int = 200, *, form: Form | None = None, opened: str = "", wrong: BadForm | None = None
) -> Response:
    """`opened` is the number of the complaint she just sent."""
    view = complaints.page(services(), token)
    running = [each for each in view.complaints if each.state != "closed"]
    past = [each for each in view.complaints if each.state == "closed"]
    return render(
        "complaint.html",
        view.visit,
        status,
        running=running,
        past=past,
        causes=CAUSES,
        wishes=WISHES,
        text_max=TEXT_MAX,
        form=form or {},
        opened=opened,
        wrong=wrong,
    )
