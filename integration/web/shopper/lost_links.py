"""The page `/find/`: who lost her mail has its links sent again; the answer is the same for everybody (D7, D17)."""

from __future__ import annotations

from flask import Response, abort, request

from integration.domain.errors import BadForm, PostventaError, TooMany
from integration.flows import lost_links as flow
from integration.flows.lost_links import EMAIL_MAX, NUMBER_MAX, LostLinks
from integration.i18n import Words, closest_language
from integration.web import contact, robots
from integration.web.forms import Form, fields, own_page
from integration.web.pages import filled
from integration.web.visitor import chosen_language, services


def lost_links(shop_id: str) -> Response:
    """Ask for order number and address; then say that a mail leaves if there is such an order."""
    page = flow.page(services(), shop_id)
    if request.method != "POST":
        return _page(page)
    if not own_page():
        abort(403)
    sent = fields()
    try:
        if not robots.trapped(sent):
            robots.check(sent)
            flow.ask(services(), shop_id, sent, request.remote_addr or "")
    except BadForm as error:
        return _page(page, 400, form=sent, wrong=error)
    except TooMany as error:
        answer = _page(page, 429, form=sent, wrong=error)
        answer.headers["Retry-After"] = str(error.params["seconds"])
        return answer
    return _page(page, asked=True)


def _page(
    page: LostLinks,
    status: int = 200,
    *,
    form: Form | None = None,
    wrong: PostventaError | None = None,
    asked: bool = False,
) -> Response:
    words = Words(closest_language(chosen_language(), *request.accept_languages.values(), default=page.locale))
    return filled(
        "lost_links.html", words, status, layout="base.html", csrf="", visit=None, shop_name=page.shop_name,
        card=contact.card(words, None), form=form or {}, wrong=wrong, asked=asked, stamp=robots.stamp(),
        number_max=NUMBER_MAX, email_max=EMAIL_MAX,
    )  # fmt: skip
