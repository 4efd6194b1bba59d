"""The desk's door: who is there, whether the form is hers, what she may enter, and the frame around every room (D8)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, g, redirect, request, url_for
from werkzeug import Response as BaseResponse
from werkzeug.exceptions import HTTPException

from integration import logs
from integration.domain.errors import BadForm, Conflict, Gone, NotFound, TooMany
from integration.flows import accounts
from integration.flows.accounts import Person
from integration.i18n import Words, closest_language
from integration.web.forms import Form, fields, own_page
from integration.web.pages import HEADERS, LANGUAGE_NAMES, Texts, filled
from integration.web.visitor import chosen_language, services

View = Callable[..., BaseResponse]
SAFE = ("GET", "HEAD", "OPTIONS")
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
STATUSES: tuple[tuple[type[Exception], int], ...] = (
    (NotFound, 404), (Gone, 410), (BadForm, 400), (Conflict, 409), (TooMany, 429),
)  # fmt: skip
PROBLEMS = {400: "unreadable", 403: "foreign", 404: "unknown", 405: "unreadable", 409: "moved", 410: "expired",
            413: "too_large", 429: "busy"}  # fmt: skip
REFUSED = (403, 404, 410, 413, 429)

_log = logging.getLogger(__name__)


def guard(blueprint: Blueprint) -> None:
    """Give a blueprint of rooms their headers and their error pages."""
    blueprint.after_request(kept_private)
    blueprint.register_error_handler(Exception, failed)


def room(view: View, *, owners: bool = False) -> View:
    """A page for whoever is logged in; `owners`: for owners alone. A POST has to come from a page of hers."""

    def enter(**place: str) -> BaseResponse:
        who = accounts.person(services(), request.cookies.get(cookie_name(), ""))
        if who is None:
            return _to_login()
        g.who = who
        if request.method not in SAFE:
            _prove()
        if owners and not who.owns:
            abort(403)
        return view(who, **place)

    return enter


def hall(view: View) -> View:
    """A page for somebody not logged in yet: no cookie speaks for her, so being on our page is enough."""

    def enter(**place: str) -> BaseResponse:
        if request.method not in SAFE:
            if not (own_page() and _own_origin()):
                abort(403)
            g.sent = fields()
        return view(**place)

    return enter


def sent() -> Form | None:
    """The fields of a POST whose origin was proved; `None` for GET."""
    form: Form | None = g.get("sent")
    return form


def _prove() -> None:
    if not (request.mimetype and own_page() and _own_origin()):
        abort(403)
    g.sent = fields()
    if not hmac.compare_digest(g.sent.pop("csrf", "").encode(), csrf().encode()):
        abort(403)


def _own_origin() -> bool:
    """A page with `no-referrer` sends `Origin: null`; then the browser's own word that the page is ours counts."""
    origin = request.headers.get("Origin")
    if origin == "null":
        return request.headers.get("Sec-Fetch-Site") == "same-origin"
    public = urlsplit(services().settings.server.public_url)
    return origin is None or origin in (f"{public.scheme}://{public.netloc}", request.host_url.rstrip("/"))


def csrf() -> str:
    """What every form of this session carries; who cannot read the cookie cannot know it."""
    key = request.cookies.get(cookie_name(), "").encode("utf-8", "replace")
    return base64.urlsafe_b64encode(hmac.new(key, b"csrf", hashlib.sha256).digest())[:22].decode()


def cookie_name() -> str:
    """`__Host-` keeps other hosts and paths from setting it; browsers want https for that."""
    return "__Host-postventa" if _https() else "postventa"


def _https() -> bool:
    return services().settings.server.public_url.startswith("https://")


def logged_in(session_id: str, place: str) -> BaseResponse:
    """Go on to a place with a new session."""
    answer = redirect(place, 303)
    answer.set_cookie(
        cookie_name(), session_id, max_age=accounts.LONGEST, secure=_https(), httponly=True, samesite="Lax", path="/"
    )
    return answer


