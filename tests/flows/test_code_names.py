"""The name of a code: nobody guesses it, nobody misreads it, no two orders share it (C14)."""

from __future__ import annotations

from math import log2

import pytest

from integration.links import discount_code
from integration.rules.compensation import code_length

KEY, OTHER = b"k" * 32, b"o" * 32
MISREAD = set("01ILOU")


def named(order: int, key: bytes = KEY, shop: str = "shop_1", *, bound: bool = True) -> str:
    return discount_code(key, shop, f"order_{order}", "PV-", code_length(bound=bound))


def test_the_same_order_has_the_same_code_and_another_key_shop_or_order_another() -> None:
    assert named(1) == named(1)
    assert len({named(1), named(2), named(1, OTHER), named(1, shop="shop_2")}) == 4


@pytest.mark.slow
@pytest.mark.parametrize(("bound", "bits"), [(True, 50), (False, 64)])
def test_a_million_orders_have_a_million_codes_of_signs_that_nobody_misreads(bound: bool, bits: int) -> None:
    codes = {named(order, bound=bound) for order in range(10**6)}
    assert len(codes) == 10**6
    places = list(zip(*codes, strict=True))[len("PV-") :]
    signs = set(places[0])
    assert all(set(place) == signs for place in places)  # every sign can stand anywhere
    assert len(places) * log2(len(signs)) >= bits
    assert not signs & MISREAD
