"""What Shopify's answers mean: statuses that speak of the shop, and GraphQL's `errors` (facts 7)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit

from connectors.answers import judge
from connectors.http import Response
from connectors.payload import Payload
from integration.domain.errors import Permanent, Refused, SinkError, Temporary


def judge_shop(answer: Response) -> None:
    """Like `connectors.answers.judge`, with the statuses by which Shopify speaks of the shop itself.

    The owner can lift the first two, and connect a shop that moved by its new domain: they pause and give nothing up.
    """
    match answer.status:
        case 402:
            raise Refused("shop_frozen")
        case 423:
            raise Refused("shop_locked")
        case 404:
            raise Permanent("shop_not_found")
    moved = urlsplit(answer.headers.get("location", "")).hostname or ""
    if 300 <= answer.status < 400 and moved.endswith(".myshopify.com"):
        raise Refused("shop_renamed", store=moved[:80])
    judge(answer)


def read(answer: Payload) -> Payload:
    """The `data`; raises for errors that hide a whole answer.

    Protected customer data comes as HTTP 200 with `null` in the place and an error beside it (facts 4.3): the rest
    is kept. A root field that an error took away is not "no such thing", so it raises.
    """
    errors = list(answer.each("errors"))
    for error in errors:
        code = error.at("extensions").text("code")
        if code == "THROTTLED":
            raise Temporary("throttled", _wait(answer.at("extensions").at("cost")))
        if code in ("INTERNAL_SERVER_ERROR", "TIMEOUT"):
            raise Temporary("store_busy", reason=code)
        if code == "SHOP_INACTIVE":
            raise Refused("shop_inactive")
    data = answer.at("data")
    whole = isinstance(data.value, dict) and None not in data.value.values()
    if errors and not whole:
        raise _hidden(errors)
    if not isinstance(data.value, dict):
        raise data.wrong()
    return data


def withheld(answer: Payload) -> frozenset[str]:
    """Names of the fields that an error took away from a whole answer (`email`), whatever they are in."""
    paths = (error.at("path").value for error in answer.each("errors"))
    return frozenset(str(path[-1])[:40] for path in paths if isinstance(path, list) and path)


def _hidden(errors: Sequence[Payload]) -> SinkError:
    said = errors[0].text("message")[:200]
    if any(error.at("extensions").text("code") == "ACCESS_DENIED" for error in errors):
        return Refused("access_denied", said=said)
    return Permanent("query_refused", said=said)


def _wait(cost: Payload) -> timedelta | None:
    """Until the bucket holds what the query costs, a second at least; `None` when Shopify does not say."""
    status = cost.at("throttleStatus")
    asked, held, rate = cost.at("requestedQueryCost"), status.at("currentlyAvailable"), status.at("restoreRate")
    if not all(isinstance(figure.value, int | Decimal) for figure in (asked, held, rate)) or rate.value <= 0:
        return None
    seconds = math.ceil((asked.value - held.value) / rate.value)
    return timedelta(seconds=min(max(seconds, 1), 3600))
