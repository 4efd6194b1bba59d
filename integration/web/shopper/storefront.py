"""Our page on the shop's own domain: where the links are, and whom to ask; the shop puts its theme around it."""

from __future__ import annotations

from flask import Response, request

from integration.flows import storefront as flow
from integration.i18n import Words, closest_language
from integration.web import contact
from integration.web.pages import LIQUID, Texts, templates
from integration.web.visitor import services


def storefront(platform: str, key: str) -> Response:
    """A part of a page as Liquid, since Shopify renders that inside the theme; nothing in it can be Liquid itself."""
    page = flow.opened(services(), platform, key, request.query_string.decode("ascii", "replace"))
    words = Words(closest_language(page.locale, default=services().settings.shop.locale))
    values = {
        "t": Texts(words, "pages"),
        "shop_name": page.shop_name,
        "lost_url": page.lost_url,
        "card": contact.card(words, None),
    }
    text = templates().get_template("storefront.html").render(values)
    headers = {"Content-Security-Policy": "frame-ancestors 'none'"}
    return Response(text.replace("{", "&#123;"), content_type=f"{LIQUID}; charset=utf-8", headers=headers)
