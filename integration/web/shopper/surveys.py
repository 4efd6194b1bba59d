"""The survey page `/s/`: a link in the mail picks a score, only her own button sends it."""

from __future__ import annotations

from flask import Response, g, request

from integration.domain.errors import BadForm
from integration.domain.policy import CAUSES
from integration.flows import surveys
from integration.flows.complaints import TEXT_MAX
from integration.flows.surveys import SurveyView
from integration.web.forms import Form, admitted
from integration.web.pages import render
from integration.web.visitor import services, words_for


def survey(token: str) -> Response:
    """Show it, or take her answer; an opened rating link is noted apart and answers nothing (B1)."""
    sent = admitted("s", token)
    if sent is not None:
        return _answer(token, sent)
    view = surveys.page(services(), token)
    picked = request.args.get("r", "")
    if picked not in set("12345"):
        return _page(view, form=_known(view))
    if request.method == "GET":
        surveys.intend(services(), token, int(picked))
    return _page(view, form=_known(view) | {"score": picked}, changing=True)


def _answer(token: str, sent: Form) -> Response:
    try:
        view = surveys.answer(services(), token, sent, words_for(g.visit).language)
    except BadForm as error:
        return _page(surveys.page(services(), token), 400, form=sent, changing=True, wrong=error)
    return _page(view, form=_known(view), thanks=view.editable)


def _page(
    view: SurveyView,
    status: int = 200,
    *,
    form: Form,
    changing: bool = False,
    thanks: bool = False,
    wrong: BadForm | None = None,
) -> Response:
    """`changing` unfolds the form over an answer given before."""
    return render(
        "survey.html",
        view.visit,
        status,
        view=view,
        causes=CAUSES,
        text_max=TEXT_MAX,
        form=form,
        changing=changing,
        thanks=thanks,
        wrong=wrong,
    )


def _known(view: SurveyView) -> Form:
    before = view.answered
    return {"score": str(before.score), "cause": before.cause, "text": before.text} if before else {}
