"""HTTP for people: the shopper's pages behind link tokens, the owner's desk."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from integration.web import assets, dashboard, problems, shopper
from integration.web.dashboard import door


def register(app: Flask) -> None:
    """Put all pages into the app; they find their `Services` at `app.extensions["postventa"]`."""
    for part in (assets.blueprint, shopper.blueprint, dashboard.blueprint, dashboard.desk):
        app.register_blueprint(part)
    app.register_error_handler(HTTPException, _unrouted)


def _unrouted(error: HTTPException) -> Response | HTTPException:
    desk = request.path.startswith("/admin/") and not request.path.startswith("/admin/case/")
    return door.unrouted(error) if desk else problems.unrouted(error)
