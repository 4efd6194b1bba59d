"""Whether a code of ours was used."""

from __future__ import annotations

from collections.abc import Iterable

from integration.domain.facts import OrderState

_NOT_BOUGHT: frozenset[OrderState] = frozenset({"cancelled", "removed", "draft"})


def redeemed(codes_on_order: Iterable[str], our_code: str) -> bool:
    """Whether an order was paid with this code; stores write codes in any case."""
    return bool(our_code) and our_code.casefold() in {code.strip().casefold() for code in codes_on_order}


def given_back(state: OrderState) -> bool:
    """Whether an order in this state has used no code: WooCommerce gives it back too; a refund keeps it used."""
    return state in _NOT_BOUGHT
