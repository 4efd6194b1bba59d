"""Her own account, and, for owners, who else sits at the desk."""

from __future__ import annotations

from flask import Response, redirect
from werkzeug import Response as BaseResponse

from integration import passwords
from integration.domain.errors import BadForm, Conflict, PostventaError
from integration.flows import accounts, people_list, today
from integration.flows.accounts import ROLES, Person
from integration.web.dashboard.door import sent, show, to
from integration.web.visitor import services


def account(who: Person) -> BaseResponse:
    """Name, language, password; in how many places she is logged in."""
    form = sent()
    if form is None:
        return _account(who)
    if form.get("action") == "close_others":
        accounts.log_out(services(), who, others=True)
        return redirect(to("account", did="closed_others"), 303)
    try:
        accounts.change(services(), who, form)
    except BadForm as error:
        return _account(who, 400, form=form, wrong=error)
    return redirect(to("account", did="changed", lang=None), 303)


def _account(who: Person, status: int = 200, **values: object) -> Response:
    known: dict[str, object] = {"form": {"name": who.name, "locale": who.locale}, "wrong": None}
    advice = {"shortest": passwords.SHORTEST, "advised": passwords.ADVISED}
    return show("desk/account", status, places=accounts.places(services(), who), **advice, **(known | values))


def people(who: Person) -> BaseResponse:
    """Everybody at the desk; a link for one more, shown once; somebody shut out."""
    form = sent()
    if form is None:
        return _people(who)
    try:
        if form.get("action") == "disable":
            people_list.disable(services(), form.get("account", ""))
            return redirect(to("people", did="disabled"), 303)
        link = people_list.invite(services(), form.get("role", ""), form.get("shop", ""))
    except BadForm as error:
        return _people(who, 400, wrong=error)
    except Conflict as error:
        return _people(who, 409, wrong=error)
    return _people(who, link=link)


def _people(who: Person, status: int = 200, *, link: str = "", wrong: PostventaError | None = None) -> Response:
    found = people_list.listed(services())
    shops = today.shops_of(services(), who)
    return show("desk/people", status, people=found, link=link, roles=ROLES, shops=shops, wrong=wrong)
