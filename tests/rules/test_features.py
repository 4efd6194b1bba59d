"""What a store may refuse, counted by what the owner switched on."""

from __future__ import annotations

import pytest

from integration.domain.policy import Compensation, Policy
from integration.rules.features import blocks, counts, switched_on


def policy(codes: bool = False, notes: bool = False) -> Policy:
    return Policy(compensation=Compensation(enabled=codes), order_notes=notes)


def test_what_is_switched_on_is_named() -> None:
    assert switched_on(policy()) == {"advice", "webhooks"}
    assert switched_on(Policy(storefront=True, order_notes=False)) == {"storefront", "advice", "webhooks"}
    assert switched_on(policy(codes=True, notes=True)) == {"codes", "notes", "advice", "webhooks"}


@pytest.mark.parametrize(
    ("feature", "codes", "notes", "counted", "blocking"),
    [
        ("", False, False, True, True),
        ("codes", False, True, False, False),
        ("codes", True, False, True, True),
        ("notes", True, False, False, False),
        ("notes", False, True, True, False),
        ("advice", False, False, True, False),
        ("storefront", True, True, False, False),
    ],
)
def test_a_refusal_counts_where_it_is_needed_and_blocks_where_it_was_promised(
    feature: str, codes: bool, notes: bool, counted: bool, blocking: bool
) -> None:
    assert (counts(feature, policy(codes, notes)), blocks(feature, policy(codes, notes))) == (counted, blocking)
