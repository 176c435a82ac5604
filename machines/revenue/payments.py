"""A payment as a value: what a source hands over, and the statement of it that is counted."""

from __future__ import annotations

import enum

import msgspec

from config.customer import CustomerId
from config.instants import Instant


class Kind(enum.Enum):
    """Whether money came in or went back."""

    PAYMENT = "payment"
    REFUND = "refund"


class Interval(enum.Enum):
    """For how long a payment pays (RESOLUTIONS 12); a missing one means a month."""

    MONTH = "month"
    YEAR = "year"
    ONE_OFF = "one_off"


COMPLETED = "completed"
"""The one status that counts."""


class Payment(msgspec.Struct, frozen=True, gc=False):
    """One row of a source, typed and checked. `amount_micros` is >= 0 in `currency`; a refund is stated as positive."""

    payment_id: str
    customer_id: CustomerId
    amount_micros: int
    currency: str
    status: str
    created_at: Instant
    kind: Kind = Kind.PAYMENT
    interval: Interval = Interval.MONTH
    stream: str = ""
    """The revenue stream that the business itself names; carried, not interpreted."""


class FieldError(ValueError):
    """A field that cannot be read: which, and what was expected and found."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
