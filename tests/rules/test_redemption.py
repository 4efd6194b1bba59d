"""A code counts as used when an order names it, however the store spells it."""

from typing import get_args

import pytest

from integration.domain.facts import OrderState
from integration.rules.redemption import given_back, redeemed


@pytest.mark.parametrize(
    ("codes", "ours", "used"),
    [
        (("GRACIAS-7K3Q",), "GRACIAS-7K3Q", True),
        (("gracias-7k3q",), "GRACIAS-7K3Q", True),
        ((" Gracias-7k3q ",), "GRACIAS-7K3Q", True),
        (("SUMMER", "gracias-7k3q"), "GRACIAS-7K3Q", True),
        (("GRACIAS-7K3",), "GRACIAS-7K3Q", False),
        (("GRACIAS-7K3QX",), "GRACIAS-7K3Q", False),
        ((), "GRACIAS-7K3Q", False),
        (("",), "", False),
    ],
)
def test_a_code_is_used_in_any_case(codes, ours, used):
    assert redeemed(codes, ours) is used


@pytest.mark.parametrize("state", get_args(OrderState))
def test_a_cancelled_order_gives_the_code_back_and_a_refunded_one_does_not(state):
    assert given_back(state) is (state in ("cancelled", "removed", "draft"))
