"""How many mails a day a shop will send once it is live."""

from __future__ import annotations

from dataclasses import replace

from integration.domain.policy import Policy
from integration.rules.forecast import mails_a_day


def test_every_delivery_brings_a_label_a_survey_and_its_reminder() -> None:
    assert mails_a_day(28, 14, Policy()) == 6.0
    assert mails_a_day(28, 14, replace(Policy(), label="off")) == 4.0
    assert mails_a_day(28, 14, replace(Policy(), reminder_delay=None)) == 4.0
    assert mails_a_day(10, 14, Policy()) == 2.1
    assert mails_a_day(0, 14, Policy()) == 0.0
