"""What was never seen of WooCommerce, looked at in a real shop (facts 11); nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

from connectors.observed import Observed, Verdict
from connectors.payload import Payload
from connectors.stores.woocommerce.client import Client
from integration.domain.errors import SinkError

SEEN = "10."  # every behaviour we rely on was seen on 10.5
CORE = frozenset("pending processing on-hold completed cancelled refunded failed".split())


def observe(client: Client) -> Iterator[Observed]:
    """One after the other; what the shop does not answer could not be looked at."""
    for code, look in _LOOKS.items():
        try:
            yield from look(client)
        except SinkError as error:
            yield Observed(code, "could_not", {"problem": error.code})


def _shop(client: Client) -> Iterator[Observed]:
    status = client.get("system_status")
    environment, version = status.at("environment"), status.at("environment").text("version")[:20]
    told = {"woocommerce": version, "wordpress": environment.text("wp_version")[:20]}
    yield Observed("woocommerce_version", "ok" if version.startswith(SEEN) else "differs", told)
    hpos = status.at("settings").flag("HPOS_enabled")
    verdict: Verdict = "could_not" if hpos is None else "ok" if hpos else "differs"
    yield Observed("woocommerce_hpos", verdict, {"plugins": str(len(list(status.each("active_plugins"))))})


def _statuses(client: Client) -> Iterator[Observed]:
    """The statuses of this shop, custom ones too: what its orders can be delivered by."""
    totals = Payload({"totals": client.get("reports/orders/totals").value}).each("totals")
    slugs = {total.text("slug")[:20] for total in totals} - {""}
    lacks, own = sorted(CORE - slugs), sorted(slugs - CORE)
    values = {"own": ", ".join(own)[:300], "lacks": ", ".join(lacks)}
    yield Observed("woocommerce_statuses", "differs" if lacks else "ok", values)


def _clocks(client: Client) -> Iterator[Observed]:
    """Whether the times of the newest order are what their names say: local, and the same moment in UTC."""
    listed = Payload({"orders": client.get("orders", per_page="1", orderby="modified", order="desc").value})
    order = next(listed.each("orders"), Payload(None))
    if not order:
        yield Observed("woocommerce_clocks", "could_not", {"problem": "no_orders"})
        return
    here, there = (_wall(order.text(name)) for name in ("date_modified", "date_modified_gmt"))
    offset = client.front().at("gmt_offset").value
    if here is None or there is None or not isinstance(offset, int | Decimal):
        yield Observed("woocommerce_clocks", "could_not", {"offset": str(offset)[:10]})
        return
    hours = (here - there).total_seconds() / 3600
    # The shop's own offset is today's; the order may be of the other half of the year.
    yield Observed(
        "woocommerce_clocks", "ok" if abs(hours - float(offset)) <= 1 else "differs", {"hours": f"{hours:g}"}
    )


def _wall(written: str) -> datetime | None:
    try:
        return datetime.fromisoformat(written).replace(tzinfo=UTC)
    except ValueError:
        return None


_LOOKS: dict[str, Callable[[Client], Iterator[Observed]]] = {
    "woocommerce_version": _shop,
    "woocommerce_statuses": _statuses,
    "woocommerce_clocks": _clocks,
}
