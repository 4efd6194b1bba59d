"""`POST /webhooks/mail/<provider>/<key>`: what a mail provider tells of mails, acted on once and then answered."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, current_app

from emails.providers import PROVIDERS
from integration import logs
from integration.domain.errors import BadPayload, Temporary
from integration.flows import bounces, mail_doors
from integration.flows.services import Services
from webhooks.bodies import body_of

BODY_MAX = 2_000_000
blueprint = Blueprint("mail_events", __name__)
log = logging.getLogger(__name__)


@blueprint.route("/webhooks/mail/<provider>/<key>", methods=["POST", "HEAD"])
def receive(provider: str, key: str) -> Response:
    """200 only after the commit; 404 for another key (Postmark signs nothing, the address is the secret), 413, 503.

    A body of another shape is answered 200 and told to the owner: the provider would only send it again. HEAD is
    what some providers ask when the webhook is set up (A33).
    """
    services: Services = current_app.extensions["postventa"]
    if provider not in PROVIDERS or not mail_doors.opens(services, provider, key):
        logs.security("webhook_refused", platform=provider[:20], reason="no_such_door")
        return _answer(404)
    body = body_of(BODY_MAX)
    return _answer(413 if body is None else _taken(services, provider, body))


def _taken(services: Services, provider: str, body: bytes) -> int:
    try:
        for heard in PROVIDERS[provider](body) if body else ():
            bounces.take(services, heard)
    except BadPayload as error:
        log.warning("event of %s not understood: %s", provider, error)
        bounces.unreadable(services, provider)
    except Temporary as error:
        log.warning("event of %s not kept: %s", provider, error)
        return 503
    services.wake()
    return 200


def _answer(status: int) -> Response:
    return Response(status=status, mimetype="text/plain")
