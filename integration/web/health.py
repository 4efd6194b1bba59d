"""`/healthz`: the process answers. `/readyz`: it can keep a webhook. No details for strangers."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, request

from integration.db import readiness
from integration.domain.errors import PostventaError
from integration.flows import reach
from integration.flows.services import Services

health = Blueprint("health", __name__)


@health.get("/healthz")
def healthz() -> Response:
    """Alive."""
    return Response("ok\n", mimetype="text/plain")


@health.get("/readyz")
def readyz() -> Response:
    """Ready: the database can be written now, on a disk with room."""
    services: Services = current_app.extensions["postventa"]
    try:
        readiness.check(services.db, services.clock())
    except PostventaError:
        return Response("not ready\n", status=503, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain")


@health.post(reach.PATH)
def echo() -> Response:
    """What of a signed question arrived, for `postventa doctor`; 404 for anybody else, and never a word of the body."""
    services: Services = current_app.extensions["postventa"]
    check, told = request.headers.get(reach.HEADER, ""), None
    request.max_content_length = reach.BODY_MAX + 1  # no more is read, whether its length was told or not
    if check and (request.content_length or 0) <= reach.BODY_MAX:
        forwarded = [part for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
        seen = {"hops": len(forwarded), "scheme": request.scheme, "host": request.host[:100]}
        told = reach.echo(services, check, request.get_data(cache=False), seen)
    return jsonify(told) if told else Response("not found\n", status=404, mimetype="text/plain")
