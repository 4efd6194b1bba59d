"""The dead man's ping: a watcher elsewhere raises the alarm when it stops coming."""

from __future__ import annotations

import logging

from integration.domain.errors import SinkError
from integration.flows.services import Services

log = logging.getLogger(__name__)


def beat(services: Services) -> bool:
    """Call `[alerts] ping_url`; false when there is none, or nobody answered. The address is a secret: never told."""
    url = services.settings.alerts.ping_url
    if not url:
        return False
    try:
        answer = services.http.request("GET", url)
    except SinkError as error:
        log.warning("ping: %s", error.code)
        return False
    if answer.status >= 400:
        log.warning("ping: answered %s", answer.status)
    return answer.status < 400
