"""The desk's side of complaints: the list, one case with its notes, whose it is, and acting on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session

from integration.db.queries import accounts, lists, pages, shops
from integration.db.tables import CaseNote, ComplaintRow
from integration.domain.errors import BadForm
from integration.domain.ids import new_id
from integration.flows import cases, history
from integration.flows.accounts import Person
from integration.flows.cases import CaseView
from integration.flows.services import Services
from integration.flows.visits import desk_visit

Which = Literal["open", "mine", "closed"]
WHICH: tuple[Which, ...] = ("open", "mine", "closed")
DESK_ACTIONS = ("assign", "note")
NOTE_MAX = 4000
PAGE = 50


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in the list; `late` says that its promised day is over."""

    id: str
    number: str
    shop: str
    order: str
    cause: str
    severity: str
    state: str
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None
    assignee: str
    late: bool


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody at the desk wrote for the others."""

    author: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One case at the desk; `people` are those who may take it, by id and name."""

    id: str
    view: CaseView
    assignee: str
    people: tuple[tuple[str, str], ...]
    notes: tuple[Note, ...]


def listed(
    services: Services, who: Person, shop_ids: Sequence[str], which: Which, cause: str = "", page: int = 0
) -> tuple[tuple[CaseLine, ...], bool]:
    """A page of cases, the pressing ones first, and whether there are more."""
    mine, skip = who.id if which == "mine" else "", page * PAGE
    with services.db.reading() as session:
        if which == "closed":
            found = pages.closed_cases(session, shop_ids, cause, PAGE + 1, skip)
        else:
            found = pages.cases(session, shop_ids, lists.UNDONE, cause, mine, PAGE + 1, skip)
        lines = _lines(session, services, found[:PAGE])
    return lines, len(found) > PAGE


def _lines(session: Session, services: Services, found: Sequence[tuple[ComplaintRow, str]]) -> tuple[CaseLine, ...]:
    names = accounts.names(session, [case.assignee for case, _ in found])
    called = {shop.id: shop.name for shop in shops.all_shops(session)}
    now = services.clock()
    return tuple(
        CaseLine(
            case.id, case.number, called[case.shop_id], order, case.cause, case.severity, case.state, case.opened_at,
            case.due_at, case.closed_at, names.get(case.assignee, ""), case.due_at < now and case.state != "closed",
        )
        for case, order in found
    )  # fmt: skip


def pressing(services: Services, who: Person, most: int) -> tuple[tuple[CaseLine, ...], int]:
    """The cases that wait for somebody here, and how many there are in all."""
    waiting = ("received", "acknowledged", "in_progress", "decided")
    with services.db.reading() as session:
        found = pages.cases(session, who.shops, waiting, "", "", most, 0)
        return _lines(session, services, found), lists.open_cases(session, who.shops, waiting)


def opened(services: Services, who: Person, complaint_id: str) -> CaseFile:
    """One case; `NotFound` also for another shop's."""
    with services.db.reading() as session:
        return _file(session, services, lists.complaint(session, who.shops, complaint_id))


def act(services: Services, who: Person, complaint_id: str, form: Mapping[str, str]) -> CaseFile:
    """Do `action`: one of a case's own, `assign` with `assignee`, or `note` with `note`. `BadForm`, `Conflict`."""
    now = services.clock()
    with services.db.writing() as session:
        case = lists.complaint(session, who.shops, complaint_id)
        match form.get("action"):
            case "assign":
                _assign(session, case, form.get("assignee", ""), now)
            case "note":
                _note(session, who, case, form.get("note", ""), now)
            case _:
                cases.do_unless_moved(session, services, case, form, now)
        session.flush()
        shown = _file(session, services, case)
    services.checkpoint("case_decided")
    services.wake()
    return shown


def _assign(session: Session, case: ComplaintRow, assignee: str, now: datetime) -> None:
    if assignee and assignee not in dict(_people(session, case.shop_id)):
        raise BadForm("bad_choice", field="assignee")
    if case.assignee != assignee:
        case.assignee = assignee
        history.note(session, case.shop_id, case.id, now, "owner", "", "assigned", assignee)


def _note(session: Session, who: Person, case: ComplaintRow, text: str, now: datetime) -> None:
    text = text.strip()
    if not text:
        raise BadForm("text_missing", field="note")
    if len(text) > NOTE_MAX:
        raise BadForm("text_too_long", field="note", most=NOTE_MAX)
    session.add(
        CaseNote(
            id=new_id("note", now), shop_id=case.shop_id, complaint_id=case.id, account_id=who.id, text=text,
            created_at=now,
        )
    )  # fmt: skip


def _people(session: Session, shop_id: str) -> tuple[tuple[str, str], ...]:
    """Who sees this shop and may take a case of it."""
    return tuple(
        (one.id, one.name)
        for one in accounts.all_accounts(session)
        if not one.disabled_at and (not one.shops or shop_id in one.shops)
    )


def _file(session: Session, services: Services, case: ComplaintRow) -> CaseFile:
    visit = desk_visit(session, services, case.shop_id, case.order_id, case.id)
    written = lists.notes(session, case.shop_id, case.id)
    names = accounts.names(session, [note.account_id for note in written])
    return CaseFile(
        id=case.id,
        view=cases.view_of(session, services, visit, case),
        assignee=case.assignee,
        people=_people(session, case.shop_id),
        notes=tuple(Note(names.get(note.account_id, ""), note.created_at, note.text) for note in written),
    )
