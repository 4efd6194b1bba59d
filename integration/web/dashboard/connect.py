"""Connecting a store: which platform it is on."""

from __future__ import annotations

from flask import Response

from integration.flows.accounts import Person
from integration.web.dashboard.door import show


def choose(who: Person) -> Response:  # noqa: ARG001 - every owner sees the same
    """The platforms, each with what is needed to connect it."""
    return show("desk/connect")
