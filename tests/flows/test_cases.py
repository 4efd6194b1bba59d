"""A case that a person decides: the owner's mail holds a link, and behind it she reads, answers, grants, closes."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from integration.db.tables import CodeRow, ComplaintRow, HistoryRow, OrderRow
from integration.domain.errors import Conflict
from integration.domain.events import PersonErased
from integration.flows import intake
from tests.flows.conftest import MakeHouse
from tests.flows.house import House
from tests.flows.shoppers import arrived, command, complain

POLICY = {"label": "off", "survey_delay": "40d"}


class Desk:
    """Mia at the page of one case, as her mail brought her there."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.path = re.findall(r"https://mia\.example(/admin/case/[\w-]+)", house.mails("owner_case")[-1].text)[0]

    @property
    def case(self) -> ComplaintRow:
        """The case as it is now."""
        return self.house.rows(ComplaintRow)[-1]

    def look(self) -> str:
        """The page."""
        page = self.house.client.get(self.path)
        assert page.status_code == 200
        return page.text

    def do(self, action: str, state: str = "", **form: str) -> int:
        """Send one of the page's forms as it stood for this state (now's if none is named), and let the mails leave."""
        sent = {"action": action, "expected_state": state or self.case.state, **form}
        status = self.house.client.post(self.path, data=sent).status_code
        self.house.run()
        return status


@pytest.fixture
def desk(make_house: MakeHouse) -> Desk:
    """Sam wrote that the service was bad, which the policy leaves to a person."""
    house = make_house(**POLICY)
    assert complain(house, arrived(house, "sam@example.com"), "service", text="Nadie me contestó") == 200
    house.run()
    return Desk(house)


def to_sam(house: House) -> list[str]:
    """The kinds of the mails that Sam got."""
    return [mail.kind for mail in house.mails() if "sam@example.com" in str(mail.message["To"])]


def steps(house: House, case: ComplaintRow) -> list[tuple[str, str, str]]:
    """Who moved the case where, and why."""
    return [(line.actor, line.to_state, line.reason) for line in house.rows(HistoryRow) if line.subject == case.id]


def test_the_mail_brings_her_to_a_page_with_everything_to_decide(desk: Desk) -> None:
    page = desk.look()
    for shown in (desk.case.number, "Nadie me contestó", "Botas de montaña", "112,90"):
        assert shown in page
    assert desk.case.state == "in_progress"


def test_the_mail_counts_the_persons_other_cases_of_ninety_days(make_house: MakeHouse) -> None:
    house = make_house("woocommerce", **POLICY)
    for days, buyer in ((0, "sam"), (60, "sam"), (20, "sam"), (0, "lou"), (40, "sam")):
        house.clock.advance(days=days)
        complain(house, arrived(house, f"{buyer}@example.com"), "service")
        house.run()
    counted = [re.findall(r"Casos anteriores \(90 días\): (\d+)", mail.text) for mail in house.mails("owner_case")]
    assert counted == [["0"], ["1"], ["2"], ["0"], ["2"]]


def test_looking_changes_nothing(desk: Desk) -> None:
    before = (desk.case, len(desk.house.rows(HistoryRow)), desk.house.kinds())
    desk.look()
    assert desk.house.client.head(desk.path).status_code == 200
    desk.house.run()
    assert (desk.case, len(desk.house.rows(HistoryRow)), desk.house.kinds()) == before


def test_what_she_answers_reaches_sam_by_mail(desk: Desk) -> None:
    assert desk.do("answer", text="Hola Sam, lo miro hoy.") == 200
    assert to_sam(desk.house) == ["complaint_ack", "answer"]
    mail = desk.house.mails("answer")[0]
    assert "Hola Sam, lo miro hoy." in mail.text
    assert desk.case.number in str(mail.message["Subject"])
    assert desk.case.state == "waiting_customer"


def test_the_first_human_reply_is_stamped_once(desk: Desk) -> None:
    for text in ("Lo miro hoy.", "Sigo con ello."):
        desk.do("answer", text=text)
        desk.house.clock.advance(minutes=5)
    reasons = [reason for _, _, reason in steps(desk.house, desk.case)]
    assert reasons.count("first_human_reply") == 1
    assert len(desk.house.mails("answer")) == 2


