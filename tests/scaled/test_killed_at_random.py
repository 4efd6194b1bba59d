"""Four workers and two web processes are killed at random for a minute; nothing is lost and nothing is doubled."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

import pytest

from integration.db.tables import FollowUpRow, MailRow
from tests.scaled.site import Process, Site, port_of, post

MINUTE = 60.0
PAUSE = 2.0  # seconds between two kills; a process takes about that long to be there again
RATE = 1.0  # deliveries a second
Told = tuple[Mapping[str, str], bytes]


@pytest.mark.slow
def test_a_minute_of_killing_loses_nothing_and_doubles_nothing(site: Site) -> None:
    dice = random.Random(20261122)
    webs, workers = [site.web(), site.web()], [site.worker() for _ in range(4)]
    site.until(lambda: all(map(port_of, webs)), "the web does not begin")
    told, kills = _offered_while_killing(site, webs, workers, dice)
    for process in (*webs, *workers):
        if process.ended() is not None:
            process.start()
    for parcel in told:  # stores that saw no answer send once more; those that saw one, too, sometimes
        site.until(lambda parcel=parcel: _told(site, webs, parcel), "no answer")
    site.until(lambda: _settled(site, len(told)), "never done", patience=180)
    for process in (*webs, *workers):
        assert process.stop() == 0
    site.later(timedelta(minutes=12))  # a service mail that may be out is tried again after ten minutes
    _ends_well(site, len(told), kills)


def _offered_while_killing(
    site: Site, webs: list[Process], workers: list[Process], dice: random.Random
) -> tuple[list[Told], int]:
    told, kills, began = list[Told](), 0, time.monotonic()
    while (passed := time.monotonic() - began) < MINUTE:
        if passed > (kills + 1) * PAUSE:
            victim = dice.choice([*webs, *workers])
            victim.kill()
            victim.start()
            kills += 1
        if passed > len(told) / RATE:
            told.append(site.parcel())
            _told(site, webs, told[-1])
        time.sleep(0.02)
    return told, kills


def _told(site: Site, webs: list[Process], parcel: Told) -> bool:
    return any(post(port, site.house.path, parcel) for port in map(port_of, webs) if port)


def _settled(site: Site, n: int) -> bool:
    mails = site.house.rows(MailRow)
    return site.idle() and len([mail for mail in mails if mail.kind == "label"]) == n


def _ends_well(site: Site, n: int, kills: int) -> None:
    mails = site.house.rows(MailRow)
    assert Counter(mail.kind for mail in mails) == {"label": n, "survey": n}
    copies, again = site.copies(), {mail.message_id for mail in mails if mail.kind == "label" and mail.copies > 1}
    assert {mail.state for mail in mails if mail.kind == "label"} == {"sent"}
    assert {mail.state for mail in mails if mail.kind == "survey"} <= {"sent", "ambiguous"}
    in_doubt = [mail for mail in mails if mail.state == "ambiguous"]
    assert len(in_doubt) + len(again) <= kills
    assert {mail.message_id for mail in mails} - {mail.message_id for mail in in_doubt} <= set(copies)
    assert {message_id for message_id, count in copies.items() if count > 1} <= again
    assert {task.state for task in site.tasks()} <= {"done", "ambiguous"}
    assert {receipt.state for receipt in site.house.receipts()} == {"done"}
    due = [step for step in site.house.rows(FollowUpRow) if step.kind in ("label", "survey")]
    assert {step.state for step in due} == {"done"}
