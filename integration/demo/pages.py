"""The demo's own pages: orders, mailbox, one order's life, and the button that delivers one now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from integration.demo import life, outbox
from integration.i18n import Words, closest_language
from integration.web.assets import address

if TYPE_CHECKING:
    from integration.demo.sides import Side
    from integration.demo.world import World

pages = Blueprint("demo", __name__, url_prefix="/demo", template_folder="templates")
WORLD = "postventa-demo"
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-src 'self'; object-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)


@pages.after_request
def _with_policy(response: Response) -> Response:
    """The floor of every answer lets no page style itself, send a form or show a mail in its frame."""
    response.headers.setdefault("Content-Security-Policy", POLICY)
    return response


def _world() -> World:
    world: World = current_app.extensions[WORLD]
    return world


def _words() -> Words:
    wishes = (request.args.get("lang", ""), request.accept_languages.best or "")
    return Words(closest_language(*wishes), "ES", life.ZONE)


def _show(template: str, **values: object) -> str:
    words = _words()
    return render_template(
        f"demo/{template}.html", t=words, lang=words.tag, chosen=words.language, asset=address, **values
    )


@pages.get("/")
def home() -> str:
    """The shops, each with its button; the newest orders and mails."""
    world = _world()
    mails = outbox.read(world.outbox)[::-1][:8]
    return _show("home", sides=world.sides, orders=life.lines(world), mails=mails)


@pages.post("/deliver/<int:place>")
def deliver(place: int) -> AnyResponse:
    """Sam's parcel arrives now: the store sends its webhook, and the page shows what follows."""
    side = _side(place)
    ref = side.sell()
    side.post(*side.arrive(ref))
    return redirect(f"/demo/order/{place}/{ref}?lang={_words().language}", 303)


@pages.get("/order/<int:place>/<ref>")
def order(place: int, ref: str) -> str:
    """One order's life; it reloads itself while something is under way."""
    return _show("order", life=life.of_order(_world(), _side(place), ref, _words()))


@pages.get("/mails/")
def mailbox() -> str:
    """Every mail that was sent, newest first."""
    return _show("mailbox", mails=outbox.read(_world().outbox)[::-1])


@pages.get("/mails/<name>")
def mail(name: str) -> str:
    """One mail: headers, attachments, as it looks, as text."""
    return _show("mail", mail=_mail(name))


@pages.get("/mails/<name>/html")
def mail_html(name: str) -> Response:
    """The HTML part alone, for the frame."""
    # a click on a link opens a tab, as it does in a mail program
    html = _mail(name).html.replace("<head>", '<head><base target="_blank">', 1)
    answer = Response(html, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; img-src *"
    return answer


@pages.get("/mails/<name>/<path:file>")
def attachment(name: str, file: str) -> Response:
    """An attachment; all of ours are PDFs."""
    files = _mail(name).attachments
    if file not in files:
        abort(404)
    return Response(files[file], mimetype="application/pdf")


def _side(place: int) -> Side:
    sides = _world().sides
    if place >= len(sides):
        abort(404)
    return sides[place]


def _mail(name: str) -> outbox.Sent:
    # the timeline knows the mail's id, the list its file
    found = next((one for one in outbox.read(_world().outbox) if one.name.endswith(name)), None)
    if found is None:
        abort(404)
    return found
