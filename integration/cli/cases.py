"""`complaints`: list, read, add, decide, take a code back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from sqlmodel import Session

from integration.cli.commands import config_option, helped, postventa, services_at
from integration.cli.terminal import print_json, say, table
from integration.db.queries import complaints as rows
from integration.db.queries import orders, outbox, shops
from integration.db.tables import CodeRow, ComplaintRow
from integration.domain.errors import Conflict, NotFound
from integration.domain.policy import CAUSES, WISHES
from integration.flows import cases, redemptions
from integration.flows import complaints as flow
from integration.flows.services import Services
from integration.rules import transitions


@postventa.group("complaints", help=helped("complaints"))
def complaints_group() -> None:
    """Complaints."""


@complaints_group.command("list", help=helped("complaints_list"))
@config_option
@click.option("--shop", "shop_name", help=helped("shop"))
@click.option("--state", help=helped("state"))
@click.option("--json", "as_json", is_flag=True, help=helped("json"))
def list_complaints(config_path: Path, shop_name: str | None, state: str | None, as_json: bool) -> None:
    """Newest first."""
    with services_at(config_path) as services, services.db.reading() as session:
        shop_id = shops.shop_by_name(session, shop_name).id if shop_name else None
        found = [_summary(session, case) for case in rows.listed(session, shop_id, state)]
    if as_json:
        print_json(found)
    elif found:
        table([tuple(str(value) for value in row.values()) for row in found])
    else:
        say("complaints.none")


def _summary(session: Session, case: ComplaintRow) -> dict[str, Any]:
    order = orders.get(session, case.shop_id, case.order_id)
    return {
        "number": case.number,
        "order": order.number,
        "state": case.state,
        "cause": case.cause,
        "fix": case.fix,
        "extra": case.extra,
        "opened_at": f"{case.opened_at:%Y-%m-%dT%H:%MZ}",
        "due_at": f"{case.due_at:%Y-%m-%dT%H:%MZ}",
    }


def _find(session: Session, number: str) -> ComplaintRow:
    """The complaint with a number, whichever shop of this installation it is of."""
    for shop in shops.all_shops(session):
        found = rows.by_number(session, shop.id, number.upper())
        if found is not None:
            return found
    raise NotFound("no_complaint", complaint=number)


@complaints_group.command("show", help=helped("complaints_show"))
@config_option
@click.argument("number")
@click.option("--json", "as_json", is_flag=True, help=helped("json"))
def show(config_path: Path, number: str, as_json: bool) -> None:
    """One complaint with its words, reasons and steps."""
    with services_at(config_path) as services, services.db.reading() as session:
        case = _find(session, number)
        facts = {**_summary(session, case), "wish": case.wish, "text": case.text, "reasons": case.reasons.split()}
        facts |= _of_code(session, rows.code_of_order(session, case.shop_id, case.order_id))
        facts["steps"] = [asdict(step) for step in flow.view(session, case).steps]
    if as_json:
        print_json(facts)
    else:
        table([(name, str(value)) for name, value in facts.items() if name != "steps"])
        table([(f"{step['at']:%Y-%m-%d %H:%M}", step["code"]) for step in facts["steps"]])


def _of_code(session: Session, code: CodeRow | None) -> dict[str, str]:
    if code is None:
        return {"code": "", "code_state": "", "code_used_by": "", "code_used_at": ""}
    used_at = redemptions.used_at(session, code)
    used = {"code_used_by": code.used_by, "code_used_at": f"{used_at:%Y-%m-%dT%H:%MZ}" if used_at else ""}
    return {"code": code.code, "code_state": code.state, **used}


@complaints_group.command("add", help=helped("complaints_add"))
@config_option
@click.argument("shop_name", metavar="SHOP")
@click.argument("order_number", metavar="ORDER")
@click.option("--cause", type=click.Choice(CAUSES), required=True, help=helped("cause"))
@click.option("--text", default="", help=helped("text"))
@click.option("--wish", type=click.Choice(WISHES), help=helped("wish"))
def add(config_path: Path, shop_name: str, order_number: str, cause: str, text: str, wish: str | None) -> None:
    """A complaint that came by phone or mail."""
    with services_at(config_path) as services, services.db.writing() as session:
        shop = shops.lock_shop(session, shops.shop_by_name(session, shop_name).id)
        found = orders.by_number(session, shop.id, order_number)
        if len(found) != 1:
            raise NotFound("order_not_one", number=order_number, found=len(found))
        case = flow.open_complaint(
            session, services, shop, found[0], cause, text, wish or "", "manual", services.clock()
        )
        number = case.number
    say("complaints.added", number=number)


@complaints_group.command("decide", help=helped("complaints_decide"))
@config_option
@click.argument("number")
@click.option("--action", type=click.Choice(cases.ACTIONS), required=True, help=helped("action"))
@click.option("--fix", type=click.Choice(cases.FIXES), help=helped("fix"))
@click.option("--extra", is_flag=True, help=helped("extra"))
@click.option("--text", default="", help=helped("text"))
def decide(config_path: Path, number: str, action: str, fix: str | None, extra: bool, text: str) -> None:
    """The same as on the case's page."""
    form = {"action": action, "fix": fix or "", "extra": "yes" if extra else "", "text": text}
    with services_at(config_path) as services, services.db.writing() as session:
        case = _find(session, number)
        cases.do(session, services, case, form, services.clock())
        state = case.state
    say("complaints.decided", number=number, state=state)


@complaints_group.command("revoke", help=helped("complaints_revoke"))
@config_option
@click.argument("number")
def revoke(config_path: Path, number: str) -> None:
    """Take the complaint's code back in the store; done by the worker."""
    with services_at(config_path) as services:
        code = _revoke(services, number)
    say("complaints.revoking", code=code)


def _revoke(services: Services, number: str) -> str:
    with services.db.writing() as session:
        case = _find(session, number)
        code = rows.code_of_order(session, case.shop_id, case.order_id)
        if code is None:
            raise NotFound("no_code", complaint=number)
        if not transitions.allowed("code", code.state, "revoked"):
            raise Conflict("code_not_revocable", state=code.state)
        now = services.clock()  # in the key: what ended in vain may be asked for again
        key = f"RevokeDiscount:{code.id}:{now:%Y%m%dT%H%M%S}"
        outbox.put_task(session, case.shop_id, "RevokeDiscount", code.id, now, key=key)
        return code.code
