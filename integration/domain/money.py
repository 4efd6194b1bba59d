"""Money: a Decimal with its currency, kept in minor units at rest, never a float."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, InvalidOperation

from integration.domain.errors import BadPayload

# ISO 4217 currencies whose minor unit is not a hundredth.
_DIGITS = dict.fromkeys(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
) | dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3)


_STEPS = {places: Decimal(1).scaleb(-places) for places in (0, 2, 3)}
_TOO_MUCH = Decimal(10) ** 13


def digits(currency: str) -> int:
    """Decimals of the currency: CLP 0, EUR 2, KWD 3."""
    return _DIGITS.get(currency, 2)


@dataclass(frozen=True, order=False, slots=True)
class Money:
    """An amount quantised to its currency's own digits."""

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, amount: Decimal | str | int, currency: str) -> Money:
        """Round half up to the currency's digits; `BadPayload` for what is no finite number."""
        try:
            value = Decimal(amount)
        except (InvalidOperation, ValueError, TypeError) as error:
            raise BadPayload("bad_amount", amount=str(amount)[:40]) from error
        if not value.is_finite() or abs(value) >= _TOO_MUCH:
            raise BadPayload("bad_amount", amount=str(amount)[:40])
        return cls(value.quantize(_STEPS[digits(currency)], ROUND_HALF_UP), currency)

    @classmethod
    def of_minor(cls, minor: int, currency: str) -> Money:
        """From minor units: 1050 EUR is 10.50, 1050 CLP is 1050."""
        return cls(Decimal(minor).scaleb(-digits(currency)), currency)

    @property
    def minor(self) -> int:
        """The amount in minor units."""
        return int(self.amount.scaleb(digits(self.currency)))

    def percent(self, share: Decimal) -> Money:
        """`share` per cent of this, rounded down: never more than was promised."""
        return Money((self.amount * share / 100).quantize(_STEPS[digits(self.currency)], ROUND_DOWN), self.currency)

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.amount < other.amount

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")
