"""The returns page `/r/`: what she sends back and how, and its label."""

from __future__ import annotations

from io import BytesIO

from flask import Response, redirect, send_file, url_for
from werkzeug import Response as BaseResponse

from integration.domain.errors import BadForm, NotFound
from integration.flows import returns
from integration.flows.returns import REASONS, RETURN_WISHES, TEXT_MAX, ReturnView
from integration.web.forms import Form, admitted
from integration.web.pages import render
from integration.web.visitor import services


def sending_back(token: str) -> Response:
    """Show items and label, or keep what she announces."""
    sent = admitted("r", token)
    if sent is None:
        return _page(token, returns.page(services(), token))
    try:
        view = returns.announce(services(), token, sent)
    except BadForm as error:
        return _page(token, returns.page(services(), token), 400, form=sent, wrong=error)
    return _page(token, view, thanks=True)


def label(token: str) -> BaseResponse:
    """The label as a file. Only her button makes a new one: a scanner that opens links must not use up labels."""
    if admitted("r", token) is None and returns.page(services(), token).label is None:
        return redirect(url_for("shopper.return", token=token), 303)
    try:
        name, pdf = returns.label_pdf(services(), token)
    except NotFound as error:
        if error.code != "no_label":
            raise
        return redirect(url_for("shopper.return", token=token), 303)  # which says whom to ask
    return send_file(BytesIO(pdf), "application/pdf", as_attachment=True, download_name=name, etag=False)


def _page(
    token: str,
    view: ReturnView,
    status: int = 200,
    *,
    form: Form | None = None,
    thanks: bool = False,
    wrong: BadForm | None = None,
) -> Response:
    return render(
        "return.html",
        view.visit,
        status,
        view=view,
        token=token,
        fields=["items", "reason", "wish", "text", *(f"item-{item.ref}" for item in view.items)],
        text_max=TEXT_MAX,
        reasons=REASONS,
        wishes=RETURN_WISHES,
        form=form or _announced(view),
        thanks=thanks,
        wrong=wrong,
    )


def _announced(view: ReturnView) -> Form:
    before = view.announced
    if before is None:
        return {}
    items = {f"item-{ref}": str(quantity) for ref, quantity in before.items.items()}
    return items | {"reason": before.reason, "wish": before.wish}
