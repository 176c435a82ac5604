"""The payments history of `solvent demo`: a small subscription business, the same one for the same seed."""

from __future__ import annotations

from typing import Final, Protocol

from config.calendar import Month, calendar_of
from config.customer import CustomerId
from config.instants import DAY, HOUR, MINUTE, SECOND, Instant
from daemon.demo.course import COLLAPSE_MONTH, COURSE, ONE_OFF_MICROS, ONE_OFF_MONTH, PRICES, MonthCourse, Price
from machines.revenue.payments import COMPLETED, Interval, Kind, Payment

FAILED: Final = "failed"
"""The status of a refused card; only completed payments count."""
MONTHS: Final = len(COURSE)
PAYMENTS_PER_REFUND: Final = 15
"""At most one refund a month for so many payments, so that chance cannot undo the course."""
PAYMENTS_PER_REFUSED_CARD: Final = 40
RENEWALS_OF_FIVE: Final = 4
"""How many of five yearly customers stay for another year."""


class Chance(Protocol):
    """The one question asked of chance; `random.Random(seed)` answers it."""

    def randrange(self, stop: int, /) -> int:
        """A whole number, 0 <= number < stop."""
        ...


class _Customer:
    """Somebody who pays; `renewal_month` is None for a monthly payer."""

    __slots__ = ("id", "price", "renewal_month")

    def __init__(self, customer_id: CustomerId, price: Price, renewal_month: int | None) -> None:
        self.id = customer_id
        self.price = price
        self.renewal_month = renewal_month


def demo_payments(chance: Chance, start: Instant, *, currency: str = "EUR", zone_name: str = "UTC") -> list[Payment]:
    """Two years of payments from the month that contains `start`, ordered by time.

    Customers sign up on any day and pay for a month or for a year; from then on both are billed on the 1st. Some
    leave, some cards are refused and paid with two days later, some payments are refunded, and one large one-off
    comes early. `daemon.demo.course` says how many customers there are; chance says who, when, and who leaves.
    """
    business = _Business(chance, calendar_of(zone_name).month_of(start), currency, zone_name)
    for index, course in enumerate(COURSE):
        business.live_through(index, course)
    return sorted(business.payments, key=lambda payment: (payment.created_at, payment.payment_id))


def demo_history_end(start: Instant, *, zone_name: str = "UTC") -> Instant:
    """The first instant after the history's last month: the watermark that closes it."""
    calendar = calendar_of(zone_name)
    return calendar.start_of(calendar.month_of(start) + MONTHS)


class _Business:
    """The customers of the business, and all that they have paid so far."""

    def __init__(self, chance: Chance, first_month: Month, currency: str, zone_name: str) -> None:
        self.payments: list[Payment] = []
        self._chance = chance
        self._first_month = first_month
        self._currency = currency
        self._calendar = calendar_of(zone_name)
        self._monthly: dict[str, list[_Customer]] = {price.id: [] for price in PRICES}
        self._yearly: list[_Customer] = []
        self._customers = 0

    def live_through(self, index: int, course: MonthCourse) -> None:
        """Bill the month of this index on its 1st, lose and win customers, refund some."""
        month = self._first_month + index
        billed: list[Payment] = []
        for price, payers in zip(PRICES, course.payers, strict=True):
            billed += self._bill_monthly(month, price, payers)
        self._renew_years(index, month)
        for price, new_years in zip(PRICES, course.new_years, strict=True):
            for _ in range(new_years):
                customer = self._new_customer(price, renewal_month=index + 12)
                self._yearly.append(customer)
                self._pay(customer, self._during(month), price.yearly_micros, Interval.YEAR)
        if index == ONE_OFF_MONTH:
            buyer = self._new_customer(PRICES[-1], renewal_month=None)
            self._pay(buyer, self._calendar.start_of(month) + 16 * DAY + 14 * HOUR, ONE_OFF_MICROS, Interval.ONE_OFF)
        self._refund_some(billed)

    def _bill_monthly(self, month: Month, price: Price, payers: int) -> list[Payment]:
        """Those who stay pay on the 1st, new customers on the day they come. Returns what was billed on the 1st."""
        customers = self._monthly[price.id]
        churned = min(len(customers), max(len(customers) - payers, self._churn_of(len(customers))))
        for _ in range(churned):
            customers.pop(self._chance.randrange(len(customers)))
        billed = []
        for customer in customers:
            due_at = self._calendar.start_of(month) + 6 * HOUR + self._chance.randrange(90 * 60) * SECOND
            if self._chance.randrange(PAYMENTS_PER_REFUSED_CARD) == 0:
                self._pay(customer, due_at, price.monthly_micros, Interval.MONTH, status=FAILED)
                due_at += 2 * DAY
            billed.append(self._pay(customer, due_at, price.monthly_micros, Interval.MONTH))
        for _ in range(payers - len(customers)):
            customer = self._new_customer(price, renewal_month=None)
            customers.append(customer)
            self._pay(customer, self._during(month), price.monthly_micros, Interval.MONTH)
        return billed

    def _churn_of(self, customers: int) -> int:
        """About one customer of thirty leaves in a month; sign-ups make up for them where the course says so."""
        return sum(self._chance.randrange(30) == 0 for _ in range(customers))

    def _renew_years(self, index: int, month: Month) -> None:
        due = [customer for customer in self._yearly if customer.renewal_month == index]
        for customer in due:
            if index >= COLLAPSE_MONTH or self._chance.randrange(5) >= RENEWALS_OF_FIVE:
                self._yearly.remove(customer)
                continue
            customer.renewal_month = index + 12
            due_at = self._calendar.start_of(month) + 6 * HOUR + self._chance.randrange(90 * 60) * SECOND
            self._pay(customer, due_at, customer.price.yearly_micros, Interval.YEAR)

    def _refund_some(self, billed: list[Payment]) -> None:
        """Refund some of the smaller payments of the 1st, each within the same month."""
        refundable = [payment for payment in billed if payment.amount_micros < PRICES[-1].monthly_micros]
        for _ in range(len(billed) // PAYMENTS_PER_REFUND):
            if self._chance.randrange(3) == 0:
                continue
            payment = refundable.pop(self._chance.randrange(len(refundable)))
            self.payments.append(
                Payment(
                    payment_id=payment.payment_id.replace("pay_", "ref_"),
                    customer_id=payment.customer_id,
                    amount_micros=payment.amount_micros,
                    currency=self._currency,
                    status=COMPLETED,
                    created_at=payment.created_at + (1 + self._chance.randrange(18)) * DAY,
                    kind=Kind.REFUND,
                    interval=payment.interval,
                )
            )

    def _new_customer(self, price: Price, renewal_month: int | None) -> _Customer:
        self._customers += 1
        return _Customer(CustomerId(f"cus_{self._customers:05d}"), price, renewal_month)

    def _during(self, month: Month) -> Instant:
        """Some minute of a working hour of the month's first 28 days."""
        day_and_time = self._chance.randrange(28) * DAY + 8 * HOUR + self._chance.randrange(11 * 60) * MINUTE
        return self._calendar.start_of(month) + day_and_time

    def _pay(
        self, customer: _Customer, at: Instant, amount_micros: int, interval: Interval, status: str = COMPLETED
    ) -> Payment:
        payment = Payment(
            payment_id=f"pay_{len(self.payments) + 1:06d}",
            customer_id=customer.id,
            amount_micros=amount_micros,
            currency=self._currency,
            status=status,
            created_at=at,
            interval=interval,
        )
        self.payments.append(payment)
        return payment
