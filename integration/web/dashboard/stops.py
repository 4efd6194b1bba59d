"""Work that stopped: why, and two buttons."""

from __future__ import annotations

from functools import partial

from flask import Response, redirect
from werkzeug import Response as BaseResponse

from integration.flows import stops
from integration.flows.accounts import Person
from integration.web.dashboard.door import show, to, words_of
from integration.web.dashboard.home import reason
from integration.web.visitor import services


def desk_list(who: Person) -> Response:
    """What stopped, the last first."""
    return show("desk/stops", lines=stops.listed(services(), who), reason=partial(reason, words_of(who)))


def retry(who: Person, task_id: str) -> BaseResponse:
    """Try it again."""
    stops.retry(services(), who, task_id)
    return redirect(to("stops", did="retried"), 303)


def discard(who: Person, task_id: str) -> BaseResponse:
    """Let it go."""
    stops.discard(services(), who, task_id)
    return redirect(to("stops", did="discarded"), 303)
