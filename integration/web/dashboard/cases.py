"""Complaints: the desk's list, and one case to read and act on, at the desk or by the link in the alert mail."""

from __future__ import annotations

from typing import Any

from flask import Response, g, request

from integration.domain.errors import BadForm, Conflict
from integration.domain.money import Money
from integration.domain.policy import CAUSES
from integration.flows import cases, casework, today
from integration.flows.accounts import Person
from integration.flows.cases import ANSWER_MAX, FIXES, CaseView
from integration.flows.casework import NOTE_MAX, WHICH, CaseFile, Which
from integration.i18n import Words
from integration.web.dashboard.door import chosen_shops, page_number, sent, show, words_of
from integration.web.forms import admitted
from integration.web.pages import render, said
from integration.web.visitor import services, words_for


def case(token: str) -> Response:
    """Show the case, or do what was asked; a case that moved meanwhile is shown as it is now, with her words kept."""
    form = admitted("o", token)
    if form is None:
        return _page(cases.page(services(), token))
    try:
        view = cases.act(services(), token, form)
    except BadForm as error:
        return _page(cases.page(services(), token), 400, form=form, wrong=error)
    except Conflict as error:
        told = _told(error, words_for(g.visit))
        return _page(cases.page(services(), token), 409, form=form, conflict=told)
    return _page(view, did=form.get("action", ""))


def desk_list(who: Person) -> Response:
    """The cases of her shops: open ones by urgency and due time, hers, or closed ones."""
    which: Which = next((name for name in WHICH if name == request.args.get("which")), "open")
    cause = request.args.get("cause", "") if request.args.get("cause") in CAUSES else ""
    page = page_number()
    lines, more = casework.listed(services(), who, chosen_shops(who), which, cause, page)
    return show(
        "desk/cases", lines=lines, more=more, page=page, which=which, cause=cause, kinds=WHICH, causes=CAUSES,
        shops=today.shops_of(services(), who), shop=request.args.get("shop", ""),
    )  # fmt: skip


def desk_case(who: Person, case_id: str) -> Response:
    """One case of her shops: read it, act, take it, note something for the others."""
    form = sent()
    if form is None:
        return _desk_page(who, casework.opened(services(), who, case_id))
    try:
        found = casework.act(services(), who, case_id, form)
    except BadForm as error:
        return _desk_page(who, casework.opened(services(), who, case_id), 400, form=form, wrong=error)
    except Conflict as error:
        told = _told(error, words_of(who))
        return _desk_page(who, casework.opened(services(), who, case_id), 409, form=form, conflict=told)
    return _desk_page(who, found, did=form.get("action", ""))


def primary(view: CaseView) -> str:
    """The one thing to do next among the open actions: take the suggestion, else answer; say it is fixed; close."""
    first = "grant" if view.suggested_fix in FIXES else "answer"
    undecided = "grant" in view.open_actions
    order = (first,) if undecided else ("fixed", "close", "answer")
    return next((action for action in order if action in view.open_actions), "")


def _page(view: CaseView, status: int = 200, **values: Any) -> Response:
    return render("case.html", view.visit, status, **(_values(view, words_for(view.visit)) | values))


def _desk_page(who: Person, found: CaseFile, status: int = 200, **values: Any) -> Response:
    shown = _values(found.view, words_of(who)) | {"visit": found.view.visit} | values
    return show("desk/case", status, file=found, note_max=NOTE_MAX, **shown)


def _values(view: CaseView, words: Words) -> dict[str, Any]:
    return {
        "view": view,
        "fixes": FIXES,
        "primary": primary(view),
        "extra": _worth(view, words),
        "reasons": _reasons(view, words),
        "text_max": ANSWER_MAX,
        "form": {},
        "wrong": None,
        "conflict": "",
        "did": "",
    }


def _told(error: Conflict, words: Words) -> str:
    return words("pages.case.moved") if error.code in ("case_moved", "illegal_move") else said(words, error)


def _reasons(view: CaseView, words: Words) -> list[str]:
    """Why a person decides, in the words of the alert mail."""
    keys = [f"mail.why.{code}" for code in view.reasons]
    return list(dict.fromkeys(words(key if words.has(key) else "mail.why.other") for key in keys))


def _worth(view: CaseView, words: Words) -> str:
    """What the extra would be, in words: `percent 10` reads as "a 10 % discount"; empty without one."""
    kind, _, value = view.extra_offer.partition(" ")
    if kind == "percent":
        return words("pages.extras.percent", value=words.number(float(value)))
    if kind == "fixed":
        return words("pages.extras.fixed", value=words.money(Money.of(value, view.total.currency)))
    return words("pages.extras.free_shipping") if kind == "free_shipping" else ""