def test_the_same_answer_sent_twice_is_one_mail(desk: Desk) -> None:
    for _ in range(3):
        desk.do("answer", text="Lo miro hoy.")
        desk.house.clock.advance(seconds=1)
    assert len(desk.house.mails("answer")) == 1


def test_a_fix_alone_is_told_to_sam_and_put_on_her_own_list(desk: Desk) -> None:
    assert desk.do("grant", fix="resend") == 200
    assert (desk.case.state, desk.case.fix, desk.case.extra, desk.case.decided_by) == (
        "decided", "resend", "", "owner",
    )  # fmt: skip
    assert to_sam(desk.house) == ["complaint_ack", "decision"]
    assert desk.house.mails("owner_fix")[0].message["To"].addresses[0].addr_spec == "mia@mia.example"
    assert desk.house.codes() == []


def test_a_fix_with_an_extra_makes_the_code_and_tells_both_in_one_mail(desk: Desk) -> None:
    assert desk.do("grant", fix="explanation", extra="yes") == 200
    [code] = desk.house.codes()
    assert to_sam(desk.house) == ["complaint_ack", "discount_code"]
    assert code.code in desk.house.mails("discount_code")[0].text.upper()
    assert (desk.case.state, desk.case.extra) == ("decided", "fixed")


def test_an_order_that_had_a_code_gets_no_second_one_by_hand(make_house: MakeHouse) -> None:
    house = make_house(**POLICY)
    order = arrived(house, "sam@example.com")
    complain(house, order, "damaged")
    complain(house, order, "service")
    house.run()
    assert Desk(house).do("grant", fix="resend", extra="yes") == 400
    assert len(house.codes()) == 1


def test_no_extra_can_be_given_where_the_policy_has_no_amounts(make_house: MakeHouse) -> None:
    house = make_house(**POLICY, compensation={"per_code_max": "off"})
    complain(house, arrived(house, "sam@example.com"), "service")
    house.run()
    desk = Desk(house)
    assert 'name="extra"' not in desk.look()
    assert desk.do("grant", fix="resend", extra="yes") == 400
    assert (desk.case.state, house.rows(CodeRow)) == ("in_progress", [])


def test_a_refusal_is_told_with_her_words_and_closes(desk: Desk) -> None:
    assert desk.do("refuse", text="") == 400
    assert desk.case.state == "in_progress"
    assert desk.do("refuse", text="Lo siento, Sam: eso no lo cubrimos.") == 200
    assert (desk.case.state, desk.case.decided_by) == ("closed", "owner")
    assert "eso no lo cubrimos" in desk.house.mails("answer")[0].text


def test_fixed_and_closed_are_stamped(desk: Desk) -> None:
    desk.do("grant", fix="resend")
    assert desk.case.fixed_at is None
    desk.house.clock.advance(days=1)
    assert desk.do("fixed") == 200
    assert desk.case.fixed_at == desk.house.clock.now
    assert desk.do("close") == 200
    assert (desk.case.state, desk.case.closed_at) == ("closed", desk.house.clock.now)
    moves = [state for actor, state, _ in steps(desk.house, desk.case) if actor == "owner"]
    assert moves == ["decided", "fixed", "closed"]


def test_an_answer_does_not_lose_what_was_promised(desk: Desk) -> None:
    desk.do("grant", fix="resend")
    assert desk.do("answer", text="Sale mañana, Sam.") == 200
    assert desk.case.state == "decided"
    assert 'value="fixed"' in desk.look()
    assert desk.do("fixed") == 200
    assert desk.do("answer", text="Ya salió, Sam.") == 200
    assert desk.case.state == "waiting_customer"


def test_a_form_that_was_overtaken_is_409_and_does_nothing(desk: Desk) -> None:
    desk.do("grant", fix="resend")
    before = (desk.house.kinds(), steps(desk.house, desk.case))
    assert desk.do("grant", state="in_progress", fix="refund") == 409
    assert desk.do("refuse", state="in_progress", text="No") == 409
    assert desk.do("close", state="") == 200  # the page as it is now works
    assert desk.case.fix == "resend"
    assert desk.house.kinds() == before[0]


