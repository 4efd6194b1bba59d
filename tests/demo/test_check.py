"""`postventa demo --check` on both platforms: it holds, and with any one step of the line broken it says which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import connectors
import connectors.stores.shopify.discounts as shopify_codes
import connectors.stores.shopify.webhook as shopify_webhook
import connectors.stores.woocommerce.connector as woocommerce_codes
import connectors.stores.woocommerce.webhook as woocommerce_webhook
from integration.db.queries import outbox
from integration.demo.check import Journey, StepFailed, run, world
from integration.domain.tasks import DiscountRequest
from integration.flows import complaints, known, mail_building, mail_filling, mails, preferences, surveys
from integration.i18n import Words

PDF = b"%PDF-1.4"
PLATFORMS = ("woocommerce", "shopify")
Patch = pytest.MonkeyPatch
Break = Callable[[Patch], None]


def first_failure(platform: str) -> str:
    """The name of the step that did not happen; empty when all of them did."""
    with world() as here:
        side = next(side for side in here.sides if side.platform == platform)
        for name, act in Journey(here, side).steps():
            try:
                act()
            except StepFailed:
                return name
    return ""


def instead(module: Any, name: str, other: Callable[..., Any]) -> Break:
    """`other(real, *args)` stands where the function stood."""
    real = getattr(module, name)
    return lambda patch: patch.setattr(module, name, lambda *args, **named: other(real, *args, **named))


def no_mail(kind: str) -> Break:
    """Mails of one kind are never asked for."""
    return instead(mails, "queue", lambda queue, *args, **named: None if args[3] == kind else queue(*args, **named))


def asked(platform: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Break:
    """The store is asked for another code, and what it made is not compared."""
    module, wish, proof = {
        "woocommerce": (woocommerce_codes, "coupon_of", "differences"),
        "shopify": (shopify_codes, "_wish", "_differences"),
    }[platform]

    def broken(patch: Patch) -> None:
        instead(module, wish, lambda real, *args: change(real(*args)))(patch)
        instead(module, proof, lambda *_: [])(patch)

    return broken


def without(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """All members of a wish but these."""
    return lambda wish: {name: value for name, value in wish.items() if name not in names}


def loses(**fields: Any) -> Break:
    """Of her answer this is not kept."""
    return instead(
        surveys, "_keep", lambda keep, session, visit, row, given, *rest: keep(
            session, visit, row, replace(given, **fields), *rest
        )
    )  # fmt: skip


LINE: dict[str, tuple[str, Break]] = {
    "the label is not attached": ("label_mailed", instead(mail_building, "_attachments", lambda *_: ())),
    "the label is of no use": (
        "label_mailed",
        instead(mail_building, "_attachments", lambda real, *args: [replace(one, content=PDF) for one in real(*args)]),
    ),
    "the survey is not sent": ("survey_mailed", no_mail("survey")),
    "an opened link answers": (
        "scanner_changes_nothing",
        instead(surveys, "intend", lambda _, here, token, score: surveys.answer(here, token, {"score": "4"}, "es")),
    ),
    "her words are not kept": ("cause_answered", loses(text="")),
    "her cause is not kept": ("cause_answered", loses(cause=None)),
    "no complaint is opened": ("cause_answered", instead(surveys, "opens_complaint", lambda *_: None)),
    "nothing is acknowledged": ("acknowledged", no_mail("complaint_ack")),
    "the fix is nobody's work": ("fix_asked", no_mail("owner_fix")),
    "no code is made": (
        "code_made",
        instead(outbox, "put_task", lambda put, *args, **named: args[2] == "CreateDiscount" or put(*args, **named)),
    ),
    "the code is not mailed": ("code_mailed", no_mail("discount_code")),
    "another code is mailed": (
        "code_mailed",
        instead(mail_filling.mail, "DiscountCodeMail", lambda real, **named: real(**named | {"code": "PV-222222"})),
    ),
    "the form opens no case": (
        "way_to_complain",
        instead(complaints, "complain", lambda _, here, token, *__: complaints.page(here, token).complaints[0]),
    ),
    "the owner hears of no case": ("way_to_complain", no_mail("owner_case")),
    "opting out is not kept": (
        "unsubscribed",
        instead(preferences, "unsubscribe", lambda _, here, token, __: preferences.page(here, token)),
    ),
    "opting out is not looked at": ("unsubscribed", instead(known, "suppressed_scopes", lambda *_: frozenset())),
}
"""What is broken: the step that then does not happen, and how it is broken."""

SIGNED: dict[str, Callable[..., bool]] = {
    "a forged signature is taken": lambda *_: True,
    "no signature is taken for a good one": lambda real, body, given, secrets: not given or real(body, given, secrets),
}
CODES: dict[str, tuple[Break, Break]] = {
    "for many uses": (asked("woocommerce", without("usage_limit")), asked("shopify", without("usageLimit"))),
    "for everybody": (
        asked("woocommerce", without("email_restrictions")),
        asked("shopify", lambda wish: wish | {"context": {"all": "ALL"}}),
    ),
    "for ever": (asked("woocommerce", without("date_expires")), asked("shopify", without("endsAt"))),
    "for any order": (asked("woocommerce", without("minimum_amount")), asked("shopify", without("minimumRequirement"))),
    "beside others": (
        asked("woocommerce", without("individual_use")),
        asked("shopify", lambda wish: wish | {"combinesWith": {"orderDiscounts": True}}),
    ),
    "worth more": (
        asked("woocommerce", lambda wish: wish | {"amount": "50.00"}),
        asked("shopify", lambda wish: wish),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_whole_line_holds(platform: str) -> None:
    assert first_failure(platform) == ""


@pytest.mark.slow
@pytest.mark.parametrize("broken", LINE)
def test_a_step_that_does_not_happen_is_named(monkeypatch: Patch, broken: str) -> None:
    step, breaks = LINE[broken]
    breaks(monkeypatch)
    assert first_failure("woocommerce") == step


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("broken", SIGNED)
def test_a_webhook_that_is_not_the_stores_is_found_out(monkeypatch: Patch, platform: str, broken: str) -> None:
    module = {"woocommerce": woocommerce_webhook, "shopify": shopify_webhook}[platform]
    instead(module, "signed", SIGNED[broken])(monkeypatch)
    assert first_failure(platform) == "forgery_refused"


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("broken", CODES)
def test_a_code_without_one_of_its_limits_is_found_out(monkeypatch: Patch, platform: str, broken: str) -> None:
    CODES[broken][PLATFORMS.index(platform)](monkeypatch)
    if (platform, broken) == ("shopify", "worth more"):
        dear = {"discountAmount": {"amount": "50.00", "appliesOnEachItem": False}}
        instead(shopify_codes, "_value", lambda *_: dear)(monkeypatch)
    assert first_failure(platform) == "code_made"


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_second_code_is_found_out(monkeypatch: Patch, platform: str) -> None:
    def twice(create: Callable[..., Any], store: Any, request: DiscountRequest) -> Any:
        create(store, replace(request, code=f"{request.code}22"))
        return create(store, request)

    instead(connectors.store(platform), "create_discount", twice)(monkeypatch)
    assert first_failure(platform) == "code_made"


@pytest.mark.slow
def test_it_ends_with_a_failure_when_one_platform_does(monkeypatch: Patch, capsys: pytest.CaptureFixture[str]) -> None:
    no_mail("survey")(monkeypatch)
    assert not run(Words("en"))
    said = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in said if not line.startswith("ok")] == [
        "FAILED  Mia Moda (woocommerce)",
        "FAILED  Mia Hogar (shopify)",
    ]
