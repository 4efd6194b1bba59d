"""`/healthz`: the process answers. `/readyz`: it can keep a webhook. No details for strangers."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from integration.db.queries import shops
from integration.domain.errors import PostventaError
from integration.flows.services import Services

health = Blueprint("health", __name__)


@health.get("/healthz")
def healthz() -> Response:
    """Alive."""
    return Response("ok\n", mimetype="text/plain")


@health.get("/readyz")
def readyz() -> Response:
    """Ready: the database can be written, now."""
    services: Services = current_app.extensions["postventa"]
    try:
        with services.db.writing() as session:
            shops.all_shops(session)
    except PostventaError:
        return Response("not ready\n", status=503, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain")
