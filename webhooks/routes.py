"""`POST /webhooks/<platform>/<key>`: finds the connection, has its signature checked, keeps the body, answers."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, current_app, request
from flask.blueprints import BlueprintSetupState

from integration import logs
from integration.domain.errors import BadPayload, BadSignature, Temporary
from integration.flows import way_back
from integration.flows.services import Services
from webhooks import inbox
from webhooks.bodies import body_of
from webhooks.doors import Doors

BODY_MAX = 2_000_000
DOORS = "postventa_doors"
blueprint = Blueprint("webhooks", __name__)
log = logging.getLogger(__name__)


@blueprint.record_once
def _remember(state: BlueprintSetupState) -> None:
    state.app.extensions[DOORS] = Doors(state.app.extensions["postventa"])


@blueprint.post("/webhooks/<platform>/<key>")
def receive(platform: str, key: str) -> Response:
    """Keep one delivery. 200 only after the commit; 401 bad signature, 404 unknown, 413 too large, 503 try again."""
    services: Services = current_app.extensions["postventa"]
    body = body_of(BODY_MAX)
    if body is None:
        return _refused(413, platform, "too_large")
    try:
        return _kept(services, platform, key, body)
    except (BadSignature, BadPayload) as error:
        return _refused(401, platform, error.code)
    except Temporary as error:
        log.warning("webhook not kept: %s", error)
        return _answer(503)


def _kept(services: Services, platform: str, key: str, body: bytes) -> Response:
    headers = {name.lower(): value for name, value in request.headers.items()}
    doors: Doors = current_app.extensions[DOORS]
    admitted = doors.admit(platform, key, headers, body)
    if admitted is None:
        return _refused(404, platform, "no_such_door")
    door, delivery = admitted
    if delivery.ping:
        way_back.heard(services, door.connection_id)
    else:
        services.checkpoint("webhook_admitted")
        inbox.keep(services, door, delivery, body)
        services.checkpoint("inbox_committed")
        services.wake()
    return _answer(200)


def _refused(status: int, platform: str, reason: str) -> Response:
    logs.security("webhook_refused", platform=platform[:20], reason=reason)
    return _answer(status)


def _answer(status: int) -> Response:
    return Response(status=status, mimetype="text/plain")
