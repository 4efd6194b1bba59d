"""A mail scanner opens every link of the survey mail in a real browser, scripts and all: that answers nothing (B1)."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from integration.db.tables import (
    AnswerRow,
    CodeRow,
    ComplaintRow,
    FollowUpRow,
    HistoryRow,
    Intent,
    LabelRow,
    ReturnRow,
    Suppression,
)
from integration.demo.serving import Serving
from tests.conftest import StandingClock
from tests.flows.house import House

CHANGED_BY_PEOPLE = (AnswerRow, ComplaintRow, CodeRow, ReturnRow, Suppression)


@pytest.fixture
def house(tmp_path, clock: StandingClock) -> Iterator[House]:
    """Mia's shop, and Sam's parcel has arrived."""
    made = House(tmp_path, clock, reminder_delay="10d")
    made.deliver()
    yield made
    made.close()


@pytest.fixture
def port(house: House) -> Iterator[int]:
    """Where the house answers over real HTTP."""
    server = Serving()
    server.start(house.app)
    yield server.port
    server.stop()


def paths(house: House) -> list[str]:
    """Every link of ours in the survey mail: text, HTML and headers."""
    mail = house.mails("survey")[0]
    told = "\n".join((mail.text, mail.html.replace("&amp;", "&"), str(mail.message["List-Unsubscribe"])))
    return sorted(set(re.findall(r"https://mia\.example(/[^\s\"'<>]+)", told)))


def asked(port: int, method: str, path: str) -> int:
    """The status of one request without a body."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request(method, path)
    status = line.getresponse().status
    line.close()
    return status


def state(house: House) -> list[int]:
    """How many rows there are of what only a person may change, of labels, and of history."""
    return [len(house.rows(table)) for table in (*CHANGED_BY_PEOPLE, LabelRow, HistoryRow)]


def test_the_mail_has_every_link_there_is(house: House) -> None:
    found = paths(house)
    assert {path.split("/")[1] for path in found} == {"s", "c", "u"}
    assert sorted(path[-4:] for path in found if "?r=" in path) == [f"?r={score}" for score in range(1, 6)]


@pytest.mark.browser
def test_a_scanner_with_a_browser_answers_complains_and_unsubscribes_nothing(
    house: House, port: int, page: Page
) -> None:
    before = state(house)
    links = [*paths(house), house.link("label", "r")]
    for path in links:
        answer = page.goto(f"http://127.0.0.1:{port}{path}")
        assert answer is not None
        assert answer.status == 200, path
        page.wait_for_load_state("networkidle")
    house.run()
    assert state(house) == before
    assert all(house.rows(table) == [] for table in CHANGED_BY_PEOPLE)
    assert house.codes() == []
    assert house.kinds() == ["label", "survey"]
    assert len(house.rows(Intent)) <= 5


def test_get_and_head_of_every_link_change_nothing_either(house: House, port: int) -> None:
    before = state(house)
    for path in [*paths(house), house.link("label", "r"), house.link("label", "r") + "/label.pdf"]:
        assert [asked(port, method, path) for method in ("HEAD", "GET", "HEAD")] == [200, 200, 200], path
    house.run()
    assert state(house) == before
    assert len(house.rows(Intent)) == 5


def test_surveys_stay_on_and_sam_can_still_answer(house: House, port: int) -> None:
    for path in paths(house):
        asked(port, "GET", path)
    reminder = next(step for step in house.rows(FollowUpRow) if step.kind == "survey_reminder")
    assert reminder.state == "planned"
    house.clock.advance(days=10)
    house.run()
    assert house.kinds() == ["label", "survey", "survey_reminder"]
    assert house.answer(2, "damaged").status_code == 200
    assert [row.score for row in house.rows(AnswerRow)] == [2]


def test_an_empty_post_unsubscribes_nobody_and_the_mail_programs_own_button_does(house: House) -> None:
    path = re.findall(r"mia\.example(/u/[^>]+)", str(house.mails("survey")[0].message["List-Unsubscribe"]))[0]
    assert house.client.post(path).status_code == 400
    assert house.client.post(path, data={}).status_code == 400
    assert house.rows(Suppression) == []
    assert house.client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert len(house.rows(Suppression)) == 1
