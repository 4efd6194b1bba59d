"""Dead letters by command: why, once more, or let go; asking twice never does it twice (E6)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integration.db.tables import HistoryRow, MailRow, Task
from integration.domain.errors import Ambiguous, Conflict, NotFound, Permanent
from integration.flows import doctor
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.shoppers import arrived, command, complain


def stop_mails(house: House, error: Exception) -> None:
    """A delivery whose mails to Sam end badly."""
    leave = house.services.transport.send

    def send(message: Any, **about: Any) -> None:
        if not about["kind"].startswith("owner_"):
            raise error
        leave(message, **about)

    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(house.services.transport, "send", send)
        house.deliver()


def to_sam(house: House) -> list[str]:
    """The kinds of the mails that reached her."""
    return sorted(kind for kind in house.kinds() if not kind.startswith("owner_"))


def stopped(house: House) -> list[Task]:
    return [task for task in house.rows(Task) if task.state in ("dead", "ambiguous")]


def listed(house: House, *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(command(house, "tasks", "list", "--json", *options))
    return found


@pytest.fixture
def dead(make_house: MakeHouse) -> House:
    """Two mails that the server refused for good."""
    house = make_house()
    stop_mails(house, Permanent("smtputf8_unsupported"))
    return house


def test_what_stopped_is_told_with_its_reason_in_words_and_no_address(dead: House) -> None:
    said = command(dead, "tasks", "list")
    assert said.count("SendMail") == 2
    assert "such as ñ or é" in said
    assert "sam@" not in said
    assert {(one["kind"], one["mail"], one["reason"]) for one in listed(dead)} == {
        ("SendMail", "label", "smtputf8_unsupported"),
        ("SendMail", "survey", "smtputf8_unsupported"),
    }


def test_a_house_where_nothing_stopped_says_so(make_house: MakeHouse) -> None:
    house = make_house()
    house.deliver()
    assert "Nothing stopped" in command(house, "tasks", "list")
    assert listed(house) == []


def test_tried_again_it_leaves_once_however_often_it_is_asked_for(dead: House) -> None:
    ids = [task.id for task in stopped(dead)]
    command(dead, "tasks", "retry", *ids)
    command(dead, "tasks", "retry", *ids)
    dead.run()
    assert to_sam(dead) == ["label", "survey"]
    for task_id in ids:
        with pytest.raises(Conflict, match="illegal_move"):
            command(dead, "tasks", "retry", task_id)
    dead.run()
    assert to_sam(dead) == ["label", "survey"]
    assert {mail.state for mail in dead.rows(MailRow)} == {"sent"}


def test_let_go_it_is_neither_told_nor_tried_again(dead: House) -> None:
    ids = [task.id for task in stopped(dead)]
    command(dead, "tasks", "discard", *ids)
    dead.run()
    assert to_sam(dead) == []
    assert listed(dead) == []
    [finding] = [one for one in doctor.examine(dead.services) if one.check == "dead_tasks"]
    assert finding.ok
    moves = [(line.from_state, line.to_state) for line in dead.rows(HistoryRow) if line.subject in ids]
    assert moves == [("dead", "discarded")] * 2


def test_what_may_have_happened_is_told_apart(make_house: MakeHouse) -> None:
    house = make_house()
    stop_mails(house, Ambiguous("mail_no_verdict"))
    assert [(one["mail"], one["unsure"]) for one in listed(house, "--state", "ambiguous")] == [("survey", True)]
    assert listed(house, "--state", "dead") == []
    command(house, "tasks", "retry", listed(house)[0]["id"])
    house.run()
    assert house.kinds().count("survey") == 1


def test_work_that_is_not_there_is_named(dead: House) -> None:
    with pytest.raises(NotFound, match="no_task"):
        command(dead, "tasks", "retry", "task_of_eve")


def test_a_code_that_was_given_up_is_not_made_behind_the_owners_back(make_house: MakeHouse) -> None:
    """Its case went to a person, who may have decided otherwise."""
    house = make_house("woocommerce")
    order = arrived(house, "æøå@b.dk")  # no store can bind a code to it
    complain(house, order)
    house.run()
    [task] = [task for task in stopped(house) if task.kind == "CreateDiscount"]
    with pytest.raises(Conflict, match="code_given_up"):
        command(house, "tasks", "retry", task.id)
    assert house.codes() == []
