"""The owner's page of one complaint: read it and act, by the link in the alert mail."""

from __future__ import annotations

from typing import Any

from flask import Response, g

from integration.domain.errors import BadForm, Conflict
from integration.domain.money import Money
from integration.flows import cases
from integration.flows.cases import ANSWER_MAX, FIXES, CaseView
from integration.web.forms import admitted
from integration.web.pages import render, said
from integration.web.visitor import services, words_for


def case(token: str) -> Response:
    """Show the case, or do what was asked; a case that moved meanwhile is shown as it is now, with her words kept."""
    sent = admitted("o", token)
    if sent is None:
        return _page(cases.page(services(), token))
    try:
        view = cases.act(services(), token, sent)
    except BadForm as error:
        return _page(cases.page(services(), token), 400, form=sent, wrong=error)
    except Conflict as error:
        return _page(cases.page(services(), token), 409, form=sent, conflict=_told(error))
    return _page(view, did=sent.get("action", ""))


def primary(view: CaseView) -> str:
    """The one thing to do next among the open actions: take the suggestion, else answer; say it is fixed; close."""
    first = "grant" if view.suggested_fix in FIXES else "answer"
    undecided = "grant" in view.open_actions
    order = (first,) if undecided else ("fixed", "close", "answer")
    return next((action for action in order if action in view.open_actions), "")


def _page(view: CaseView, status: int = 200, **values: Any) -> Response:
    known: dict[str, Any] = {"form": {}, "wrong": None, "conflict": "", "did": ""}
    return render(
        "case.html",
        view.visit,
        status,
        view=view,
        fixes=FIXES,
        primary=primary(view),
        extra=_worth(view),
        reasons=_reasons(view),
        text_max=ANSWER_MAX,
        **(known | values),
    )


def _told(error: Conflict) -> str:
    words = words_for(g.visit)
    return words("pages.case.moved") if error.code in ("case_moved", "illegal_move") else said(words, error)


def _reasons(view: CaseView) -> list[str]:
    """Why a person decides, in the words of the alert mail."""
    words = words_for(view.visit)
    keys = [f"mail.why.{code}" for code in view.reasons]
    return list(dict.fromkeys(words(key if words.has(key) else "mail.why.other") for key in keys))


def _worth(view: CaseView) -> str:
    """What the extra would be, in words: `percent 10` reads as "a 10 % discount"; empty without one."""
    kind, _, value = view.extra_offer.partition(" ")
    words = words_for(view.visit)
    if kind == "percent":
        return words("pages.extras.percent", value=words.number(float(value)))
    if kind == "fixed":
        return words("pages.extras.fixed", value=words.money(Money.of(value, view.total.currency)))
    return words("pages.extras.free_shipping") if kind == "free_shipping" else ""
