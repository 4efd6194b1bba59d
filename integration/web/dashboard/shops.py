"""Shops: connection and state, pause and live, a trial of the whole line."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, Literal

from flask import Response, redirect
from werkzeug import Response as BaseResponse

from integration.domain.errors import BadForm, TooMany
from integration.flows import connecting, going_live, lost_links, past, shop_desk
from integration.flows.accounts import Person
from integration.flows.mail_health import mails_leave
from integration.i18n import Words, check_words, reason_words
from integration.rules.delivery import Trigger, parse_trigger
from integration.web.dashboard.door import sent, show, to, words_of
from integration.web.pages import said
from integration.web.visitor import services


def desk_list(who: Person) -> Response:
    """Every shop with its state."""
    return show("desk/shops", shops=shop_desk.listed(services(), who))


def desk_shop(who: Person, shop_id: str) -> Response:
    """One shop."""
    return _page(who, shop_id)


def _page(who: Person, shop_id: str, **values: Any) -> Response:
    words = words_of(who)
    known: dict[str, Any] = {"checks": None, "check_words": partial(check_words, words)}
    known |= {"lost_url": lost_links.url(services(), shop_id), "leaves": mails_leave(services())}
    view = shop_desk.opened(services(), who, shop_id)
    return show("desk/shop", view=view, reason=partial(reason_words, words), **_told(words), **(known | values))


def _told(words: Words) -> dict[str, Any]:
    return {"triggers_of": triggers_of, "status_name": partial(status_name, words)}


def triggers_of(spellings: Iterable[str]) -> list[Trigger]:
    """`completed+4d` as what it means."""
    return [parse_trigger(text) for text in spellings]


def status_name(words: Words, status: str) -> str:
    """As WooCommerce calls it in this language; a status that somebody added is called by its slug."""
    key = f"connect.statuses.{status}"
    return words(key) if words.has(key) else status


def check(who: Person, shop_id: str) -> Response:
    """Look at the connection now and say what was seen."""
    return _page(who, shop_id, checks=shop_desk.check(services(), who, shop_id))


def pause(who: Person, shop_id: str) -> BaseResponse:
    """Nothing leaves until it goes on."""
    return _set(who, shop_id, "paused")


def live(who: Person, shop_id: str) -> BaseResponse:
    """Say what going live means; then do it."""
    view = shop_desk.opened(services(), who, shop_id)
    if sent() is None:
        return show("desk/live", view=view, then=going_live.consequences(services(), shop_id))
    return _set(who, shop_id, "live")


def _set(who: Person, shop_id: str, state: Literal["live", "paused"]) -> BaseResponse:
    connecting.set_state(services(), shop_desk.opened(services(), who, shop_id).name, state)
    return redirect(to("shops_one", shop_id=shop_id, did=state), 303)


def read_past(who: Person, shop_id: str) -> BaseResponse:
    """Read its last 60 days, go on, or pause."""
    view, form = shop_desk.opened(services(), who, shop_id), sent() or {}
    pauses = form.get("go") == "pause"
    (past.pause if pauses else past.ask)(services(), view.id)
    return redirect(to("shops_one", shop_id=shop_id, did="past_paused" if pauses else "past_asked"), 303)


def trial(who: Person, shop_id: str) -> BaseResponse:
    """Ask for an order and an address; then run the line and show each step."""
    view, form, words = shop_desk.opened(services(), who, shop_id), sent(), words_of(who)
    known: dict[str, Any] = {"view": view, "form": {"to": who.email}, "steps": None, "wrong": None}
    if form is None:
        return show("desk/try", **known)
    try:
        steps = shop_desk.try_out(services(), who, shop_id, form.get("order", "").strip(), form.get("to", "").strip())
    except (BadForm, TooMany) as error:
        status = 429 if isinstance(error, TooMany) else 400
        return show("desk/try", status, **(known | {"form": form, "wrong": error}))
    told = [(step, said(words, step.error) if step.error else "") for step in steps]
    return show("desk/try", **(known | {"form": form, "steps": told}))
