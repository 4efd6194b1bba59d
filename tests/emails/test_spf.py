"""An SPF record is read as receivers read it, whatever stands in it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emails.dns import LookUp, RecordType
from emails.spf import read_spf

NAMES: dict[tuple[str, str], tuple[str, ...]] = {
    ("a.example", "TXT"): ("v=spf1 ip4:198.51.100.0/24 include:shop.example -all",),
    ("everybody.example", "TXT"): ("v=spf1 all",),
    ("shop.example", "MX"): ("mx.example",),
    ("mx.example", "A"): ("192.0.2.9",),
    ("mx.example", "AAAA"): ("2001:db8::9",),
}


def saying(*texts: str) -> LookUp:
    def look_up(name: str, kind: RecordType) -> tuple[str, ...]:
        return texts if (name, kind) == ("shop.example", "TXT") else NAMES.get((name, kind), ())

    return look_up


@pytest.mark.parametrize(
    ("text", "address", "problem"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", "192.0.2.200", ""),
        ("v=spf1 ip4:192.0.2.200 -all", "192.0.2.201", "not_ours"),
        ("v=spf1 ip6:2001:db8::/32 -all", "2001:db8::1", ""),
        ("v=spf1 mx -all", "192.0.2.9", ""),
        ("v=spf1 mx/24 -all", "2001:db8::9", ""),
        ("v=spf1 mx/24 -all", "192.0.2.77", ""),
        ("v=spf1 mx//64 -all", "2001:db8::77", ""),
        ("v=spf1 mx//64 -all", "192.0.2.9", ""),
        ("v=spf1 mx:shop.example/24//64 -all", "2001:db8::77", ""),
        ("v=spf1 mx/24 -all", "2001:db8::77", "not_ours"),
        ("v=spf1 +include:a.example ~all", "198.51.100.7", ""),
        ("V=SPF1 INCLUDE:A.EXAMPLE ~ALL", "198.51.100.7", ""),
        ("v=spf1 redirect=a.example", "198.51.100.7", ""),
        ("v=spf1 include:everybody.example -all", "198.51.100.7", "open"),
        ("v=spf1 exists:%{i}._spf.example include:%{d}.example ptr -all", "198.51.100.7", "not_ours"),
        ("v=spf1 ip4:not-an-address exp=why.example x:y -all", "198.51.100.7", "not_ours"),
        ("v=spf10 +all", "198.51.100.7", "missing"),
    ],
)
def test_a_record_lets_send_whom_it_names(text: str, address: str, problem: str) -> None:
    assert read_spf(saying(text), "shop.example").problem("", (address,)) == problem


def test_records_that_name_one_another_end() -> None:
    found = read_spf(saying("v=spf1 include:a.example include:a.example -all"), "shop.example")
    assert found.problem("a.example", ()) == ""
    assert found.lookups <= 10


@settings(max_examples=200)
@given(st.text(max_size=60), st.lists(st.sampled_from("all +all a mx ip4: ip6:: include:a.example redirect=".split())))
def test_no_record_stops_the_reader(junk: str, terms: list[str]) -> None:
    read_spf(saying(" ".join(["v=spf1", *terms, junk])), "shop.example").problem("x", ("192.0.2.1", "2001:db8::1"))
