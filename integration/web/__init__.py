"""HTTP for people: the shopper's pages behind link tokens, the owner's desk."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from integration.web import assets, dashboard, problems, shopper
from integration.web.dashboard import door
from integration.web.visitor import services

FLOOR = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""What any answer says of itself where its page says nothing else."""


def register(app: Flask) -> None:
    """Put all pages into the app; they find their `Services` at `app.extensions["postventa"]`."""
    for part in (assets.blueprint, shopper.blueprint, dashboard.blueprint, dashboard.desk):
        app.register_blueprint(part)
    app.register_error_handler(HTTPException, _unrouted)
    app.after_request(_floored)


def _unrouted(error: HTTPException) -> Response | HTTPException:
    desk = request.path.startswith("/admin/") and not request.path.startswith("/admin/case/")
    return door.unrouted(error) if desk else problems.unrouted(error)


def _floored(response: Response) -> Response:
    """Webhooks, health and files included (D13); over https browsers are told to stay there for a year."""
    for name, value in FLOOR.items():
        response.headers.setdefault(name, value)
    if services().settings.server.public_url.startswith("https://"):
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
