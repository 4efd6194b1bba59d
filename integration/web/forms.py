"""Sent forms: who may send them, how large they may be, and their fields as clean text."""

from __future__ import annotations

import unicodedata
from urllib.parse import unquote_to_bytes

from flask import abort, g, request

from integration.flows import visits
from integration.links import Purpose
from integration.web.visitor import services

BODY_MAX = 64 * 1024
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
ONE_CLICK = ("List-Unsubscribe", "One-Click")

Form = dict[str, str]


def admitted(purpose: Purpose, token: str) -> Form | None:
    """The fields of a POST whose link opens and whose body may be read; `None` for GET and HEAD.

    The visit is kept in `g.visit`, so that an error page speaks her language. 400, 403, 413 as `HTTPException`.
    """
    g.visit = visits.visit(services(), purpose, token)
    if request.method != "POST":
        return None
    sent = fields()
    if not (own_page() or (purpose == "u" and one_click(sent))):
        abort(403)
    return sent


def own_page() -> bool:
    """Whether the form stood on a page of ours (design decision 5).

    The token is the authority and `no-referrer` makes browsers send `Origin: null`, so only Sec-Fetch-Site is asked;
    browsers that know it always send it.
    """
    return request.headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none")


def one_click(sent: Form) -> bool:
    """Whether a mail program sent this for its own unsubscribe button (RFC 8058, section 3.2)."""
    return sent.get(ONE_CLICK[0]) == ONE_CLICK[1]


def fields() -> Form:
    """The fields of the POST at hand as clean text; 400 and 413 as `HTTPException`."""
    request.max_content_length = BODY_MAX + 1
    body = request.get_data()
    if len(body) > BODY_MAX:  # werkzeug silently cuts a body whose length was not announced
        abort(413)
    if request.mimetype not in (URLENCODED, MULTIPART):
        abort(400)
    try:
        (unquote_to_bytes(body) if request.mimetype == URLENCODED else body).decode("utf-8")
    except UnicodeDecodeError:
        abort(400)
    return {name: _clean(value) for name, value in request.form.items()}


def _clean(text: str) -> str:
    """Line ends as one sign, and no control characters: PostgreSQL refuses NUL, terminals obey the rest."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign for sign in lines if sign in "\n\t" or unicodedata.category(sign) != "Cc")
