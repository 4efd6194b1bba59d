"""After a delivery Sam gets a label and one survey, unless there is a reason."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.domain.facts import Address
from integration.domain.policy import Policy
from integration.rules.after_delivery import (
    FollowUp,
    History,
    ShopFacts,
    consent_needed,
    label_style,
    plan,
    still_wanted,
)
from integration.rules.hours import parse_hours
from tests.rules.cast import DAY, HOUR, MADRID, NOON, SHOES, moments, order, zones

SHOP = ShopFacts(zone=ZoneInfo("Europe/Madrid"))
ALWAYS = Policy(survey_hours="always")
NOBODY = History()
KINDS = ("label", "survey", "survey_reminder")
EMPTY = Address()


def _plan(sams=None, policy=ALWAYS, shop=SHOP, delivered_at=NOON, now=NOON, known=NOBODY, **more):
    return plan(sams or order(), policy, shop, delivered_at, now, known, **more)


def _reasons(follow_ups):
    assert all((follow_up.state == "skipped") == bool(follow_up.reason) for follow_up in follow_ups)
    return {follow_up.kind: follow_up.reason for follow_up in follow_ups}


def _all(reason):
    return dict.fromkeys(KINDS, reason)


def _survey_only(reason):
    return {"label": "", "survey": reason, "survey_reminder": reason}


def test_a_delivered_order_gets_a_label_at_once_and_a_survey_on_its_own_clock():
    assert _plan() == (
        FollowUp("label", "label:1001", NOON),
        FollowUp("survey", "survey:1001", NOON + 3 * DAY),
        FollowUp("survey_reminder", "survey_reminder:1001", NOON + 13 * DAY),
    )


def test_what_arrived_before_the_shop_went_live_gets_no_mail():
    live = replace(SHOP, live_since=NOON)
    assert _reasons(_plan(shop=live, delivered_at=NOON - timedelta(seconds=1))) == _all("before_live")
    assert _reasons(_plan(shop=live, delivered_at=NOON - 60 * DAY)) == _all("before_live")
    assert _reasons(_plan(shop=live, delivered_at=NOON)) == _all("")
    assert _reasons(_plan(shop=live, delivered_at=NOON, now=NOON + 15 * DAY)) == _all("too_old")


def test_survey_and_reminder_come_in_the_shops_hours():
    office = Policy(survey_hours="14:00-19:00", reminder_delay=DAY / 2)
    _, survey, reminder = _plan(policy=office)
    # Noon in UTC is 13:00 in Madrid; half a day after 14:00 is the night.
    assert survey.due_at == NOON + 3 * DAY + HOUR
    assert reminder.due_at == NOON + 4 * DAY + HOUR


def test_without_a_reminder_there_is_one_mail_less():
    assert [one.kind for one in _plan(policy=Policy(reminder_delay=None))] == ["label", "survey"]


def test_a_follow_up_that_exists_is_not_planned_again():
    known = History(already=frozenset({"label:1001", "survey_reminder:1001"}))
    assert [one.kind for one in _plan(known=known)] == ["survey"]


def test_a_delivery_in_the_future_is_a_wrong_clock_and_counts_as_now():
    assert _plan(delivered_at=datetime(2031, 1, 1, tzinfo=UTC)) == _plan()


def test_an_old_delivery_gets_no_mail_at_all():
    assert _reasons(_plan(delivered_at=NOON - 14 * DAY)) == _all("")
    assert _reasons(_plan(delivered_at=NOON - 14 * DAY - timedelta(seconds=1))) == _all("too_old")
    assert _reasons(_plan(policy=Policy(max_age=None), delivered_at=NOON - 900 * DAY)) == _all("")


# -- parcels ------------------------------------------------------------------------------------------


def test_a_parcel_of_several_gets_no_survey_before_the_last_has_arrived():
    assert _plan(parcels=("a",), complete=False) == ()


def test_with_a_label_per_parcel_each_parcel_gets_one_and_the_order_one_survey():
    each = replace(ALWAYS, label_per="shipment")
    first = _plan(policy=each, parcels=("a",), complete=False)
    assert first == (FollowUp("label", "label:1001:a", NOON),)
    then = _plan(policy=each, parcels=("a", "b"), known=History(already=frozenset({"label:1001:a"})))
    assert [one.key for one in then] == ["label:1001:b", "survey:1001", "survey_reminder:1001"]


def test_with_a_label_per_parcel_an_order_without_parcels_gets_one():
    assert _plan(policy=replace(ALWAYS, label_per="shipment"))[0].key == "label:1001"


def test_with_a_label_per_order_parcels_do_not_multiply_it():
    assert [one.key for one in _plan(parcels=("a", "b"))][:2] == ["label:1001", "survey:1001"]


# -- reasons ------------------------------------------------------------------------------------------

REASONS = [
    ({"sams": order(email=" ")}, _all("no_email")),
    ({"sams": order(state="cancelled")}, _all("order_cancelled")),
    ({"sams": order(state="removed")}, _all("order_removed")),
    ({"sams": order(state="refunded")}, _all("order_refunded")),
    ({"known": History(suppressed_scopes=frozenset({"all"}))}, _all("suppressed")),
    ({"known": History(suppressed_scopes=frozenset({"survey"}))}, _survey_only("suppressed")),
    ({"known": History(suppressed_scopes=frozenset({"marketing"}))}, _survey_only("")),
    ({"known": History(open_complaint=True)}, _survey_only("complaint_open")),
    ({"policy": Policy(label="off")}, {**_all(""), "label": "label_off"}),
    ({"policy": Policy(label="on_request")}, _all("")),
    ({"shop": replace(SHOP, has_return_address=False)}, {**_all(""), "label": "no_return_address"}),
    ({"sams": order(items=(replace(SHOES, physical=False),))}, {**_all(""), "label": "nothing_to_return"}),
    ({"sams": order(items=(SHOES, replace(SHOES, physical=False)))}, _all("")),
    ({"sams": order(items=())}, _all("")),
]


@pytest.mark.parametrize(("circumstances", "reasons"), REASONS)
def test_what_is_not_sent_says_why(circumstances, reasons):
    assert _reasons(_plan(**circumstances)) == reasons


@pytest.mark.parametrize(("circumstances", "reasons"), REASONS)
def test_the_same_questions_are_asked_again_before_sending(circumstances, reasons):
    asked = {"sams": order(), "policy": ALWAYS, "shop": SHOP, "known": NOBODY, **circumstances}
    sams, policy, shop, known = (asked[name] for name in ("sams", "policy", "shop", "known"))
    for kind in KINDS:
        assert (still_wanted(kind, sams, policy, shop, NOON, known) or "") == reasons[kind]


# -- consent ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shipping", "billing", "required", "needed"),
    [
        ("DE", "ES", ("DE", "AT"), True),
        ("de", "ES", ("DE", "AT"), True),
        ("ES", "DE", ("DE", "AT"), False),
        ("", "AT", ("DE", "AT"), True),
        ("", "CL", ("DE", "AT"), False),
        ("", "", ("DE", "AT"), True),
        ("", "", (), False),
        ("DE", "DE", (), False),
    ],
)
def test_consent_follows_the_shipping_country_then_billing_then_caution(shipping, billing, required, needed):
    sams = order(shipping=Address(country=shipping), billing=Address(country=billing))
    assert consent_needed(sams, Policy(consent_required=required)) is needed


@pytest.mark.parametrize(
    ("marketing", "scopes", "reason"),
    [
        (None, (), "consent_required"),
        (False, (), "consent_required"),
        (True, (), ""),
        (True, ("marketing",), "consent_required"),
        (True, ("survey",), "suppressed"),
    ],
)
def test_a_german_gets_a_survey_only_if_she_agreed_and_did_not_take_it_back(marketing, scopes, reason):
    sams = order(shipping=replace(MADRID, country="DE"), accepts_marketing=marketing)
    known = History(suppressed_scopes=frozenset(scopes))
    assert _reasons(_plan(sams, known=known)) == _survey_only(reason)


# -- not too often ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        (NOON + 3 * DAY - 30 * DAY, ""),
        (NOON + 3 * DAY - 30 * DAY + timedelta(seconds=1), "asked_recently"),
        (NOON + 5 * DAY, "asked_recently"),
    ],
)
def test_nobody_is_asked_twice_in_thirty_days(last, reason):
    assert _reasons(_plan(known=History(last_survey_at=last))) == _survey_only(reason)


def test_the_pause_is_asked_again_before_the_survey_but_not_before_its_reminder():
    known = History(last_survey_at=NOON - DAY)
    assert still_wanted("survey", order(), ALWAYS, SHOP, NOON, known) == "asked_recently"
    assert still_wanted("survey_reminder", order(), ALWAYS, SHOP, NOON, known) is None


def test_without_a_pause_nobody_was_asked_recently_in_whatever_order_the_parcels_came() -> None:
    known = History(last_survey_at=NOON + timedelta(seconds=1))
    assert still_wanted("survey", order(), replace(ALWAYS, survey_repeat=timedelta()), SHOP, NOON, known) is None


# -- before sending -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "circumstances", "reason"),
    [
        ("survey_reminder", {"answered": True}, "already_answered"),
        ("survey", {"answered": True}, "already_answered"),
        ("label", {"answered": True}, None),
        ("survey_reminder", {"survey_sent": False}, "survey_not_sent"),
        ("survey", {"survey_sent": False}, None),
        ("label", {"survey_sent": False}, None),
        ("label", {"useless_after": NOON - timedelta(seconds=1)}, "useless"),
        ("label", {"useless_after": NOON}, None),
    ],
)
def test_a_mail_that_came_too_late_is_not_sent(kind, circumstances, reason):
    assert still_wanted(kind, order(), ALWAYS, SHOP, NOON, NOBODY, **circumstances) == reason


def test_the_age_is_not_asked_again_since_the_delays_may_be_longer():
    assert still_wanted("survey", order(), ALWAYS, SHOP, NOON + 60 * DAY, NOBODY) is None


# -- label --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "charges", "style"),
    [
        ("auto", False, "attach"),
        ("auto", True, "link"),
        ("with_delivery", False, "attach"),
        ("with_delivery", True, "attach"),
        ("on_request", False, "link"),
        ("on_request", True, "link"),
        ("off", False, "none"),
        ("off", True, "none"),
    ],
)
def test_the_label_rides_along_where_making_it_costs_nothing(label, charges, style):
    assert label_style(Policy(label=label), carrier_charges=charges) == style


# -- properties ---------------------------------------------------------------------------------------


@given(
    delivered=moments,
    zone=zones,
    hours=st.sampled_from(["09:00-19:00", "22:00-06:00", "00:00-01:00", "always"]),
    delay=st.integers(0, 30).map(lambda days: days * DAY),
)
def test_a_survey_is_never_earlier_than_its_delay_and_always_in_hours(delivered, zone, hours, delay):
    policy = Policy(survey_hours=hours, survey_delay=delay)
    _, survey, reminder = _plan(policy=policy, shop=ShopFacts(zone), delivered_at=delivered, now=delivered)
    assert survey.due_at >= delivered + delay
    assert reminder.due_at >= survey.due_at + policy.reminder_delay
    for one in (survey, reminder):
        assert parse_hours(hours).hold(one.due_at.astimezone(zone))


@given(
    st.builds(
        History,
        open_complaint=st.booleans(),
        last_survey_at=st.none() | moments,
        suppressed_scopes=st.frozensets(st.sampled_from(["survey", "marketing", "all"])),
    ),
    st.sampled_from([MADRID, EMPTY]),
    st.sampled_from(["", "sam@example.com"]),
)
def test_every_delivery_ends_in_a_plan_or_a_reason(known, address, email):
    follow_ups = _plan(order(shipping=address, billing=address, email=email), known=known)
    assert [one.kind for one in follow_ups] == list(KINDS)
    assert all(one.state == "planned" or one.reason for one in follow_ups)
