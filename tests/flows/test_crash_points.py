"""The plug is pulled at a named step of a running service; what was promised holds after the restart (E1-E4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from integration.db.tables import MailRow, Receipt, Task
from integration.settings import load
from tests.conftest import NewDatabase
from tests.flows.plugs import ONCE, PULLED, Plug, Serving, copies, ends_well, line_played


@pytest.fixture
def plugged(tmp_path: Path, new_database: NewDatabase) -> Iterator[Callable[..., Plug]]:
    """`plugged(platform, crash_at, **policy)`: a service that will die once at that step."""
    made: list[Plug] = []

    def make(platform: str, crash_at: str, **policy: Any) -> Plug:
        made.append(Plug(Serving(tmp_path, platform, new_database(tmp_path), **policy), crash_at))
        made[-1].start()
        return made[-1]

    yield make
    for plug in made:
        plug.stop()
        plug.house.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("platform", "point"),
    [
        ("woocommerce", "inbox_committed"),
        ("shopify", "inbox_committed"),
        ("woocommerce", "task_claimed"),
        ("woocommerce", "code_created"),
        ("shopify", "code_created"),
        ("woocommerce", "answer_committed"),
    ],
)
def test_a_crash_loses_nothing_and_does_nothing_twice(plugged: Callable[..., Plug], platform: str, point: str) -> None:
    plug = plugged(platform, point)
    told = line_played(plug)
    assert plug.deaths == [PULLED]
    plug.stop()
    plug.house.later(timedelta(minutes=11))
    ends_well(plug.house)
    twice = {kind for kind, times in (copies(plug.house) - Counter(ONCE)).items() if times == 1}
    assert twice <= plug.in_doubt - {"survey"}
    assert copies(plug.house) == ONCE | dict.fromkeys(twice, 2)
    assert told[1] in [receipt.body for receipt in plug.house.rows(Receipt)]


@pytest.mark.slow
def test_a_label_mail_that_may_be_out_is_sent_once_more_after_ten_minutes_under_the_same_id(
    plugged: Callable[..., Plug],
) -> None:
    plug = plugged("woocommerce", "mail_accepted")
    house = plug.house
    line_played(plug)
    assert plug.deaths == [PULLED]
    plug.stop()
    assert copies(house) == ONCE
    [mail] = [mail for mail in house.rows(MailRow) if mail.kind == "label"]
    [task] = [task for task in house.rows(Task) if task.kind == "SendMail" and task.subject == mail.id]
    assert (mail.state, mail.reason, task.state) == ("queued", "mail_interrupted", "ready")
    wait = task.due_at - (task.tried_at or task.created_at)
    assert timedelta(minutes=10) <= wait < timedelta(minutes=12)
    house.later(timedelta(minutes=12))
    house.later(timedelta(days=2))
    ends_well(house)
    assert copies(house) == ONCE | {"label": 2}
    assert {str(sent.message["Message-ID"]) for sent in house.mails("label")} == {mail.message_id}


@pytest.mark.slow
def test_a_survey_that_may_be_out_is_never_sent_again_and_can_be_answered(plugged: Callable[..., Plug]) -> None:
    plug = plugged("woocommerce", "mail_accepted", label="off")
    line_played(plug)
    assert plug.deaths == [PULLED]
    plug.stop()
    plug.house.later(timedelta(minutes=12))
    plug.house.later(timedelta(days=2))
    ends_well(plug.house)
    assert copies(plug.house)["survey"] == 1
    [survey] = [mail for mail in plug.house.rows(MailRow) if mail.kind == "survey"]
    assert (survey.state, survey.copies) == ("ambiguous", 1)


def test_a_crash_point_needs_the_testing_switch(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")
    assert load(tmp_path / "config.toml", {"POSTVENTA_CRASH_AT": "task_claimed"}).crash_at == ""
