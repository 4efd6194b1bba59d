"""Sam's order in Mia's shop, with whatever a test wants different."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from integration.domain.facts import Address, Item, Order
from integration.domain.money import Money

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
ZONES = ("Europe/Madrid", "America/Santiago", "America/Sao_Paulo", "America/Havana", "Asia/Kathmandu", "UTC")
MADRID = Address(name="Sam", street="Calle Mayor 1", city="Madrid", postcode="28013", country="ES")
SHOES = Item("11", "Zapatos", 1, Money.of("40", "EUR"))


def euros(amount: str | int) -> Money:
    return Money.of(amount, "EUR")


SAMS_ORDER = Order(
    ref="1001",
    number="#1001",
    state="delivered",
    status="delivered",
    placed_at=NOON - 5 * DAY,
    updated_at=NOON,
    status_at=NOON - HOUR,
    total=euros(45),
    subtotal=euros(40),
    email="sam@example.com",
    first_name="Sam",
    phone="+34 600 111 222",
    customer_ref="7",
    shipping=MADRID,
    billing=MADRID,
    items=(SHOES,),
)


def order(**changes: object) -> Order:
    return replace(SAMS_ORDER, **changes)  # type: ignore[arg-type]


zones = st.sampled_from(ZONES).map(ZoneInfo)
moments = st.integers(0, 30 * 365 * 24 * 60).map(lambda minutes: datetime(2010, 1, 2, tzinfo=UTC) + minutes * HOUR / 60)
