"""E12: whatever happens in whatever order, with the plug pulled anywhere, the promises hold."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import tempfile
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from email.message import EmailMessage
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from emails.transports import Transport
from integration.app import create_app
from integration.db.tables import CodeRow, ComplaintRow, FollowUpRow, HistoryRow, MailRow, OrderRow, Task
from integration.domain.errors import Ambiguous, Permanent, PostventaError, Refused, SinkError, Temporary
from integration.domain.policy import CAUSES
from integration.flows import cases, dispatch, reconcile
from tests.conftest import StandingClock
from tests.flows.house import House
from tests.flows.shoppers import store_of
from tests.flows.stores import behind, upstream
from tests.postgres import Postgres
from tests.stores.faults import Faults

CHECKPOINTS = (
    "webhook_admitted", "inbox_committed", "receipt_acted", "receipt_taken", "task_claimed", "label_reserved",
    "label_drawn", "label_kept", "mail_sending", "mail_accepted", "task_recorded", "code_created",
    "code_noted", "code_revoked", "answer_committed", "return_announced", "opt_out_committed", "erasure_noted",
    "page_taken",
)  # fmt: skip
WHICH = st.integers(0, 9)
FAULTS = (
    Ambiguous("no_verdict"),
    Ambiguous("mail_interrupted"),
    Temporary("mail_busy"),
    Refused("mail_login_refused"),
    Permanent("recipient_refused"),
)
DAY_BUDGET = Decimal(30)


class PlugPulled(BaseException):
    """The process ends here; nothing above may catch it."""


class FaultyTransport(Transport):
    """The real folder, with faults before the mail is taken, or after it was."""

    def __init__(self, inner: Transport) -> None:
        self.inner = inner
        self.faults: dict[str, SinkError] = {}

    def send(self, message: EmailMessage, *, kind: str, mail_id: str, at: datetime) -> None:
        fault = self.faults.pop(kind, None)
        if fault is not None and not isinstance(fault, Ambiguous):
            raise fault
        self.inner.send(message, kind=kind, mail_id=mail_id, at=at)
        if fault is not None:
            raise fault

    def close(self) -> None:
        self.inner.close()


class Life(RuleBasedStateMachine):
    """A shop's life: deliveries, answers, faults and pulled plugs."""

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.clock = StandingClock(datetime(2026, 11, 21, 12, tzinfo=UTC))
        limits = {"day_budget": DAY_BUDGET, "month_budget": 90, "customer_max": 9}
        self.house = House(
            self.folder, self.clock, "woocommerce", self.database(), survey_delay="1d", compensation=limits
        )
        self.transport = FaultyTransport(self.house.services.transport)
        self.crash_at = ""
        self.house.services = dataclasses.replace(
            self.house.services, checkpoint=self._checkpoint, transport=self.transport
        )
        self.line = Faults(upstream(self.house)).__enter__()
        behind(self.house, self.line)
        self.house.app = create_app(self.house.services)
        self.house.client = self.house.app.test_client()
        self.told: list[tuple[object, bytes]] = []
        self.opted_out_at: dict[str, datetime] = {}
        self.buyers = 0
        self.history_length = 0

    def database(self) -> str:
        """Where this life is kept; empty for a file of its own."""
        return ""

    def teardown(self) -> None:
        if hasattr(self, "house"):
            self.line.__exit__(None, None, None)
            self.house.close()
            shutil.rmtree(self.folder)

    def _checkpoint(self, name: str) -> None:
        if name == self.crash_at:
            self.crash_at = ""
            raise PlugPulled

    def _surely(self, act: object) -> None:
        """Do it; when the plug is pulled, start again as `serve` does."""
        try:
            act()  # type: ignore[operator]
        except PlugPulled:
            dispatch.free_lapsed(self.house.services, lambda owner: True)

    # -- what happens ---------------------------------------------------------------------------------

    @rule()
    def deliver(self) -> None:
        """Another buyer's parcel arrives."""
        self.buyers += 1
        ref = self.house.side.sell(email=f"sam{self.buyers}@example.com")
        self.told.append(self.house.side.arrive(ref))
        self._surely(lambda: self.house.post(*self.told[-1]))

    @precondition(lambda self: self.told)
    @rule(which=WHICH)
    def tell_again(self, which: int) -> None:
        """A webhook is repeated, however old."""
        told = self.told[which % len(self.told)]
        self._surely(lambda: self.house.post(*told))

    @rule()
    def deliver_untold(self) -> None:
        """A parcel arrives, and its webhook is lost; looking finds it."""
        self.buyers += 1
        self.house.side.arrive(self.house.side.sell(email=f"sam{self.buyers}@example.com"))

    @rule()
    def look(self) -> None:
        """The store is read for what its webhooks did not tell, if it can be."""
        self._surely(lambda: reconcile.look(self.house.services, self.house.shop_id, now_anyhow=True))

    @rule()
    def deliver_out_of_order(self) -> None:
        """That it was sent is told after that it arrived."""
        self.buyers += 1
        ref = self.house.side.sell(email=f"sam{self.buyers}@example.com")
        earlier = store_of(self.house).signed_webhook(int(ref), "order.updated", self.house.secret)
        self.clock.advance(seconds=1)
        for told in (self.house.side.arrive(ref), earlier):
            self.told.append(told)
            self._surely(lambda told=told: self.house.post(*told))  # type: ignore[misc]

    @rule(hours=st.sampled_from([1, 25, 24 * 11]))
    def tick(self, hours: int) -> None:
        """Time passes and the work that is due is done."""
        self.clock.advance(hours=hours, seconds=1)
        self._surely(self.house.run)

    @rule(name=st.sampled_from(CHECKPOINTS))
    def pull_the_plug_at(self, name: str) -> None:
        """The next time this step is reached, the process ends."""
        self.crash_at = name

    @rule(fault=st.sampled_from(FAULTS))
    def mail_server_has_a_bad_day(self, fault: SinkError) -> None:
        """The next mail of each kind meets this fault."""
        self.transport.faults = dict.fromkeys(("label", "survey", "complaint_ack", "discount_code"), fault)

    @rule(fault=st.sampled_from(["", "429", "503", "401", "html", "cut json", "hang up", "html after"]))
    def store_has_a_bad_day(self, fault: str) -> None:
        """From now on every answer of the store is this one."""
        self.line.now = fault

    @precondition(lambda self: self.told)
    @rule(which=WHICH)
    def erase(self, which: int) -> None:
        """The store forgets a shopper, and tells us when we look."""
        orders = list(store_of(self.house).shop.orders.values())
        order = orders[which % len(orders)]
        order["billing"]["email"] = "deleted@site.invalid"
        store_of(self.house).set_status(order["id"], str(order["status"]))

    @precondition(lambda self: self._letters("label", "r"))
    @rule(which=WHICH)
    def send_back(self, which: int) -> None:
        """A return is announced, once or again."""
        links = self._letters("label", "r")
        link = links[which % len(links)]
        shown = re.findall(r"name=\"(item-\w+)\"", self.house.client.get(link).text)
        form = dict.fromkeys(shown, "1") | {"reason": "too_big", "wish": "refund"}
        self._surely(lambda: self.house.client.post(link, data=form))

    def _letters(self, kind: str, purpose: str) -> list[str]:
        found = [mail.link(purpose) for mail in self.house.mails(kind)]
        return [link.removeprefix("https://mia.example") for link in dict.fromkeys(found) if link]

    @precondition(lambda self: self._letters("survey", "s"))
    @rule(which=WHICH, score=st.integers(1, 5), cause=st.sampled_from(["", *CAUSES]))
    def answer(self, which: int, score: int, cause: str) -> None:
        """A survey is answered, or its answer edited."""
        links = self._letters("survey", "s")
        link = links[which % len(links)]
        form = {"score": str(score), "cause": cause, "text": "a"}
        self._surely(lambda: self.house.client.post(link, data=form))

    @precondition(lambda self: self._letters("label", "c"))
    @rule(which=WHICH, cause=st.sampled_from(CAUSES))
    def complain(self, which: int, cause: str) -> None:
        """The form behind "something went wrong?" is sent."""
        links = self._letters("label", "c")
        link = links[which % len(links)]
        self._surely(lambda: self.house.client.post(link, data={"cause": cause, "text": "b"}))

    @precondition(lambda self: self._letters("label", "u"))
    @rule(which=WHICH)
    def opt_out(self, which: int) -> None:
        """One click."""
        mails = self.house.mails("label")
        mail = mails[which % len(mails)]
        path = mail.link("u").removeprefix("https://mia.example")
        given = []
        self._surely(lambda: given.append(self.house.client.post(path, data={"List-Unsubscribe": "One-Click"})))
        assert all(answer.status_code == 200 for answer in given)
        self.opted_out_at.setdefault(mail.message["To"].addresses[0].addr_spec, self.clock.now)

    @precondition(lambda self: self.house.rows(ComplaintRow))
    @rule(which=WHICH, action=st.sampled_from(cases.ACTIONS), fix=st.sampled_from(cases.FIXES), extra=st.booleans())
    def owner_acts(self, which: int, action: str, fix: str, extra: bool) -> None:
        """Mia decides something, possible or not."""
        known = sorted(self.house.rows(ComplaintRow), key=lambda case: case.opened_at)
        complaint_id = known[which % len(known)].id
        form = {"action": action, "fix": fix, "extra": "yes" if extra else "", "text": "Hola"}
        services = self.house.services
        try:
            with services.db.writing() as session:
                case = session.get_one(ComplaintRow, complaint_id)
                cases.do(session, services, case, form, self.clock.now)
        except PostventaError:
            return

    # -- what always holds ----------------------------------------------------------------------------

    @invariant()
    def one_code_per_order_in_the_store_and_here(self) -> None:
        if not hasattr(self, "house"):
            return
        codes = Counter(row.order_id for row in self.house.rows(CodeRow))
        assert all(count == 1 for count in codes.values())
        held = Counter(code.code for code in self.house.codes())
        assert all(count == 1 for count in held.values())
        assert set(held) <= {row.code for row in self.house.rows(CodeRow)}

    @invariant()
    def automatic_codes_stay_within_the_days_budget(self) -> None:
        if not hasattr(self, "house"):
            return
        by_policy = {case.id for case in self.house.rows(ComplaintRow) if case.decided_by == "policy"}
        days: Counter[str] = Counter()
        for row in self.house.rows(CodeRow):
            if row.complaint_id in by_policy:
                days[row.reserved_at.astimezone().strftime("%Y-%m-%d")] += row.at_risk_minor
        assert all(cents <= 2 * DAY_BUDGET * 100 for cents in days.values())  # the shop's day may span two of UTC

    @invariant()
    def each_mail_once_or_twice_if_it_was_unclear(self) -> None:
        if not hasattr(self, "house"):
            return
        copies = Counter(str(mail.message["Message-ID"]) for mail in self.house.mails())
        rows = {row.message_id: row for row in self.house.rows(MailRow)}
        for message_id, count in copies.items():
            row = rows[message_id]
            most = 1 if row.kind in ("survey", "survey_reminder") else 2
            assert count <= min(most, row.copies), (row.kind, count)

    @invariant()
    def no_survey_after_the_opt_out(self) -> None:
        if not hasattr(self, "house"):
            return
        for mail in self.house.mails("survey") + self.house.mails("survey_reminder"):
            left = self.opted_out_at.get(mail.message["To"].addresses[0].addr_spec)
            assert left is None or mail.message["Date"].datetime <= left

    @invariant()
    def history_only_grows(self) -> None:
        if not hasattr(self, "house"):
            return
        length = len(self.house.rows(HistoryRow))
        assert length >= self.history_length
        self.history_length = length


