"""What going live will mean: how many mails a day, from the deliveries of the last days."""

from __future__ import annotations

from integration.domain.policy import Policy


def mails_a_day(deliveries: int, days: int, policy: Policy) -> float:
    """Label, survey and reminder of each delivery, were every one sent; one digit after the point."""
    each = (policy.label != "off") + 1 + (policy.reminder_delay is not None)
    return round(each * deliveries / days, 1)
