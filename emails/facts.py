"""The short table in a mail (number, dates, who pays): one list for its text and its html."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from emails import contexts
from integration.domain.labels import ReturnMethod
from integration.i18n import Words, catalogue, placeholders

Fact = tuple[str, tuple[str, ...]]
"""A name and the lines of its value."""


def facts_of(mail: contexts.MailContext, t: Words) -> list[Fact]:
    """The facts of this mail in the reader's words, those without a value left out."""
    table = _FACTS.get(mail.kind)
    return [fact for fact in (table(mail, t) if table else ()) if any(fact[1])]


def notice(mail: contexts.OwnerNoticeMail, t: Words) -> str:
    """The catalogue's sentence for an error or notice; a general one where it has none, or lacks a value."""
    text = catalogue(t.language).get(f"errors.{mail.code}")
    if isinstance(text, str) and placeholders(text) <= set(mail.params):
        return t(f"errors.{mail.code}", **mail.params)
    return t("mail.owner_notice.unknown")


def _label(mail: contexts.LabelMail, t: Words) -> Iterable[Fact]:
    if mail.label_style == "none":
        return
    yield t("mail.fact.number"), (mail.number,)
    yield from _way_back(mail, t)
    if mail.deadline:
        yield t("mail.fact.until"), (t.day(mail.deadline),)


def _return_ack(mail: contexts.ReturnAckMail, t: Words) -> Iterable[Fact]:
    yield t("mail.fact.number"), (mail.number,)
    yield t("mail.fact.announced"), (_moment(mail.announced_at, t),)
    yield _coded(t, "mail.fact.reason", "reason", mail.reason)
    yield _coded(t, "mail.fact.wish", "wish", mail.wish)
    yield from _way_back(mail, t)


def _way_back(mail: contexts.LabelMail | contexts.ReturnAckMail, t: Words) -> Iterable[Fact]:
    yield t("mail.fact.how"), (_how(mail.method, mail.carrier, t),)
    if mail.method == "in_store" or (mail.method == "drop_off_point" and not mail.carrier):
        yield t("mail.fact.send_to"), mail.return_address
    yield t("mail.fact.pays"), (t("mail.way_back.paid" if mail.postage_paid else "mail.way_back.unpaid"),)


def _how(method: ReturnMethod, carrier: str, t: Words) -> str:
    if carrier and method != "in_store":
        return t(f"mail.way_back.{method}_by", carrier=carrier)
    return t(f"mail.way_back.{method}")


def _complaint_ack(mail: contexts.ComplaintAckMail, t: Words) -> Iterable[Fact]:
    yield t("mail.fact.number"), (mail.number,)
    yield t("mail.fact.promised"), (t.weekday(mail.promised_at),)
    yield _coded(t, "mail.fact.what", "cause", mail.cause)
    yield _coded(t, "mail.fact.wish", "wish", mail.wish)
    yield t("mail.fact.received"), (_moment(mail.received_at, t),)


def _discount_code(mail: contexts.DiscountCodeMail, t: Words) -> Iterable[Fact]:
    yield t("mail.fact.worth"), (_worth(mail, t),)
    yield t("mail.fact.minimum"), (t.money(mail.minimum) if mail.minimum else "",)
    yield t("mail.fact.until"), (t.day(mail.expires_at),)
    yield t("mail.fact.for_whom"), (t("mail.discount_code.bound", email=mail.bound_to),)


def _worth(mail: contexts.DiscountCodeMail, t: Words) -> str:
    if mail.extra == "percent" and mail.percent is not None:
        return t("mail.discount_code.percent", value=t.number(float(mail.percent)))
    if mail.extra == "fixed" and mail.amount:
        return t("mail.discount_code.amount", value=t.money(mail.amount))
    return t("mail.discount_code.free_shipping")


def _owner_case(mail: contexts.OwnerCaseMail, t: Words) -> Iterable[Fact]:
    yield t("mail.owner.due"), (t.weekday(mail.promised_at),)
    yield t("mail.owner.total"), (t.money(mail.order_total),)
    yield t("mail.owner.earlier"), ("" if mail.earlier_cases is None else t.number(mail.earlier_cases),)
    yield t("mail.owner.order"), (mail.order_number,)
    yield t("mail.owner.customer"), (mail.first_name,)
    yield _coded(t, "mail.owner.cause", "cause", mail.cause)
    yield _coded(t, "mail.owner.wish", "wish", mail.wish)
    yield t("mail.owner.reasons"), tuple(dict.fromkeys(_why(code, t) for code in mail.reasons))


def _why(code: str, t: Words) -> str:
    return t(f"mail.why.{code}" if t.has(f"mail.why.{code}") else "mail.why.other")


def _owner_fix(mail: contexts.OwnerFixMail, t: Words) -> Iterable[Fact]:
    yield t("mail.owner.due"), (t.weekday(mail.due_at),)
    yield _coded(t, "mail.owner.what_to_do", "fix_task", mail.fix)
    yield t("mail.owner.order"), (mail.order_number,)
    yield t("mail.owner.ship_to"), mail.ship_to


def _owner_return(mail: contexts.OwnerReturnMail, t: Words) -> Iterable[Fact]:
    yield t("mail.fact.number"), (mail.number,)
    yield t("mail.owner.order"), (mail.order_number,)
    yield t("mail.owner.customer"), (mail.first_name,)
    yield _coded(t, "mail.fact.reason", "reason", mail.reason)
    yield _coded(t, "mail.owner.wish", "wish", mail.wish)


def _owner_notice(mail: contexts.OwnerNoticeMail, t: Words) -> Iterable[Fact]:
    yield t("mail.owner_notice.happened"), (_moment(mail.happened_at, t),)
    yield t("mail.owner_notice.code"), (mail.code,)
    said = mail.params.get("reply", "")
    if said and said not in notice(mail, t):
        yield t("mail.owner_notice.said"), (said,)


def _owner_daily(mail: contexts.OwnerDailyMail, t: Words) -> Iterable[Fact]:
    yield t("mail.owner_daily.delivered"), (t.number(mail.delivered),)
    yield t("mail.owner_daily.mailed"), (t.number(mail.mailed),)
    yield t("mail.owner_daily.waiting"), (t.number(mail.waiting),)


def _test(mail: contexts.TestMail, t: Words) -> Iterable[Fact]:
    yield t("mail.test.sent"), (_moment(mail.sent_at, t),)
    yield t("mail.test.way_out"), (mail.way_out,)


def _coded(t: Words, name: str, table: str, code: str | None) -> Fact:
    return t(name), (t(f"mail.{table}.{code}") if code else "",)


def _moment(moment: datetime, t: Words) -> str:
    return t("mail.fact.moment", day=t.day(moment), time=t.time(moment))


_FACTS: Mapping[str, Callable[[Any, Words], Iterable[Fact]]] = {
    "label": _label,
    "complaint_ack": _complaint_ack,
    "discount_code": _discount_code,
    "return_ack": _return_ack,
    "owner_case": _owner_case,
    "owner_fix": _owner_fix,
    "owner_return": _owner_return,
    "owner_notice": _owner_notice,
    "owner_daily": _owner_daily,
    "test": _test,
}
