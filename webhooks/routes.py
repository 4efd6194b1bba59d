"""`POST /webhooks/<platform>/<key>`: finds the connection, has its signature checked, keeps the body, answers."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, current_app, request

import connectors
from integration import logs
from integration.db.queries import shops
from integration.db.tables import Connection
from integration.domain.errors import BadPayload, BadSignature, NotFound, Temporary
from integration.flows.services import Services
from integration.flows.shops import webhook_secrets
from webhooks import inbox

BODY_MAX = 2_000_000
blueprint = Blueprint("webhooks", __name__)
log = logging.getLogger(__name__)


@blueprint.post("/webhooks/<platform>/<key>")
def receive(platform: str, key: str) -> Response:
    """Keep one delivery. 200 only after the commit; 401 bad signature, 404 unknown, 413 too large, 503 try again."""
    services: Services = current_app.extensions["postventa"]
    if (request.content_length or 0) > BODY_MAX:
        return _answer(413)
    body = request.get_data(cache=False)
    if len(body) > BODY_MAX:
        return _answer(413)
    try:
        return _kept(services, platform, key, body)
    except (BadSignature, BadPayload) as error:
        logs.security("webhook_refused", platform=platform, reason=error.code)
        return _answer(401)
    except Temporary as error:
        log.warning("webhook not kept: %s", error)
        return _answer(503)


def _kept(services: Services, platform: str, key: str, body: bytes) -> Response:
    connection = _connection(services, platform, key)
    if connection is None:
        return _answer(404)
    headers = {name.lower(): value for name, value in request.headers.items()}
    delivery = connectors.store(platform).verify(headers, body, webhook_secrets(services, connection))
    if not delivery.ping:
        inbox.keep(services, connection, delivery, body)
        services.checkpoint("inbox_committed")
        services.wake()
    return _answer(200)


def _connection(services: Services, platform: str, key: str) -> Connection | None:
    try:
        connectors.store(platform)
    except NotFound:
        return None
    with services.db.reading() as session:
        return shops.connection_by_key(session, platform, key)


def _answer(status: int) -> Response:
    return Response(status=status, mimetype="text/plain")