def settle(life: Life) -> None:
    """Every fault over, and time enough: what was promised has happened, or says why not."""
    life.crash_at = ""
    life.transport.faults.clear()
    life.line.now = ""
    dispatch.free_lapsed(life.house.services, lambda owner: True)
    for _ in range(12):
        reconcile.look(life.house.services, life.house.shop_id, now_anyhow=True)
        life.house.run()
        life.clock.advance(hours=12)
    states = {"done", "skipped"}
    sold = store_of(life.house).shop.orders.values()
    ours = {row.ref for row in life.house.rows(OrderRow)}
    assert {str(order["id"]) for order in sold if "deleted@" not in order["billing"]["email"]} <= ours
    for order in life.house.rows(OrderRow):
        steps = [
            step
            for step in life.house.rows(FollowUpRow)
            if step.order_id == order.id and step.kind != "survey_reminder"
        ]
        assert {step.kind for step in steps} == {"label", "survey"} or (order.erased_at and not steps)
        assert all(step.state in states for step in steps), [(step.kind, step.state) for step in steps]
    ends = {"sent", "skipped", "dead", "ambiguous"}
    assert {mail.state for mail in life.house.rows(MailRow)} <= ends
    open_tasks = [task for task in life.house.rows(Task) if task.state == "leased"]
    assert open_tasks == []


class SettledLife(Life):
    """The same, and at its end everything comes to rest."""

    def teardown(self) -> None:
        try:
            if hasattr(self, "house"):
                settle(self)
        finally:
            super().teardown()


LIVES = int(os.environ.get("POSTVENTA_LIVES", "9"))  # and two thirds as many on PostgreSQL
CALM = settings(max_examples=LIVES, stateful_step_count=30, suppress_health_check=list(HealthCheck))
SettledLife.TestCase.settings = CALM
TestLife = SettledLife.TestCase


def test_a_life_on_postgresql_keeps_the_same_promises(postgres: Postgres, empty_postgres: str) -> None:
    class OnPostgres(SettledLife):
        def database(self) -> str:
            return postgres.url(postgres.database(like=empty_postgres))

    run_state_machine_as_test(OnPostgres, settings=settings(CALM, max_examples=-(-LIVES * 2 // 3)))  # type: ignore[no-untyped-call]
