"""Name servers on paper: a zone file answers as a resolver would, aliases followed."""

from __future__ import annotations

from pathlib import Path

import dns.name
import dns.rdatatype
import dns.zone

from emails.dns import LookUp, RecordType, value_of
from integration.domain.errors import Temporary

FOLDER = Path(__file__).parents[1] / "fixtures" / "dns"


def zone(name: str) -> LookUp:
    """A look-up in `tests/fixtures/dns/<name>.zone`."""
    known = dns.zone.from_file(str(FOLDER / f"{name}.zone"), origin=dns.name.root, relativize=False, check_origin=False)

    def look_up(asked: str, kind: RecordType) -> tuple[str, ...]:
        for _ in range(9):
            found = known.get_rdataset(dns.name.from_text(asked), dns.rdatatype.from_text(kind))
            if found is not None:
                return tuple(value_of(record) for record in found)
            alias = known.get_rdataset(dns.name.from_text(asked), dns.rdatatype.CNAME)
            if alias is None or kind == "CNAME":
                return ()
            asked = value_of(alias[0])
        return ()

    return look_up


def silent(asked: str, kind: RecordType) -> tuple[str, ...]:
    """A resolver that nobody answers."""
    raise Temporary("dns_failed", name=asked)
