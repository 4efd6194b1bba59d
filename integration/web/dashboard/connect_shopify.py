"""Connecting a Shopify shop: what the app has to be granted and why, four values, and what was found."""

from __future__ import annotations

from functools import partial

from flask import redirect, request
from werkzeug import Response as BaseResponse

from integration.domain.errors import BadForm, TooMany
from integration.flows import connect_shopify as flow
from integration.flows.accounts import Person
from integration.i18n import check_words
from integration.web.dashboard.door import sent, show, to, words_of
from integration.web.visitor import services

_SECRETS = ("client_secret", "token")


def connect(who: Person) -> BaseResponse:
    """Say what is needed; then look at the shop and keep it, in preview."""
    form = sent()
    if form is None:
        return _page(who, request.args.get("shop", ""))
    try:
        outcome = flow.connect(services(), who, form)
    except (BadForm, TooMany) as error:
        return _page(who, form.get("shop", ""), 429 if isinstance(error, TooMany) else 400, form=form, wrong=error)
    if not outcome.shop_id:
        return _page(who, form.get("shop", ""), form=form, failed=[one for one in outcome.checks if not one.ok])
    did = "reconnected" if form.get("shop") else "connected"
    return redirect(to("shops_one", shop_id=outcome.shop_id, did=did), 303)


def _page(who: Person, shop_id: str, status: int = 200, **values: object) -> BaseResponse:
    offer = flow.offer(services(), who, shop_id)
    form = dict(values.pop("form", None) or {"domain": offer.domain, "webhooks": "make"})  # type: ignore[call-overload]
    for name in _SECRETS:
        form.pop(name, None)  # a secret is never shown again
    words = words_of(who)
    known = {"wrong": None, "failed": (), "check_words": partial(check_words, words)}
    return show("desk/connect_shopify", status, offer=offer, form=form, **(known | values))
