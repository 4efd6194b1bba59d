"""HTTP for people: the shopper's pages behind link tokens, the owner's case page."""

from __future__ import annotations

from flask import Flask
from werkzeug.exceptions import HTTPException

from integration.web import assets, dashboard, shopper
from integration.web.problems import unrouted


def register(app: Flask) -> None:
    """Put all pages into the app; they find their `Services` at `app.extensions["postventa"]`."""
    for part in (assets, shopper, dashboard):
        app.register_blueprint(part.blueprint)
    app.register_error_handler(HTTPException, unrouted)
