"""What the world's name servers say: the one door for DNS, used to check a sender and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from integration.domain.errors import Temporary

if TYPE_CHECKING:
    import dns.rdata

RecordType = Literal["TXT", "CNAME", "A", "AAAA", "MX"]
LookUp = Callable[[str, RecordType], tuple[str, ...]]
"""The values of a name: TXT whole, MX without preference, names without their last dot; none if there are none.

Aliases are followed, except for CNAME itself. Raises `Temporary("dns_failed")` when no server answers.
"""
_SECONDS = 5.0


def look_up(name: str, kind: RecordType) -> tuple[str, ...]:
    """See `LookUp`; asks the servers that this machine uses."""
    import dns.exception  # noqa: PLC0415  read when a sender is checked: a start need not wait for it
    import dns.resolver  # noqa: PLC0415

    try:
        found = dns.resolver.resolve(name, kind, lifetime=_SECONDS, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return ()
    except (dns.exception.DNSException, OSError, UnicodeError) as error:
        raise Temporary("dns_failed", name=name[:100]) from error
    return tuple(value_of(record) for record in found)


def value_of(record: dns.rdata.Rdata) -> str:
    """One record's value as `LookUp` gives it."""
    strings = getattr(record, "strings", None)
    if strings is not None:  # a long TXT comes in pieces that belong together (RFC 7208, 3.3)
        return b"".join(strings).decode("utf-8", "replace")
    if hasattr(record, "exchange"):
        return str(record.exchange).rstrip(".")
    return record.to_text().rstrip(".")