def test_two_tabs_that_grant_at_once_grant_once(desk: Desk) -> None:
    form = {"action": "grant", "expected_state": "in_progress", "fix": "resend", "extra": "yes"}

    def tab(_: int) -> int:
        return desk.house.app.test_client().post(desk.path, data=form).status_code

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(tab, range(4))) == [200, 409, 409, 409]
    desk.house.run()
    assert len(desk.house.codes()) == 1
    assert to_sam(desk.house) == ["complaint_ack", "discount_code"]


@pytest.mark.parametrize(
    "form", [{"action": "fixed"}, {"action": "reopen"}, {}, {"action": "grant"}, {"action": "grant", "fix": "person"}]
)
def test_what_the_page_does_not_offer_is_refused(desk: Desk, form: dict[str, str]) -> None:
    page = desk.house.client.post(desk.path, data={"expected_state": "in_progress", **form})
    assert page.status_code == 400
    assert desk.case.state == "in_progress"


def test_a_link_opens_nothing_but_its_own_case(desk: Desk, make_house: MakeHouse) -> None:
    other = make_house(**POLICY)
    order = arrived(other, "ana@example.com")
    complain(other, order, "service")
    other.run()
    eve = Desk(other).path
    assert other.client.get(eve).status_code == 200
    assert desk.house.client.get(eve).status_code == 404
    assert desk.house.client.post(eve, data={"action": "close", "expected_state": "in_progress"}).status_code == 404
    assert desk.house.client.get(desk.path.replace("/admin/case/", "/c/")).status_code == 404
    assert other.client.get(order.complaint.replace("/c/", "/admin/case/")).status_code == 404
    assert desk.case.state == "in_progress"


def test_the_command_does_what_the_page_does(desk: Desk) -> None:
    number = desk.case.number
    command(desk.house, "complaints", "decide", number, "--action", "answer", "--text", "Lo miro hoy.", **POLICY)
    command(desk.house, "complaints", "decide", number, "--action", "grant", "--fix", "refund", "--extra", **POLICY)
    desk.house.run()
    assert to_sam(desk.house) == ["complaint_ack", "answer", "discount_code"]
    assert (desk.case.state, desk.case.fix) == ("decided", "refund")
    assert number in command(desk.house, "complaints", "list", "--state", "decided", **POLICY)


def test_a_new_complaint_after_the_close_is_a_new_case(desk: Desk) -> None:
    desk.do("close")
    path = desk.house.link("complaint_ack", "c")
    assert desk.house.client.post(path, data={"cause": "service"}).status_code == 200
    desk.house.run()
    assert [case.state for case in desk.house.rows(ComplaintRow)] == ["closed", "in_progress"]
    assert len(desk.house.mails("owner_case")) == 2


def erase_sam(house: House) -> None:
    """The store tells that Sam was erased."""
    with house.services.db.writing() as session:
        shop = house.shop(session)
        for order in store_orders(house):
            intake.handle(session, house.services, shop, PersonErased(order), house.clock.now)


def store_orders(house: House) -> list[str]:
    """The store's ids of all orders."""
    store: Any = house.side.store  # type: ignore[attr-defined]
    return [str(number) for number in store.shop.orders]


def test_the_case_of_someone_erased_is_closed_to_everybody(desk: Desk) -> None:
    erase_sam(desk.house)
    assert desk.house.client.get(desk.path).status_code == 410
    assert desk.do("answer", text="Hola") == 410
    with pytest.raises(Conflict, match="erased"):
        command(desk.house, "complaints", "decide", desk.case.number, "--action", "grant", "--fix", "resend", **POLICY)
    [order] = desk.house.rows(OrderRow)
    with pytest.raises(Conflict, match="erased"):
        command(desk.house, "complaints", "add", "Mia Moda", order.number, "--cause", "late", **POLICY)
    assert desk.case.text == ""
    assert desk.house.kinds() == ["complaint_ack", "owner_case"]
