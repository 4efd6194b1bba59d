"""The contract of a store when things go wrong in between, kept by every platform that calls one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.http import Http
from integration.domain.errors import (
    Ambiguous,
    BadPayload,
    Permanent,
    Refused,
    SinkError,
    Temporary,
)
from tests.connectors.conftest import LIMITS, Store, running_store, with_http
from tests.stores.faults import NAMES, Faults, reaches_store

IMPATIENT = replace(LIMITS, read_timeout=2)


@pytest.fixture(params=with_http())
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store of each platform that is called over HTTP."""
    yield from running_store(request.param, tmp_path)


@pytest.fixture
def faults(store: Store) -> Iterator[Faults]:
    """A proxy in front of the store; the connector calls it from now on."""
    with Faults(store.url) as proxy:
        store.connector = store.harness.connector(Http(IMPATIENT), proxy.url)
        store.connector.fetch_order(store.harness.add_order())
        yield proxy


KIND_OF: dict[str, tuple[type[SinkError], ...]] = {
    **dict.fromkeys(("429", "500", "503"), (Temporary,)),
    **dict.fromkeys(("401", "403"), (Refused,)),
    **dict.fromkeys(("404", "redirect"), (Permanent,)),
    **dict.fromkeys(
        ("html", "html after", "rubbish", "list", "number", "null", "empty", "cut json"), (BadPayload, Temporary)
    ),
    **dict.fromkeys(("short", "hang", "hang up"), (Temporary,)),
}


@pytest.mark.parametrize("fault", NAMES)
def test_a_fault_while_reading_is_named_and_tells_no_secret(store: Store, faults: Faults, fault: str) -> None:
    ref = store.harness.add_order()
    faults.now = fault
    with pytest.raises(KIND_OF[fault]) as caught:
        store.connector.fetch_order(ref)
    assert says_no_secret(store, caught.value)


@pytest.mark.parametrize("fault", NAMES)
def test_a_fault_while_making_a_code_leaves_one_code_at_most(store: Store, faults: Faults, fault: str) -> None:
    asked = store.harness.discount()
    faults.now = fault
    with pytest.raises(SinkError) as caught:
        store.connector.create_discount(asked)
    assert says_no_secret(store, caught.value)
    assert isinstance(caught.value, (*KIND_OF[fault], Ambiguous))
    if reaches_store(fault) and store.harness.codes():
        assert not isinstance(caught.value, Permanent | Refused)
    faults.now = ""
    store.connector.create_discount(asked)
    assert len(store.harness.codes()) == 1


@pytest.mark.parametrize("fault", [name for name in NAMES if reaches_store(name)])
def test_a_code_whose_answer_was_lost_once_is_found_or_told_as_doubtful(
    store: Store, faults: Faults, fault: str
) -> None:
    asked = store.harness.discount()
    faults.now, faults.once = fault, True
    try:
        assert store.connector.create_discount(asked).bound
    except (Ambiguous, Temporary, BadPayload):
        assert store.connector.create_discount(asked).bound
    assert len(store.harness.codes()) == 1


@pytest.mark.parametrize("fault", NAMES)
def test_a_fault_while_revoking_is_no_reason_for_a_person_to_look(store: Store, faults: Faults, fault: str) -> None:
    made = store.connector.create_discount(store.harness.discount())
    faults.now = fault
    with suppress(Temporary, Permanent, Refused, BadPayload):
        store.connector.revoke_discount(made.ref)
    faults.now = ""
    store.connector.revoke_discount(made.ref)
    assert store.harness.codes() == []


@pytest.mark.parametrize("fault", ["429", "503"])
def test_the_stores_own_wait_is_passed_on(store: Store, faults: Faults, fault: str) -> None:
    faults.now = fault
    with pytest.raises(Temporary) as caught:
        store.connector.fetch_order("1")
    assert caught.value.retry_after == timedelta(seconds={"429": 7, "503": 120}[fault])


@pytest.mark.parametrize("fault", NAMES)
def test_checks_of_a_broken_shop_fail_and_do_not_raise(store: Store, faults: Faults, fault: str) -> None:
    faults.now = fault
    checks = store.connector.check()
    assert any(not check.ok for check in checks)
    assert "canary" not in json.dumps([dict(check.params) for check in checks])


def says_no_secret(store: Store, error: SinkError) -> bool:
    said = f"{error} {error!r} {error.params}"
    return not any(secret in said for secret in store.connector.credentials.values() if "://" not in secret)
