"""`/metrics` in Prometheus' text format: for this machine, or for whoever shows the token."""

from __future__ import annotations

from hmac import compare_digest
from ipaddress import ip_address

from flask import Blueprint, Response, request

from integration import logs
from integration.domain.errors import PostventaError
from integration.flows.metrics import Metric, gather
from integration.web.visitor import services

metrics = Blueprint("metrics", __name__)
FORMAT = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@metrics.get("/metrics")
def told() -> Response:
    """The figures; 404 for strangers, 503 while the database does not answer."""
    if not (_shows_token() or _from_here()):
        logs.security("metrics_refused")
        return Response("not found\n", 404, mimetype="text/plain")
    try:
        figures = gather(services())
    except PostventaError:
        return Response("not now\n", 503, mimetype="text/plain")
    return Response("".join(map(_written, figures)), content_type=FORMAT, headers={"Cache-Control": "no-store"})


def _shows_token() -> bool:
    token, shown = services().settings.server.metrics_token, request.authorization
    return bool(token and shown and shown.type == "bearer") and compare_digest(
        (shown.token or "").encode() if shown else b"", token.encode()
    )


def _from_here() -> bool:
    """Whether this machine asks, and not a web server on it for somebody else."""
    relayed = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    if relayed and not services().settings.server.trusted_proxies:
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _written(metric: Metric) -> str:
    name = f"postventa_{metric.name}"
    lines = [f"# HELP {name} {metric.about}", f"# TYPE {name} gauge"]
    for values, number in metric.values:
        pairs = ",".join(
            f'{key}="{value.translate(_ESCAPES)}"' for key, value in zip(metric.labels, values, strict=True)
        )
        lines.append(f"{name}{{{pairs}}} {number:g}" if pairs else f"{name} {number:g}")
    return "\n".join(lines) + "\n"
