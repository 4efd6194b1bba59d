"""An order's facts as JSON and back, exact to the cent and the second."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from integration.domain.facts import Address, Order

_ORDER = TypeAdapter(Order)
_ADDRESS = TypeAdapter(Address)


def dump_order(order: Order) -> dict[str, Any]:
    """JSON-ready facts."""
    facts: dict[str, Any] = _ORDER.dump_python(order, mode="json")
    return facts


def load_order(facts: dict[str, Any]) -> Order:
    """The order again."""
    return _ORDER.validate_python(facts)


def dump_address(address: Address) -> dict[str, Any]:
    """JSON-ready address."""
    facts: dict[str, Any] = _ADDRESS.dump_python(address, mode="json")
    return facts


def load_address(facts: dict[str, Any]) -> Address:
    """The address again; an empty one from `{}`."""
    return _ADDRESS.validate_python(facts)
