"""What a stranger sends, read no further than it may be long, whether its length is told or not."""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge


def body_of(most: int) -> bytes | None:
    """The body of this request; `None` when it has more than `most` bytes."""
    request.max_content_length = most + 1  # Werkzeug refuses as soon as this many have come
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return None
    return body if len(body) <= most else None
