"""The numbers that the database sums up are those of counting every row by hand, on both engines."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlmodel import SQLModel

from integration.db.tables import AnswerRow, CodeRow, ComplaintRow, HistoryRow, MailRow, OrderRow, Shop
from integration.flows import numbers
from integration.rules import kpis
from integration.rules.kpis import Case, Line, People, Period, Step
from tests.flows.conftest import MakeHouse
from tests.flows.house import House

DAY = timedelta(days=1)
QUARTER = 90 * DAY
COUNTED: tuple[type[Any], ...] = (OrderRow, AnswerRow, MailRow, ComplaintRow, CodeRow, HistoryRow)
Kept = dict[type[Any], list[Any]]
WEIGHTS: tuple[kpis.Group, ...] = ("silent", "answered", "resolved", "unresolved")


class Rows:
    """Writes rows past the flows, as any order of events could have left them."""

    def __init__(self, house: House) -> None:
        self.house, self.now, self._ids = house, house.clock.now, count()
        self.shops = [house.shop_id, "shop_other", "shop_third"]
        with house.services.db.writing() as session:
            known = house.shop(session)
            for shop_id in self.shops[1:]:
                session.add(Shop(**known.model_dump() | {"id": shop_id, "name": shop_id}))

    def add(self, *rows: SQLModel) -> None:
        with self.house.services.db.writing() as session:
            for row in rows:  # in this order: others refer to what came before
                session.add(row)
                session.flush()

    def order(self, shop: int = 0, who: str = "sam", **values: Any) -> OrderRow:
        at, order_id = self.now, self._id("order")
        known = {"updated_at": at, "created_at": at, "state": "delivered", "number": order_id}
        return OrderRow(id=order_id, shop_id=self.shops[shop], ref=order_id, customer_key=who, **known | values)

    def complaint(self, order: OrderRow, at: datetime, **values: Any) -> ComplaintRow:
        case = self._id("complaint")
        known = {"number": case, "source": "form", "cause": "late", "state": "received", "due_at": at}
        return ComplaintRow(id=case, shop_id=order.shop_id, order_id=order.id, opened_at=at, **known | values)

    def step(self, case: ComplaintRow, at: datetime, old: str, new: str, actor: str = "system", why: str = "") -> Any:
        moved = {"from_state": old, "to_state": new, "reason": why}
        return HistoryRow(shop_id=case.shop_id, subject=case.id, at=at, actor=actor, **moved)

    def mail(self, order: OrderRow, kind: str, sent_at: datetime | None, case: str | None = None) -> MailRow:
        mail = self._id("mail")
        known = {"key": mail, "message_id": mail, "created_at": self.now, "state": "sent"}
        about = {"order_id": order.id, "complaint_id": case, "sent_at": sent_at}
        return MailRow(id=mail, shop_id=order.shop_id, kind=kind, **known, **about)

    def answer(self, order: OrderRow, score: int, at: datetime) -> AnswerRow:
        return AnswerRow(id=self._id("answer"), shop_id=order.shop_id, order_id=order.id, score=score, answered_at=at)

    def code(self, order: OrderRow, case: ComplaintRow, at: datetime, state: str, used_by: str) -> CodeRow:
        known: dict[str, Any] = {
            "kind": "percent",
            "value": "10",
            "currency": "EUR",
            "at_risk_minor": 1,
            "code": self._id("PV"),
        }
        about = {"shop_id": order.shop_id, "order_id": order.id, "complaint_id": case.id}
        return CodeRow(
            id=self._id("code"), state=state, used_by=used_by, reserved_at=at, expires_at=at, **known, **about
        )

    def _id(self, kind: str) -> str:
        return f"{kind}_{next(self._ids):05}"


def told(house: House, shops: Sequence[str], days: int) -> tuple[dict[str, Line], dict[str, Line | None]]:
    found = numbers.of_shops(house.services, shops, days).figures
    return {name: one.now for name, one in found.items()}, {name: one.before for name, one in found.items()}


@pytest.mark.parametrize("seed", range(2))
def test_the_sums_are_those_of_counting_by_hand(make_house: MakeHouse, seed: int) -> None:
    rows, chance = Rows(make_house()), random.Random(seed)
    rows.add(*(row for _ in range(120) for row in a_life(rows, chance)))
    kept = {table: rows.house.rows(table) for table in COUNTED}
    for shops in ([rows.shops[0]], rows.shops[:2]):
        for days in numbers.PERIODS:
            end = rows.now + timedelta(seconds=1)
            period = Period(end - days * DAY, end)
            now, before = told(rows.house, shops, days)
            assert now == by_hand(kept, shops, period)
            earlier = by_hand(kept, shops, period.before())
            assert before == {name: earlier.get(name) for name in now}


def a_life(rows: Rows, chance: random.Random) -> Iterable[SQLModel]:
    """An order of few people in few shops, so that they come back, with anything or nothing behind it."""
    at = rows.now - timedelta(days=chance.choice((20, 60, 200, 800)) * chance.random())
    placed = at - chance.random() * 3 * DAY if chance.random() < 0.95 else None
    who = f"who{chance.randrange(40)}" if chance.random() < 0.95 else ""
    delivered = at if chance.random() < 0.9 else None
    state = "cancelled" if chance.random() < 0.1 else "delivered"
    order = rows.order(chance.randrange(3), who, delivered_at=delivered, placed_at=placed, state=state)
    yield order
    if chance.random() < 0.8:
        yield rows.mail(order, "survey", at + DAY if chance.random() < 0.9 else None)
    if chance.random() < 0.4:
        yield rows.answer(order, chance.randint(1, 5), at + 2 * DAY)
    if chance.random() < 0.5:
        yield from a_complaint(rows, chance, order, at + DAY)


def a_complaint(rows: Rows, chance: random.Random, order: OrderRow, at: datetime) -> Iterable[SQLModel]:
    """Any walk through the states, with the mails that tell of it."""
    states = ("acknowledged", "in_progress", "waiting_customer", "decided", "closed")
    case = rows.complaint(order, at, cause=chance.choice(("late", "damaged", "other")))
    walk = [chance.choice(states) for _ in range(chance.randrange(7))]
    case.state = walk[-1] if walk else "received"
    yield case
    old = "received"
    for new in walk:
        at += chance.random() * DAY
        why = "first_human_reply" if chance.random() < 0.2 else ""
        yield rows.step(case, at, old, new, chance.choice(("owner", "policy", "system")), why)
        old = new
    for kind in ("decision", "discount_code", "complaint_ack"):
        if chance.random() < 0.4:
            yield rows.mail(order, kind, at - chance.random() * DAY if chance.random() < 0.8 else None, case.id)
    if chance.random() < 0.5:
        used = "another" if chance.random() < 0.5 else ""
        yield rows.code(order, case, at, chance.choice(("mailed", "redeemed", "expired", "revoked", "created")), used)


# -- counted row by row --------------------------------------------------------------------------------


def by_hand(kept: Kept, shops: Sequence[str], period: Period) -> dict[str, Line]:
    orders, answers, mails, complaints, codes, _ = (
        [row for row in kept[table] if row.shop_id in shops] for table in COUNTED
    )
    opened = [case for case in sorted(complaints, key=lambda row: str(row.id)) if case.opened_at in period]
    cases = [a_case(case, kept[HistoryRow], mails) for case in opened]
    scores = [row.score for row in answers if row.answered_at in period]
    mailed = [row.order_id for row in mails if row.kind == "survey" and row.sent_at and row.sent_at in period]
    replied = [row.order_id for row in answers if row.order_id in mailed]
    given = [row for row in codes if row.state in ("mailed", "redeemed", "expired") and row.reserved_at in period]
    lines = (
        *kpis.complaints(cases, sum(bool(row.delivered_at and row.delivered_at in period) for row in orders)),
        *kpis.first_response(cases),
        *kpis.resolution(cases),
        *kpis.satisfaction({each: scores.count(each) for each in scores}, len(mailed), len(replied)),
        *kpis.retention(people(orders, answers, complaints, period.shifted(QUARTER))),
        *kpis.redemption(sum(bool(row.used_by) for row in given), len(given)),
    )
    return {line.name: line for line in lines}


def a_case(case: Any, history: Sequence[Any], mails: Sequence[Any]) -> Case:
    steps = sorted((row for row in history if row.subject == case.id), key=lambda row: int(row.id))
    decisions = ("decision", "discount_code")
    sent = [mail.sent_at for mail in mails if mail.complaint_id == case.id and mail.kind in decisions and mail.sent_at]
    first, final = kpis.resolved([Step(step.at, step.from_state, step.to_state) for step in steps], sent)
    hers = [step for step in steps if (step.actor, step.to_state) == ("owner", "decided")]
    heard = [step.at for step in steps if step.reason == "first_human_reply" or step in hers]
    acknowledged = [step.at for step in steps if step.to_state == "acknowledged"]
    return Case(
        cause=case.cause,
        opened_at=case.opened_at,
        acknowledged_at=acknowledged[0] if acknowledged else None,
        replied_at=heard[0] if heard else None,
        first_resolved_at=first,
        resolved_at=final,
    )


def people(orders: Sequence[Any], answers: Sequence[Any], complaints: Sequence[Any], window: Period) -> list[People]:
    who = {row.id: (row.shop_id, row.customer_key) for row in orders}
    weight: dict[tuple[str, str], int] = {}
    for answer in answers:
        if answer.answered_at >= window.start:
            weight[who[answer.order_id]] = max(1, weight.get(who[answer.order_id], 0))
    for case in complaints:
        if case.opened_at >= window.start:
            grave = 2 if case.state in ("decided", "closed") else 3
            weight[who[case.order_id]] = max(grave, weight.get(who[case.order_id], 0))
    first: dict[tuple[str, str], datetime] = {}
    for row in orders:
        if row.delivered_at and row.delivered_at in window and row.customer_key:
            first[who[row.id]] = min(row.delivered_at, first.get(who[row.id], row.delivered_at))
    found = []
    for person, at in first.items():
        again = [
            row.placed_at for row in orders if who[row.id] == person and row.state != "cancelled" and row.placed_at
        ]
        back = any(at < moment <= at + QUARTER for moment in again)
        found.append(People(WEIGHTS[weight.get(person, 0)], 1, int(back)))
    return found


# -- the edges -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("late", "back"), [(timedelta(0), 1), (timedelta(microseconds=1), 0)])
def test_who_comes_back_on_the_ninetieth_day_came_back_to_the_microsecond(
    make_house: MakeHouse, late: timedelta, back: int
) -> None:
    rows = Rows(make_house())
    arrived = rows.now - 100 * DAY + timedelta(microseconds=123_457)
    rows.add(rows.order(delivered_at=arrived), rows.order(placed_at=arrived + QUARTER + late, state="open"))
    now, _ = told(rows.house, [rows.shops[0]], 30)
    assert (now["retention"].n, now["retention"].of) == (back, 1)


def test_an_order_placed_with_the_delivery_is_no_return(make_house: MakeHouse) -> None:
    rows = Rows(make_house())
    arrived = rows.now - 100 * DAY
    rows.add(rows.order(delivered_at=arrived), rows.order(placed_at=arrived, state="open"))
    now, _ = told(rows.house, [rows.shops[0]], 30)
    assert (now["retention"].n, now["retention"].of) == (0, 1)


def test_who_came_back_is_counted_once_an_hour_and_all_else_at_once(make_house: MakeHouse) -> None:
    rows = Rows(make_house())
    house, now = rows.house, rows.now
    first = rows.order(who="sam", placed_at=now - 130 * DAY, delivered_at=now - 120 * DAY)
    rows.add(first, rows.answer(first, 5, now - DAY))

    def told(name: str) -> tuple[int, int]:
        line = numbers.of_shops(house.services, [house.shop_id], 90).figures[name].now
        return line.n, line.of

    assert (told("retention"), told("csat")) == ((0, 1), (1, 1))
    again = rows.order(who="sam", placed_at=now - 110 * DAY, delivered_at=now - DAY)
    rows.add(again, rows.answer(again, 1, now - DAY))
    assert (told("retention"), told("csat")) == ((0, 1), (1, 2))
    house.clock.advance(hours=1)
    assert (told("retention"), told("csat")) == ((1, 1), (1, 2))
    assert {counted for counted, _ in house.services.came_back.values()} == {
        (now + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    }
