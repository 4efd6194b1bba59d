"""Which servers a domain lets send for it (SPF, RFC 7208): enough of it to say whether ours is among them."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Literal

from emails.dns import LookUp

MOST_LOOKUPS = 10  # RFC 7208, 4.6.4
_DOMAIN_AND_BITS = re.compile(r"([^/]*)(?:/(\d+))?(?://(\d+))?")  # 5.6: `/24` is for IPv4, `//64` for IPv6
Problem = Literal["", "missing", "twice", "lookups", "open", "not_ours"]


@dataclass(slots=True)
class Spf:
    """A domain's record, with all that it includes; `names` are the domains included, `lookups` what that costs."""

    texts: tuple[str, ...]
    names: set[str] = field(default_factory=set)
    networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = field(default_factory=list)
    lookups: int = 0
    open: bool = False

    def problem(self, include: str, addresses: tuple[str, ...]) -> Problem:
        """Whether it names our server, by the provider's include or one of the server's addresses."""
        if len(self.texts) != 1:
            return "twice" if self.texts else "missing"
        if self.lookups > MOST_LOOKUPS:
            return "lookups"
        if self.open:
            return "open"
        return "" if include in self.names or any(self.permits(address) for address in addresses) else "not_ours"

    def permits(self, address: str) -> bool:
        """Whether the address is in one of its networks."""
        parsed = ipaddress.ip_address(address)
        return any(parsed.version == network.version and parsed in network for network in self.networks)


def read_spf(look_up: LookUp, domain: str) -> Spf:
    """The record of a domain; what it includes is read as far as a receiver would."""
    spf = Spf(_records(look_up, domain))
    if len(spf.texts) == 1:
        _read(look_up, domain, spf.texts[0], spf)
    return spf


def _records(look_up: LookUp, domain: str) -> tuple[str, ...]:
    return tuple(text for text in look_up(domain, "TXT") if text.lower().split(" ")[0] == "v=spf1")


def _read(look_up: LookUp, domain: str, text: str, spf: Spf) -> None:
    for term in text.split()[1:]:
        name, _, value = term.lstrip("+-~?").replace("=", ":", 1).partition(":")
        kind = name.lower().partition("/")[0]
        if kind == "all":
            spf.open = spf.open or not term.startswith(("-", "~", "?"))
        elif kind in ("ip4", "ip6"):
            spf.networks += _network(value)
        elif kind in ("include", "redirect", "a", "mx", "exists", "ptr"):
            spf.lookups += 1
            if spf.lookups <= MOST_LOOKUPS:
                _follow(look_up, domain, kind, value or name[len(kind) :], spf)


def _follow(look_up: LookUp, domain: str, kind: str, value: str, spf: Spf) -> None:
    parts = _DOMAIN_AND_BITS.fullmatch(value.lower())
    target = (parts and parts[1]) or domain
    four, six = (parts[2] or "32", parts[3] or "128") if parts else ("32", "128")
    if "%" in target:  # a macro: what it says depends on the mail
        return
    if kind in ("include", "redirect") and target not in spf.names:
        spf.names.add(target)
        for text in _records(look_up, target)[:1]:
            _read(look_up, target, text, spf)
    elif kind in ("a", "mx"):
        for host in look_up(target, "MX") if kind == "mx" else (target,):
            spf.networks += [found for address in look_up(host, "A") for found in _network(f"{address}/{four}")]
            spf.networks += [found for address in look_up(host, "AAAA") for found in _network(f"{address}/{six}")]


def _network(text: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    try:
        return [ipaddress.ip_network(text, strict=False)]
    except ValueError:
        return []
