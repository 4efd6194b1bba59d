"""What an HTTP status means for everyone who calls out (E5): one table, used by stores, carriers and mail APIs."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parsedate_to_datetime

from connectors.http import Response
from integration.domain.errors import Permanent, Refused, Temporary
from integration.durations import retry_after


def asked_wait(response: Response) -> timedelta | None:
    """What `Retry-After` asks for, by the server's own clock, since ours may be wrong; `None` without one."""
    date = response.headers.get("date", "")
    try:
        told_at = parsedate_to_datetime(date) if date else None
    except ValueError:
        told_at = None
    return retry_after(response.headers.get("retry-after", ""), told_at)


def judge(response: Response) -> None:
    """Raise for every status that is not 2xx; a redirect is a wrong address, so `Permanent("redirected")`."""
    status = response.status
    if 200 <= status < 300:
        return
    if status in (401, 403):
        raise Refused("access_refused", status=status)
    if status in (408, 425, 429) or status >= 500:
        raise Temporary("store_busy", asked_wait(response), status=status)
    if 300 <= status < 400:
        raise Permanent("redirected", status=status)
    raise Permanent("not_accepted", status=status)
