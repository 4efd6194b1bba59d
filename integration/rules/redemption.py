"""Whether a code of ours was used."""

from __future__ import annotations

from collections.abc import Iterable


def redeemed(codes_on_order: Iterable[str], our_code: str) -> bool:
    """Whether an order was paid with this code; stores write codes in any case."""
    return bool(our_code) and our_code.casefold() in {code.strip().casefold() for code in codes_on_order}
