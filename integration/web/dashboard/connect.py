"""Connecting a store: which platform it is on; for WooCommerce, approved in the shop or by typed keys."""

from __future__ import annotations

from functools import partial

from flask import Response, redirect, request
from werkzeug import Response as BaseResponse

from integration.domain.errors import BadForm, Gone, NotFound, PostventaError, SinkError, TooMany
from integration.flows import delivered, joining, shop_desk
from integration.flows.accounts import Person
from integration.flows.joining import Outcome
from integration.i18n import check_words
from integration.web.dashboard.door import sent, show, to, words_of
from integration.web.dashboard.shops import status_name
from integration.web.pages import said
from integration.web.visitor import services

STATUSES: tuple[tuple[type[Exception], int], ...] = ((TooMany, 429), (NotFound, 404), (Gone, 410), (BadForm, 400))
ENDS = (NotFound, Gone)


def choose(who: Person) -> Response:  # noqa: ARG001 - every owner sees the same
    """The platforms, each with what is needed to connect it."""
    return show("desk/connect")


def woocommerce(who: Person) -> BaseResponse:
    """Ask where the shop is; greet it, and go on to how it gives us keys."""
    form, shop_id = sent(), request.args.get("shop", "")
    if form is None:
        return _address(who, shop_id)
    try:
        begun = joining.begin(services(), who, form.get("address", ""), form.get("shop", ""))
    except (BadForm, TooMany) as error:
        return _address(who, form.get("shop", ""), error, form.get("address", ""))
    if begun.joining_id:
        return redirect(to("shops_joining", joining_id=begun.joining_id), 303)
    moved = next((str(one.params["to"]) for one in begun.checks if not one.ok and one.params.get("to")), "")
    return _address(who, form.get("shop", ""), None, moved or form.get("address", ""), begun)


def _address(
    who: Person,
    shop_id: str,
    wrong: PostventaError | None = None,
    typed: str = "",
    outcome: Outcome | None = None,
) -> Response:
    shop = joining.known(services(), who, shop_id) if shop_id else None
    address = typed or (shop.address if shop else "")
    known = {"shop": shop, "address": address, "wrong": wrong, "failed": _failed(outcome)}
    return show("desk/connect_woocommerce", _status(wrong), check_words=partial(check_words, words_of(who)), **known)


def _failed(outcome: Outcome | None) -> list[object]:
    return [one for one in outcome.checks if not one.ok] if outcome else []


def _status(wrong: Exception | None) -> int:
    return next((status for kind, status in STATUSES if isinstance(wrong, kind)), 200)


def on_its_way(who: Person, joining_id: str) -> BaseResponse:
    """The two ways to the keys; a POST brings typed ones, or asks to look once more."""
    form = sent()
    try:
        if form is None:
            return _choice(who, joining_id)
        if form.get("action") != "again":
            joining.typed_keys(services(), who, joining_id, form)
        return _finished(who, joining_id)
    except (BadForm, TooMany) as error:
        return _choice(who, joining_id, wrong=error)
    except ENDS as error:
        return _address(who, "", error)


def back(who: Person, joining_id: str) -> BaseResponse:
    """The shop sends her browser here after she approved or denied.

    It is a GET that may connect a shop, since no other comes from there; only once, only hers, and only with keys that
    the shop itself has sent before.
    """
    try:
        if request.args.get("success") == "0":
            return _choice(who, joining_id, note="denied")
        return _finished(who, joining_id)
    except (BadForm, TooMany) as error:
        return _choice(who, joining_id, wrong=error)
    except ENDS as error:
        return _address(who, "", error)


def _finished(who: Person, joining_id: str) -> BaseResponse:
    outcome = joining.finish(services(), who, joining_id)
    if outcome.shop_id:
        did = "reconnected" if joining.opened(services(), who, joining_id).again else "connected"
        return redirect(to("shops_delivered", shop_id=outcome.shop_id, did=did), 303)
    return _choice(who, joining_id, outcome=outcome, note="" if outcome.checks else "no_keys")


def _choice(
    who: Person,
    joining_id: str,
    *,
    wrong: PostventaError | None = None,
    outcome: Outcome | None = None,
    note: str = "",
) -> BaseResponse:
    view = joining.opened(services(), who, joining_id)
    if view.state == "done":
        return redirect(to("shops_one", shop_id=view.shop_id), 303)
    note = note if view.state == "asked" else ""  # while somebody looks with them, keys are there
    known = {"view": view, "wrong": wrong, "failed": _failed(outcome), "note": note}
    return show("desk/connect_keys", _status(wrong), check_words=partial(check_words, words_of(who)), **known)


def when_delivered(who: Person, shop_id: str) -> BaseResponse:
    """What the store's orders of late say of when they count as delivered; the button takes what is proposed."""
    view, words = shop_desk.opened(services(), who, shop_id), words_of(who)
    try:
        if sent() is not None:
            delivered.take(services(), shop_id)
            return redirect(to("shops_one", shop_id=shop_id, did="delivered_when"), 303)
        found, why = delivered.proposal(services(), shop_id), ""
    except SinkError as error:
        found, why = None, said(words, error)
    return show("desk/delivered", view=view, found=found, why=why, status_name=partial(status_name, words))
