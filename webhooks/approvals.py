"""`POST /webhooks/approved/<word>`: a store whose owner approved us sends its keys; only 200 has it keep them."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, current_app

from integration import logs
from integration.domain.errors import BadPayload, Conflict, Gone, NotFound, Temporary
from integration.flows import joining
from integration.flows.services import Services
from webhooks.bodies import body_of

BODY_MAX = 16_384
STATUSES: tuple[tuple[type[Exception], int], ...] = (
    (NotFound, 404), (Conflict, 409), (Gone, 410), (BadPayload, 400), (Temporary, 503),
)  # fmt: skip
blueprint = Blueprint("approvals", __name__)
log = logging.getLogger(__name__)


@blueprint.post("/webhooks/approved/<word>")
def receive(word: str) -> Response:
    """200 once the keys are kept; 400 no keys, 404 a word that is none, 409 used, 410 too old, 413, 503."""
    services: Services = current_app.extensions["postventa"]
    body = body_of(BODY_MAX)
    if body is None:
        return _answer(413)
    try:
        joining.take(services, word, body)
    except (NotFound, Conflict, Gone, BadPayload, Temporary) as error:
        status = next(status for kind, status in STATUSES if isinstance(error, kind))
        logs.security("keys_refused", reason=error.code, status=status)
        return _answer(status)
    return _answer(200)


def _answer(status: int) -> Response:
    return Response(status=status, mimetype="text/plain")
