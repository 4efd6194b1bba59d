"""The door for DNS, against a name server of our own on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from emails.dns import look_up
from integration.domain.errors import Temporary

RECORDS = {
    ("shop.example.", "TXT"): ['"v=spf1 " "include:a.example" " -all"', '"other"'],
    ("shop.example.", "MX"): ["10 mx.shop.example."],
    ("mx.shop.example.", "A"): ["192.0.2.25"],
    ("alias.shop.example.", "CNAME"): ["there.example."],
}
BROKEN = "broken.example."


@pytest.fixture(autouse=True)
def name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every look-up of the test goes to 127.0.0.1."""
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind(("127.0.0.1", 0))
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], line.getsockname()[1]
    monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
    thread = threading.Thread(target=serve, args=(line,), daemon=True)
    thread.start()
    yield
    line.sendto(b"", line.getsockname())
    thread.join(5)
    line.close()


def serve(line: socket.socket) -> None:
    while asked := line.recvfrom(4096):
        if not asked[0]:
            return
        line.sendto(answer(dns.message.from_wire(asked[0])).to_wire(), asked[1])


def answer(query: Any) -> Any:
    question = query.question[0]
    name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
    response = dns.message.make_response(query)
    response.flags |= dns.flags.RA
    if name == BROKEN:
        response.set_rcode(dns.rcode.SERVFAIL)
    elif values := RECORDS.get((name, kind)):
        response.answer.append(dns.rrset.from_text(question.name, 300, "IN", kind, *values))
    elif not any(known == name for known, _ in RECORDS):
        response.set_rcode(dns.rcode.NXDOMAIN)
    return response


def test_values_come_as_they_are_used() -> None:
    assert set(look_up("shop.example", "TXT")) == {"v=spf1 include:a.example -all", "other"}
    assert look_up("shop.example", "MX") == ("mx.shop.example",)
    assert look_up("mx.shop.example", "A") == ("192.0.2.25",)
    assert look_up("alias.shop.example", "CNAME") == ("there.example",)


@pytest.mark.parametrize("name", ["mx.shop.example", "nowhere.example"])
def test_what_is_not_there_is_nothing(name: str) -> None:
    assert look_up(name, "TXT") == ()


@pytest.mark.parametrize("name", ["broken.example", "a..b", "x" * 70 + ".example"])
def test_no_answer_is_told_from_nothing(name: str) -> None:
    with pytest.raises(Temporary, match="dns_failed"):
        look_up(name, "TXT")