def logged_out() -> BaseResponse:
    """Back to the entrance without the cookie, and without pages that the browser kept."""
    answer = redirect(to("login"), 303)
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    answer.delete_cookie(cookie_name(), secure=_https(), httponly=True, samesite="Lax", path="/")
    return answer


def _to_login() -> BaseResponse:
    if request.method not in SAFE:
        abort(403)
    wanted = request.full_path.rstrip("?") if request.path != "/admin/" else None
    return redirect(to("login", next=wanted), 303)


def to(place: str, **values: Any) -> str:
    """The address of a room, in the language picked on this page."""
    return url_for(f"desk.{place}", **{"lang": chosen_language() or None} | values)


def chosen_shops(who: Person) -> tuple[str, ...]:
    """The shop picked in the address, else all of hers; `NotFound` for another's."""
    shop = request.args.get("shop", "")
    if shop and shop not in who.shops:
        raise NotFound("no_shop", shop=shop[:40])
    return (shop,) if shop else who.shops


def page_number() -> int:
    """Which page of a list is asked for, from 0."""
    page = request.args.get("page", "")
    return min(int(page), 10_000) if page.isdecimal() and len(page) < 6 else 0


def show(template: str, status: int = 200, **values: Any) -> Response:
    """A room's page, in the frame of whoever is logged in."""
    who: Person | None = g.get("who")
    words = words_of(who)
    known: dict[str, Any] = {
        "layout": "desk/frame.html",
        "desk": Texts(words, "desk"),
        "who": who,
        "csrf": csrf() if who else "",
        "room": (request.endpoint or "").removeprefix("desk.").partition("_")[0],
        "to": to,
        "did": request.args.get("did", ""),
        "languages": _languages(),
    }
    return filled(f"{template}.html", words, status, **(known | values))


def words_of(who: Person | None) -> Words:
    """In the language picked on the page, else hers, else the browser's, else the shop's; times in her shop's zone."""
    own = services().settings.shop
    wishes = (chosen_language(), who.locale if who else "", *request.accept_languages.values())
    return Words(closest_language(*wishes, default=own.locale), "", ZoneInfo(who.zone if who else own.zone))


def _languages() -> list[tuple[str, str, str]]:
    """Code, own name, and this page in that language."""
    rule = request.url_rule
    here = rule is not None and "GET" in (rule.methods or ())
    kept = {name: value for name, value in request.args.items() if here and name not in ("lang", "did")}
    address = "" if here else url_for("desk.home")
    return [(code, name, f"{address}?{urlencode({**kept, 'lang': code})}") for code, name in LANGUAGE_NAMES.items()]


def kept_private(response: Response) -> Response:
    """Headers of every room (D13): not kept, not indexed, not framed; other hosts learn at most our name."""
    own = {"Content-Security-Policy": POLICY, "Referrer-Policy": "strict-origin"}
    if request.endpoint == "desk.welcome":
        own["Referrer-Policy"] = "no-referrer"  # its address is a key
    for name, value in (HEADERS | own).items():
        response.headers.setdefault(name, value)
    return response


def failed(error: Exception) -> Response:
    """The page for an error; what nobody foresaw is logged."""
    status = _status(error)
    if status == 500:
        _log.error("desk page %s failed", request.endpoint, exc_info=error)
    elif status in REFUSED:
        logs.security("desk_refused", page=request.endpoint or "none", status=status, account=_account())
    return show("desk/problem", status, problem=PROBLEMS.get(status, "broken"))


def _account() -> str:
    who: Person | None = g.get("who")
    return who.id if who else "nobody"


def unrouted(error: HTTPException) -> Response:
    """The same page for addresses under ours that no room has; what there is, strangers are not told."""
    g.who = accounts.person(services(), request.cookies.get(cookie_name(), ""))
    return kept_private(failed(error))


def _status(error: Exception) -> int:
    if isinstance(error, HTTPException):
        return error.code if error.code in PROBLEMS else 500
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)
