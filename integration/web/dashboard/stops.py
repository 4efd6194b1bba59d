"""Work that stopped, and webhooks that nobody could act on: why, and two buttons each."""

from __future__ import annotations

from functools import partial

from flask import Response, redirect
from werkzeug import Response as BaseResponse

from integration.flows import odd_receipts, stops
from integration.flows.accounts import Person
from integration.i18n import reason_words
from integration.web.dashboard.door import show, to, words_of
from integration.web.visitor import services


def desk_list(who: Person) -> Response:
    """What stopped, the last first."""
    lines, receipts = stops.listed(services(), who), odd_receipts.listed(services(), who)
    known = {"again": sum(not line.unsure for line in lines), "readable": sum(bool(one.body) for one in receipts)}
    return show("desk/stops", lines=lines, receipts=receipts, reason=partial(reason_words, words_of(who)), **known)


def retry(who: Person, task_id: str) -> BaseResponse:
    """Try it again."""
    stops.retry(services(), who, task_id)
    return redirect(to("stops", did="retried"), 303)


def discard(who: Person, task_id: str) -> BaseResponse:
    """Let it go."""
    stops.discard(services(), who, task_id)
    return redirect(to("stops", did="discarded"), 303)


def retry_all(who: Person) -> BaseResponse:
    """Try all of it again that surely did not happen."""
    stops.retry_all(services(), who)
    return redirect(to("stops", did="retried"), 303)


def replay(who: Person, receipt_id: str) -> BaseResponse:
    """Act on a webhook again."""
    odd_receipts.replay(services(), who, receipt_id)
    return redirect(to("stops", did="retried"), 303)


def replay_all(who: Person) -> BaseResponse:
    """Act on all of them again."""
    odd_receipts.replay_all(services(), who)
    return redirect(to("stops", did="retried"), 303)


def drop(who: Person, receipt_id: str) -> BaseResponse:
    """Let a webhook go."""
    odd_receipts.discard(services(), who, receipt_id)
    return redirect(to("stops", did="discarded"), 303)
