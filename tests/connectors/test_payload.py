"""What a platform sends is read with care: a wrong shape names its path, whatever it is."""

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.payload import Payload
from integration.domain.errors import BadPayload
from integration.domain.money import Money

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["a", "b"]) | st.text(), inner),
    max_leaves=8,
)


def test_an_id_beyond_2_to_53_stays_exact() -> None:
    assert Payload.of(b'{"id": 9007199254740993}').ref("id") == "9007199254740993"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[NaN]", b"1" * 5000, b"[" * 100_000, b'{"a": 1e99999999999999999999}']
)
def test_what_is_no_json_is_said_so(body: bytes) -> None:
    with pytest.raises(BadPayload, match="not_json"):
        Payload.of(body)


def test_a_wrong_shape_names_its_path() -> None:
    order = Payload.of(b'{"lines": [{"id": 1}, {"id": {}}]}')
    with pytest.raises(BadPayload) as caught:
        [line.ref("id") for line in order.each("lines")]
    assert caught.value.params == {"path": "$.lines[1].id"}


def test_lists_of_ids_and_of_texts_are_read_entry_by_entry() -> None:
    body = Payload.of(b'{"orders": [9007199254740993, "7"], "codes": ["THANKS", "", null]}')
    assert body.refs("orders") == ("9007199254740993", "7")
    assert body.texts("codes") == ("THANKS",)
    with pytest.raises(BadPayload, match=r"orders\[1\]"):
        Payload({"orders": [1, True]}).refs("orders")


def test_absent_and_null_are_the_same() -> None:
    body = Payload.of(b'{"customer": null, "lines": null}')
    assert body.at("customer").at("address").text("city") == ""
    assert list(body.each("lines")) == list(body.each("nothing")) == []
    assert body.moment("at") is None
    assert body.flag("test") is None
    assert body.whole("quantity", 1) == 1
    assert not body.at("customer")


def test_text_loses_what_databases_and_mails_refuse() -> None:
    assert Payload.of(b'{"name": " Sam\\u0000 \\ud800 S\\u00e1nchez "}').text("name") == "Sam ? Sánchez"


@pytest.mark.parametrize("written", ["2026-11-21T10:00:00-05:00", "2026-11-21T15:00:00Z"])
def test_times_are_aware_utc(written: str) -> None:
    assert Payload({"at": written}).moment("at") == datetime(2026, 11, 21, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "written", ["2026-11-21T10:00:00", "soon", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", 7]
)
def test_a_time_without_offset_or_sense_is_wrong(written: object) -> None:
    with pytest.raises(BadPayload):
        Payload({"at": written}).moment("at")


def test_money_comes_as_text_or_number() -> None:
    assert Payload.of(b'{"a": "10.5"}').money("a", "EUR") == Payload.of(b'{"a": 10.50}').money("a", "EUR")
    assert Payload.of(b'{"a": 7}').money("a", "CLP") == Money(Decimal(7), "CLP")


@pytest.mark.parametrize("amount", [None, True, "NaN", "Infinity", "ten", [], "1e40"])
def test_an_amount_that_is_none_is_wrong(amount: object) -> None:
    with pytest.raises(BadPayload):
        Payload({"a": amount}).money("a", "EUR")


@given(JSON)
def test_any_shape_ends_in_a_value_or_in_bad_payload(value: object) -> None:
    place = Payload({"a": value})
    readers = (
        place.text,
        place.ref,
        place.whole,
        place.flag,
        place.moment,
        place.needed_moment,
        place.refs,
        place.texts,
    )
    for read in (*readers, lambda name: place.money(name, "EUR"), lambda name: list(place.each(name))):
        with suppress(BadPayload):
            read("a")
