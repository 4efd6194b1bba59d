"""The demo's own pages: orders, mailbox, one order's life, and the button that delivers one now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, redirect, render_template, request

from integration.demo import life, outbox
from integration.i18n import Words, closest_language

if TYPE_CHECKING:
    from integration.demo.world import World


def demo_pages(world: World) -> Blueprint:
    """The blueprint under `/demo/`; only the demo's app has it."""
    pages = Blueprint("demo", __name__, url_prefix="/demo", template_folder="templates")

    def words() -> Words:
        wishes = (request.args.get("lang", ""), request.accept_languages.best or "")
        return Words(closest_language(*wishes), "ES", life.ZONE)

    def show(template: str, **values: object) -> str:
        reader = words()
        return render_template(f"demo/{template}.html", t=reader, lang=reader.tag, chosen=reader.language, **values)

    @pages.get("/")
    def home() -> str:
        return show("home", sides=world.sides, orders=life.lines(world), mails=outbox.read(world.outbox)[::-1][:8])

    @pages.post("/deliver/<int:place>")
    def deliver(place: int) -> Response:
        if place >= len(world.sides):
            abort(404)
        side = world.sides[place]
        ref = side.sell(first_name="Sam")
        side.post(*side.arrive(ref))
        return redirect(f"/demo/order/{place}/{ref}?lang={words().language}", 303)  # type: ignore[return-value]

    @pages.get("/order/<int:place>/<ref>")
    def order(place: int, ref: str) -> str:
        if place >= len(world.sides):
            abort(404)
        return show("order", life=life.of_order(world, world.sides[place], ref, words()))

    @pages.get("/mails/")
    def mailbox() -> str:
        return show("mailbox", mails=outbox.read(world.outbox)[::-1])

    @pages.get("/mails/<name>")
    def mail(name: str) -> str:
        return show("mail", mail=_find(world, name))

    @pages.get("/mails/<name>/html")
    def mail_html(name: str) -> Response:
        answer = Response(_find(world, name).html, mimetype="text/html")
        # A mail is shown as it looks; its links open in the page around it.
        answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; img-src *"
        return answer

    @pages.get("/mails/<name>/<path:file>")
    def attachment(name: str, file: str) -> Response:
        files = _find(world, name).attachments
        if file not in files:
            abort(404)
        return Response(files[file], mimetype="application/pdf")

    return pages


def _find(world: World, name: str) -> outbox.Sent:
    # the timeline knows the mail's id, the list its file
    found = next((mail for mail in outbox.read(world.outbox) if mail.name.endswith(name)), None)
    if found is None:
        abort(404)
    return found
