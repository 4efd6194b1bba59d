"""A code counts as used when an order names it, however the store spells it."""

import pytest

from integration.rules.redemption import redeemed


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
