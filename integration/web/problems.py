"""When a page cannot be shown: what happened and what to do, in the reader's language, and no trace of how."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException

from integration import logs
from integration.domain.errors import BadForm, Conflict, Gone, NotFound, Temporary
from integration.web.pages import kept_private, render

PAGES = ("/s/", "/c/", "/r/", "/u/", "/find/", "/admin/")
KINDS: tuple[tuple[type[Exception], int], ...] = (
    (NotFound, 404), (Gone, 410), (BadForm, 400), (Conflict, 409), (Temporary, 503),
)  # fmt: skip
NAMES = {400: "unreadable", 403: "foreign", 404: "unknown", 405: "unreadable", 409: "moved", 410: "expired",
         413: "too_large", 503: "busy"}  # fmt: skip
REFUSED = (403, 404, 410, 413)

_log = logging.getLogger(__name__)


def guard(blueprint: Blueprint) -> None:
    """Give a blueprint of token pages its headers and its error pages."""
    blueprint.after_request(kept_private)
    blueprint.register_error_handler(Exception, failed)


def failed(error: Exception) -> Response:
    """The page for an error; what nobody foresaw is logged, without the address, since that is a key."""
    status = _status(error)
    if status == 500:
        _log.error("page %s failed", request.endpoint, exc_info=error)
    elif status in REFUSED:
        logs.security("page_refused", page=request.endpoint or "none", status=status)
    return render("problem.html", g.get("visit"), status, problem=_problem(error, status))


def _problem(error: Exception, status: int) -> str:
    if getattr(error, "code", "") == "erased":
        return "erased"
    if status == 410 and request.endpoint == "dashboard.case":
        return "case_expired"
    return NAMES.get(status, "broken")


def unrouted(error: HTTPException) -> Response | HTTPException:
    """The same pages for addresses under ours that no route takes; other doors keep their own answers."""
    return kept_private(failed(error)) if request.path.startswith(PAGES) else error


def _status(error: Exception) -> int:
    if isinstance(error, HTTPException):
        return error.code if error.code in NAMES else 500
    return next((status for kind, status in KINDS if isinstance(error, kind)), 500)
