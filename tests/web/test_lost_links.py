"""Who lost her mail gets its links at the order's own address; whoever guesses learns nothing (D7, D17)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from werkzeug.test import TestResponse

from integration.db.queries import orders
from integration.db.tables import Attempt, MailRow, OrderRow
from integration.flows import lost_links, privacy
from tests.conftest import StandingClock
from tests.flows.house import House
from tests.web.desk.conftest import HTTPS, Desk, order_of, sold_elsewhere

SAM = "sam@example.com"


@pytest.fixture
def house(tmp_path: Path, clock: StandingClock) -> Iterator[House]:
    made = House(tmp_path, clock)
    yield made
    made.close()


def path(house: House) -> str:
    return f"/find/{house.shop_id}"


def stamp(house: House) -> str:
    found = re.search(r'name="shown" value="([^"]+)"', house.client.get(path(house)).text)
    assert found
    return found[1]


def ask(house: House, number: str, email: str, address: str = "192.0.2.1", **more: str) -> TestResponse:
    """She opens the page, types for a while, and sends it."""
    form = {"number": number, "email": email, "website": ""}
    if "shown" not in more:
        form["shown"] = stamp(house)
        house.clock.advance(seconds=5)
    return house.client.post(path(house), data=form | more, environ_base={"REMOTE_ADDR": address})


def number_of(house: House) -> str:
    return house.rows(OrderRow)[0].number


def arrived(house: House) -> list[Any]:
    """The mails that have come a minute later."""
    house.clock.advance(seconds=60)
    house.run()
    return house.mails("links")


@pytest.mark.parametrize(("hash_sign", "email"), [("", SAM), ("#", " SAM+shop@Example.com ")])
def test_the_links_come_to_the_order_s_own_address(house: House, hash_sign: str, email: str) -> None:
    house.deliver()
    answer = ask(house, f" {hash_sign}{number_of(house).removeprefix('#')} ", email)
    assert answer.status_code == 200
    assert "Mira tu correo dentro de un minuto" in answer.text
    assert house.mails("links") == []
    [mail] = arrived(house)
    assert SAM in mail.message["To"]
    for purpose in "rcu":
        assert house.client.get(house.link("links", purpose)).status_code == 200
    assert {house.link("links", purpose) for purpose in "rc"} == {house.link("label", purpose) for purpose in "rc"}


def test_nobody_gets_a_mail_for_what_does_not_fit_together(house: House) -> None:
    house.deliver()
    number = number_of(house)
    for typed, email in ((number, "eve@example.com"), ("999999", SAM), (f"{number}0", SAM), ("%", SAM)):
        assert ask(house, typed, email).status_code == 200
    assert arrived(house) == []
    assert [row for row in house.rows(MailRow) if row.kind == "links"] == []


def test_another_shop_s_order_of_the_same_number_is_not_meant(house: House) -> None:
    ref = house.deliver()
    sold_elsewhere(house, order_of(house, ref))
    ask(house, number_of(house), "otto@example.com")
    assert arrived(house) == []


def test_asked_for_again_within_the_hour_one_mail_leaves(house: House) -> None:
    house.deliver()
    for _ in range(3):
        assert ask(house, number_of(house), SAM).status_code == 200
    assert len(arrived(house)) == 1
    house.clock.advance(hours=1)
    ask(house, number_of(house), SAM)
    assert len(arrived(house)) == 2


def test_whoever_was_erased_is_not_found(house: House) -> None:
    ref = house.deliver()
    number = number_of(house)
    with house.services.db.writing() as session:
        privacy.erase_order(session, house.services, house.shop(session), ref, house.clock.now)
    assert ask(house, number, SAM).status_code == 200
    assert arrived(house) == []


@pytest.mark.parametrize(
    ("number", "email", "said"),
    [
        ("", SAM, "Escribe el número de un pedido"),
        ("1" * 61, SAM, "Escribe el número de un pedido"),
        ("1", "", "Escribe una dirección de correo completa"),
        ("1", "sam", "Escribe una dirección de correo completa"),
        ("1", "sam @example.com", "Escribe una dirección de correo completa"),
        ("1", f"{'s' * 250}@example.com", "Escribe una dirección de correo completa"),
    ],
)
def test_what_can_be_neither_is_said_beside_its_field(house: House, number: str, email: str, said: str) -> None:
    answer = ask(house, number, email)
    assert answer.status_code == 400
    assert said in answer.text


def test_a_shop_that_nobody_has_has_no_page(house: House) -> None:
    for shop_id in ("shop_none", "%00", "x" * 80):
        assert house.client.get(f"/find/{shop_id}").status_code == 404
        assert house.client.post(f"/find/{shop_id}", data={"number": "1", "email": SAM}).status_code == 404


def test_another_site_cannot_ask_for_her(house: House) -> None:
    house.deliver()
    form = {"number": number_of(house), "email": SAM, "shown": stamp(house)}
    house.clock.advance(seconds=5)
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert house.client.post(path(house), data=form, headers=headers).status_code == 403
    assert arrived(house) == []


def test_the_desk_shows_the_address_of_the_page(house: House) -> None:
    page = Desk(house).enter().get(f"/admin/shops/{house.shop_id}").text
    assert f"{HTTPS}{path(house)}" in page
    assert lost_links.url(house.services, house.shop_id) == f"{HTTPS}{path(house)}"


# -- no oracle (D7) --------------------------------------------------------------------------------------------


@contextmanager
def statements(house: House) -> Iterator[list[str]]:
    """What the database is told meanwhile."""
    told: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        told.append(" ".join(statement.split()))

    event.listen(house.services.db.engine, "before_cursor_execute", note)
    try:
        yield told
    finally:
        event.remove(house.services.db.engine, "before_cursor_execute", note)


def work(house: House, number: str, email: str, address: str) -> tuple[str, ...]:
    """The statements of one question, without the names of savepoints, and with one word for how they end."""
    shown = stamp(house)
    house.clock.advance(seconds=5)
    with statements(house) as told:
        assert ask(house, number, email, address, shown=shown).status_code == 200
    ends = (re.sub(r"^(RELEASE|ROLLBACK TO) SAVEPOINT", "END OF SAVEPOINT", one) for one in told)
    return tuple(re.sub(r"sa_savepoint_\d+", "", one) for one in ends)


def test_a_hit_a_miss_and_a_repeat_are_the_same_work(house: House) -> None:
    house.deliver()
    number = number_of(house)
    hit = work(house, number, SAM, "192.0.2.1")
    assert sum("INSERT INTO mails" in one for one in hit) == 1
    assert work(house, number, SAM, "192.0.2.2") == hit
    assert work(house, number, "eve@example.com", "192.0.2.3") == hit
    assert work(house, "999", SAM, "192.0.2.4") == hit


def test_a_thousand_tries_learn_nothing(house: House) -> None:
    """One status, one body, one set of headers, whatever was guessed; and no mail but those that were right."""
    house.deliver()
    right, answers = number_of(house), set()
    for n in range(1000):
        number, email = (right, SAM) if n % 100 == 0 else (right, f"sam{n}@example.com") if n % 2 else (str(n), SAM)
        shown = stamp(house)
        house.clock.advance(minutes=10)  # slowly enough for every limit
        answer = ask(house, number, email, f"198.51.100.{n % 250}", shown=shown)
        answers.add((answer.status_code, answer.text, str(answer.headers)))
    assert [status for status, _, _ in answers] == [200]
    assert len([row for row in house.rows(MailRow) if row.kind == "links"]) == 10


def refused(answer: TestResponse) -> bool:
    if answer.status_code == 429:
        assert int(answer.headers["Retry-After"]) > 0
        assert "Hubo demasiados intentos" in answer.text
    return answer.status_code == 429


def test_five_tries_in_a_quarter_of_an_hour_from_one_address(house: House) -> None:
    tries = [refused(ask(house, str(n), f"a{n}@example.com")) for n in range(7)]
    assert tries == [False] * 5 + [True] * 2
    house.clock.advance(minutes=15)
    assert not refused(ask(house, "8", SAM))


def test_a_network_of_ipv6_counts_as_one_address(house: House) -> None:
    tries = [refused(ask(house, str(n), f"a{n}@example.com", f"2001:db8::{n:x}:1")) for n in range(6)]
    assert tries == [False] * 5 + [True]


def test_ten_an_hour_about_one_order_and_twenty_for_one_address(house: House) -> None:
    tries = [refused(ask(house, "7", f"a{n}@example.com", f"192.0.2.{n}")) for n in range(11)]
    assert tries == [False] * 10 + [True]
    tries = [refused(ask(house, f"1{n}", SAM, f"198.51.100.{n}")) for n in range(21)]
    assert tries == [False] * 20 + [True]


def test_three_hundred_a_minute_altogether(house: House) -> None:
    shown = stamp(house)
    house.clock.advance(seconds=5)
    tries = [
        refused(ask(house, f"1{n}", f"a{n}@example.com", f"2001:db8:0:{n:x}::1", shown=shown)) for n in range(301)
    ]  # fmt: skip
    assert tries == [False] * 300 + [True]


def test_what_is_counted_names_nobody_and_outlives_a_restart(house: House) -> None:
    for n in range(5):
        ask(house, f"{n}", SAM)
    counted = house.rows(Attempt)
    assert len(counted) == 20
    assert not any(SAM in row.who or "192.0.2" in row.who for row in counted)
    assert refused(ask(house, "5", SAM))


# -- no robots (D17) -------------------------------------------------------------------------------------------


def test_what_fills_in_everything_gets_the_same_answer_and_no_mail(house: House) -> None:
    house.deliver()
    person = ask(house, number_of(house), "eve@example.com")
    robot = ask(house, number_of(house), SAM, website="https://evil.example")
    assert (robot.status_code, robot.text) == (person.status_code, person.text)
    assert arrived(house) == []


@pytest.mark.parametrize("seconds", [0, 1, 12 * 3600 + 1])
def test_what_comes_too_fast_or_too_late_is_asked_for_again_and_then_taken(house: House, seconds: int) -> None:
    house.deliver()
    shown = stamp(house)
    house.clock.advance(seconds=seconds)
    answer = ask(house, number_of(house), SAM, shown=shown)
    assert answer.status_code == 400
    assert "Vuelve a enviarlo" in answer.text
    assert f'value="{SAM}"' in answer.text
    assert arrived(house) == []
    assert ask(house, number_of(house), SAM).status_code == 200
    assert len(arrived(house)) == 1


@pytest.mark.parametrize("shown", ["", "x", "1.", ".", "ñ.ñ", "99999999999999999999.00", "1700000000.aa"])
def test_a_form_that_was_never_shown_is_asked_for_again(house: House, shown: str) -> None:
    assert ask(house, "1", SAM, shown=shown).status_code == 400


def test_an_order_is_found_by_an_index(house: House) -> None:
    with house.services.db.reading() as session, statements(house) as told:
        orders.called(session, house.shop_id, "1", "x")
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {told[-1]}", ("x", "1", "#1", "x", 1, 0))
        assert "SCAN" not in str(plan.all())
