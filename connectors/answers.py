"""What an HTTP status means for everyone who calls out (E5): one table, used by stores, carriers and mail APIs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from connectors.http import Response
from integration.domain.errors import BadPayload, Permanent, Refused, Temporary

_LONGEST_WAIT = timedelta(hours=6)


def retry_after(response: Response, now: datetime | None = None) -> timedelta | None:
    """`Retry-After` as seconds (`2`, `2.0`) or an HTTP date, at most six hours; `None` without one."""
    value = response.headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        wait = timedelta(seconds=float(value))
    except (ValueError, OverflowError):
        wait = _until(value, now, response)
    return min(max(wait, timedelta()), _LONGEST_WAIT)


def _until(value: str, now: datetime | None, response: Response) -> timedelta:
    try:
        moment = parsedate_to_datetime(value)
        # The server's own clock counts: ours may be wrong.
        base = now or parsedate_to_datetime(response.headers.get("date", ""))
    except (ValueError, TypeError):
        return timedelta(minutes=1)
    return moment.astimezone(UTC) - base.astimezone(UTC)


def judge(response: Response) -> None:
    """Raise for every status that is not 2xx; a redirect is a wrong address, so `Permanent("redirected")`."""
    status = response.status
    if 200 <= status < 300:
        return
    if status in (401, 403):
        raise Refused("access_refused", status=status)
    if status in (408, 425, 429) or status >= 500:
        raise Temporary("store_busy", retry_after(response), status=status)
    if 300 <= status < 400:
        raise Permanent("redirected", status=status)
    raise Permanent("not_accepted", status=status)


def json_body(response: Response) -> Any:
    """The answer as JSON; HTML, cut or non-UTF-8 bodies are `BadPayload("not_json")` with the content type."""
    try:
        return json.loads(response.body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        kind = response.headers.get("content-type", "").split(";")[0][:40]
        raise BadPayload("not_json", content_type=kind or "?") from error
