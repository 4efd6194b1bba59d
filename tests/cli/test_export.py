"""`export` and `replay`: what scripts may read, without secrets; and acting again on what was kept."""

from __future__ import annotations

import base64
import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from integration.db.tables import Receipt
from tests.cli.conftest import Postventa
from tests.flows.house import House

# Design, section 4: names and states that scripts may rely on.
STABLE = {
    "receipts": ({"state"}, {"kept", "done", "ignored", "unreadable", "failed"}),
    "orders": (set(), set()),
    "shipments": ({"state", "confidence", "shipped_at", "delivered_at"}, set()),
    "followups": ({"kind", "due_at", "state", "reason"}, {"planned", "done", "skipped"}),
    "tasks": ({"kind", "state", "attempts", "due_at"}, {"ready", "leased", "done", "ambiguous", "dead"}),
    "mails": (
        {"kind", "order", "state", "message_id", "reason"},
        {"queued", "sending", "sent", "ambiguous", "dead", "skipped"},
    ),
    "labels": (set(), set()),
    "answers": ({"order", "score", "cause", "text"}, set()),
    "complaints": (
        {"number", "order", "state", "cause", "fix", "extra"},
        {"received", "acknowledged", "in_progress", "waiting_customer", "decided", "closed"},
    ),
    "codes": (
        {"complaint", "order", "code", "state"},
        {"reserved", "created", "mailed", "redeemed", "expired", "revoked"},
    ),
    "history": ({"subject", "at", "actor", "from", "to", "reason"}, set()),
}
TOKEN = r"https://mia\.example/(?:s|r|c|u|admin/case)/([\w-]{22})"


@pytest.fixture
def lived(house: House) -> House:
    """The whole line has happened."""
    house.deliver()
    house.answer(2, "damaged", "Llegó rota")
    house.run()
    return house


def exported(postventa: Postventa) -> dict[str, list[dict[str, Any]]]:
    """Every table, as lines."""
    ended = postventa("export", "out")
    assert ended.code == 0
    files = sorted(Path("out").glob("*.jsonl"))
    return {path.stem: [json.loads(line) for line in path.read_text("utf-8").splitlines()] for path in files}


def test_every_table_is_there_under_its_stable_names_and_states(postventa: Postventa, lived: House) -> None:
    told = exported(postventa)
    assert set(STABLE) <= set(told)
    for name, (columns, states) in STABLE.items():
        assert told[name], name
        assert columns <= set(told[name][0]), name
        assert {line["state"] for line in told[name] if states} <= states, name


def test_the_lines_join_by_id(postventa: Postventa, lived: House) -> None:
    told = exported(postventa)
    [order], [case], [code] = told["orders"], told["complaints"], told["codes"]
    assert case["order"] == code["order"] == told["answers"][0]["order"] == order["id"]
    assert code["complaint"] == case["id"]
    assert {mail["order"] for mail in told["mails"]} == {order["id"]}


def test_only_the_owner_may_read_the_files(postventa: Postventa, lived: House) -> None:
    exported(postventa)
    assert {stat.S_IMODE(path.stat().st_mode) for path in Path("out").iterdir()} == {0o600}
    assert stat.S_IMODE(Path("out").stat().st_mode) == 0o700


def test_no_secret_and_no_link_is_in_it(postventa: Postventa, lived: House) -> None:
    exported(postventa)
    text = "\n".join(path.read_text("utf-8") for path in Path("out").iterdir())
    key = (lived.folder / "postventa.key").read_text().strip()
    mails = "\n".join(mail.text for mail in lived.mails())
    tokens = re.findall(TOKEN, mails)
    assert len(set(tokens)) >= 4
    for secret in ("ck_demo", "cs_demo", lived.secret, key, key.partition(":")[2], "gAAAA", "%PDF", *tokens):
        assert secret not in text
    assert base64.b64encode(b"%PDF").decode()[:5] not in text


def test_an_export_can_be_made_again_over_the_old_one(postventa: Postventa, lived: House) -> None:
    first = exported(postventa)
    assert exported(postventa) == first


# -- replay --------------------------------------------------------------------------------------------


def test_a_replay_of_everything_does_nothing_twice(postventa: Postventa, lived: House) -> None:
    before = lived.kinds()
    ended = postventa("replay", "--state", "done")
    assert (ended.code, "1" in ended.out) == (0, True)
    lived.run()
    assert lived.kinds() == before
    assert [receipt.state for receipt in lived.rows(Receipt)] == ["done"]
    assert len(lived.codes()) == 1


def test_what_failed_is_acted_on_when_its_cause_is_gone(postventa: Postventa, house: House) -> None:
    assert house.post(*house.side.arrive(house.side.sell())) == 200
    with house.services.db.writing() as session:
        [row] = [session.merge(receipt) for receipt in house.receipts()]
        row.state, row.reason = "failed", "unexpected"
    house.run()
    assert house.kinds() == []
    assert postventa("replay", "--shop", "Mia Moda", "--state", "failed").code == 0
    house.run()
    assert house.kinds() == ["label", "survey"]


def test_one_receipt_can_be_picked_and_others_are_left(postventa: Postventa, house: House) -> None:
    for _ in range(2):
        house.post(*house.side.arrive(house.side.sell()))
    house.drain()
    first, second = house.receipts()
    assert postventa("replay", first.id).code == 0
    assert {receipt.id: receipt.state for receipt in house.receipts()} == {first.id: "kept", second.id: "done"}


def test_replay_wants_to_know_what(postventa: Postventa, house: House) -> None:
    ended = postventa("replay")
    assert (ended.code, ended.out) == (2, "")
    assert "--state" in ended.err


def test_only_what_came_since_then_is_replayed(postventa: Postventa, lived: House) -> None:
    assert "0" in postventa("replay", "--since", "2999-01-01").out
    assert "1" in postventa("replay", "--since", "2020-01-01").out
