"""In and out: the one-time link, the log-in, the log-out."""

from __future__ import annotations

from flask import Response, request
from werkzeug import Response as BaseResponse

from integration import passwords
from integration.domain.errors import BadForm, PostventaError, TooMany
from integration.flows import accounts
from integration.flows.accounts import Person
from integration.web.dashboard.door import cookie_name, logged_in, logged_out, sent, show, to, words_of
from integration.web.visitor import services


def welcome(token: str) -> BaseResponse:
    """Use a one-time link: a new account, or a new password for the one it names."""
    email, form = accounts.invited(services(), token), sent()
    if form is None:
        return _welcome(email)
    try:
        session_id = accounts.welcome(services(), token, form, words_of(None).language)
    except BadForm as error:
        return _welcome(email, 400, form=form, wrong=error)
    return logged_in(session_id, to("home"))


def _welcome(email: str, status: int = 200, **values: object) -> Response:
    known: dict[str, object] = {"form": {}, "wrong": None}
    advice = {"shortest": passwords.SHORTEST, "advised": passwords.ADVISED}
    return show("desk/welcome", status, email=email, **advice, **(known | values))


def login() -> BaseResponse:
    """Ask for address and password; then on to where she wanted to go."""
    form = sent()
    if form is None:
        return _login()
    try:
        held = request.cookies.get(cookie_name(), "")
        session_id = accounts.log_in(services(), form, request.remote_addr or "", held)
    except BadForm as error:
        return _login(400, form=form, wrong=error)
    except TooMany as error:
        answer = _login(429, form=form, wrong=error)
        answer.headers["Retry-After"] = str(error.params["seconds"])
        return answer
    return logged_in(session_id, _wanted())


def _login(status: int = 200, *, form: dict[str, str] | None = None, wrong: PostventaError | None = None) -> Response:
    return show("desk/login", status, form=form or {}, wrong=wrong)


def _wanted() -> str:
    """The page she came for, if it is one of ours; a link that brought her here must not send her elsewhere."""
    place = request.args.get("next", "")
    ours = place.startswith("/admin/") and place.isprintable() and "\\" not in place
    return place if ours else to("home")


def logout(who: Person) -> BaseResponse:
    """End this session."""
    accounts.log_out(services(), who)
    return logged_out()
