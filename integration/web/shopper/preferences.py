"""The mail preferences page `/u/`: no more surveys, or surveys again; also a mail program's own button."""

from __future__ import annotations

from flask import Response

from integration.domain.errors import BadForm
from integration.flows import preferences as flow
from integration.flows.preferences import PreferencesView
from integration.web.forms import Form, admitted, one_click
from integration.web.pages import render
from integration.web.visitor import services


def preferences(token: str) -> Response:
    """Show the state with one button, or change it; answered 200 and never redirected (RFC 8058, section 3.1)."""
    sent = admitted("u", token)
    view = flow.page(services(), token) if sent is None else _changed(token, sent)
    return render("preferences.html", view.visit, view=view, changed=sent is not None)


def _changed(token: str, sent: Form) -> PreferencesView:
    if one_click(sent):
        return flow.unsubscribe(services(), token, "header")
    if sent.get("action") == "unsubscribe":
        return flow.unsubscribe(services(), token, "page")
    if sent.get("action") == "subscribe":
        return flow.subscribe(services(), token)
    raise BadForm("bad_form", field="action")
