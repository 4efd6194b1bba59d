"""What pages need beside their HTML: style sheet, icon, and the photo of the contact person."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Blueprint, Response, abort, request, send_file, url_for

from integration.web.visitor import services

PHOTO_KINDS = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}

blueprint = Blueprint("assets", __name__, static_folder="static", static_url_path="/assets")


def address(name: str) -> str:
    """The URL of a file in `static`; it changes with the content, so browsers may keep it for ever."""
    return url_for("assets.static", filename=name, v=_digest(Path(str(blueprint.static_folder), name)))


@cache
def _digest(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()[:10]


def photo_file() -> Path | None:
    """The picture named in `[contact] photo`, beside the config; `None` if it is no picture we can show."""
    name = services().settings.contact.photo
    file = services().settings.path(name)
    return file if name and file.suffix.lower() in PHOTO_KINDS and file.is_file() else None


@blueprint.get("/assets/contact-photo")
def contact_photo() -> Response:
    """The face of the contact person."""
    file = photo_file() or abort(404)
    return send_file(file.resolve(), mimetype=PHOTO_KINDS[file.suffix.lower()], max_age=3600)


@blueprint.after_request
def kept(response: Response) -> Response:
    """A style sheet's address holds its digest, so it is good for ever."""
    if request.endpoint == "assets.static" and response.status_code == 200:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
