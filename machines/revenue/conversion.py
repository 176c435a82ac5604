"""Payments in other currencies, converted to the plan's at dated rates (RESOLUTIONS 14)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from config.instants import Instant, instant_text
from config.money import MICROS_MAX, divided_half_even
from config.plan import Rate
from machines.events import CountedPayment
from machines.revenue.payments import FieldError, Payment


class NoRateError(FieldError):
    """A payment in a currency for which no rate holds at its date; decisions freeze until one is added."""


class Conversion:
    """The rates of one plan, ready to be asked for each payment.

    The rate of a payment is that of the latest `since` <= its `created_at`.
    """

    __slots__ = ("_ratios", "_since", "currency")

    def __init__(self, currency: str, rates: Iterable[Rate] = ()) -> None:
        """Rates into `currency`; of two rates with the same `since` the later listed one holds."""
        self.currency = currency
        self._since: dict[str, list[Instant]] = {}
        self._ratios: dict[str, list[tuple[int, int]]] = {}
        for rate in sorted(rates, key=lambda each: each.since):
            self._since.setdefault(rate.currency, []).append(rate.since)
            self._ratios.setdefault(rate.currency, []).append(rate.rate.as_integer_ratio())

    def micros(self, payment: Payment) -> int:
        """The amount in micros of the plan's currency, half-even to one micro.

        Raises `NoRateError` where no rate holds, `FieldError` where the converted amount is beyond `MICROS_MAX`.
        """
        if payment.currency == self.currency:
            return payment.amount_micros
        place = bisect_right(self._since.get(payment.currency, ()), payment.created_at) - 1
        if place < 0:
            day = instant_text(payment.created_at)[:10]
            raise NoRateError("currency", f"no rate for {payment.currency} on {day}; add one under `rates`")
        numerator, denominator = self._ratios[payment.currency][place]
        micros = divided_half_even(payment.amount_micros * numerator, denominator)
        if micros > MICROS_MAX:
            raise FieldError("amount", f"too large in {self.currency}: expected at most {MICROS_MAX // 1_000_000}")
        return micros

    def converts(self, payment: Payment) -> bool:
        """Whether the payment comes in another currency than the plan's."""
        return payment.currency != self.currency

    def counted(self, payment: Payment) -> CountedPayment:
        """The payment as it counts; raises what `micros` raises."""
        return CountedPayment(
            payment.payment_id, payment.kind, self.micros(payment), payment.created_at, payment.interval
        )
