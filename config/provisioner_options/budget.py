"""Options of a paid API: how much of it the application may use in a month, and what a unit costs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from config import values
from config.calendar import zone_names
from config.errors import ReadingError, shown
from config.money import MICROS_PER_UNIT, MoneyError, amount_text, decimal_from_micros, micros_from_decimal
from config.provisioner_options.options_kind import Context, OptionsKind
from config.reading import Fields
from config.suggestions import did_you_mean

BUDGET_MICROS_MAX: Final = 9 * 10**15
"""Nine billion units of the currency. Redis's Lua counts in doubles, which are exact up to 2^53, just above this."""
WARN_PERCENT_DEFAULT: Final = 80
MONTH: Final = "month"
_NAME: Final = values.matching(
    r"[a-z][a-z0-9_.-]{0,63}", "a name such as hume-ai: a-z, 0-9, _, . and -, a letter first"
)


class BudgetOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A month's budget of `units_per_month` x `unit_price` in the plan's currency, both with at most six decimals."""

    units_per_month: Decimal
    unit_price: Decimal
    unit: str = "unit"
    """What is counted, for people: `minute`, `1000 tokens`."""
    warn_percent: int = WARN_PERCENT_DEFAULT
    """The application is told once a month when so much is spent. Four fifths: a week's notice at an even pace."""
    period: str = MONTH
    timezone: str = "UTC"
    """Where the month begins; the provider's own, so that its bill can be compared."""
    api: str = ""
    """The provider's name, shown to people and programs that read the key."""

    @property
    def unit_price_micros(self) -> int:
        """The price of one unit in micros."""
        return micros_from_decimal(self.unit_price)

    @property
    def budget_micros(self) -> int:
        """The exact product in micros; raises `ValueError` where micros cannot hold it or Lua cannot count it."""
        millionths, rest = divmod(micros_from_decimal(self.units_per_month) * self.unit_price_micros, MICROS_PER_UNIT)
        if rest or not 0 < millionths <= BUDGET_MICROS_MAX:
            product = self.units_per_month * self.unit_price
            raise ValueError(f"expected {_PRODUCT}, found {product.normalize():f}")
        return millionths

    @property
    def warn_at_micros(self) -> int:
        """The lowest spent sum that warns."""
        return -(-self.budget_micros * self.warn_percent // 100)


_PRODUCT: Final = (
    f"units_per_month x unit_price above 0, at most {amount_text(BUDGET_MICROS_MAX)} and with at most six decimals"
)


def budget_options(options: Mapping[str, Any]) -> BudgetOptions:
    """The options of a loaded plan's `budget` component; raises `ValueError` (msgspec's among them) for any other."""
    read = msgspec.convert(dict(options), BudgetOptions)
    if not (read.units_per_month.is_finite() and read.unit_price.is_finite()):
        raise MoneyError(f"expected {_PRODUCT}")
    if min(micros_from_decimal(read.units_per_month), read.unit_price_micros, read.budget_micros) <= 0:
        raise MoneyError(f"expected {_PRODUCT}")
    _zone_name(read.timezone)
    return read


def _read(fields: Fields, context: Context) -> BudgetOptions:
    del context
    units = fields.required("units_per_month", values.positive_amount)
    price = fields.required("unit_price", values.positive_amount)
    read = BudgetOptions(
        # Where one of them is missing a problem is reported already, and these are never used.
        units_per_month=_shortest(units or MICROS_PER_UNIT),
        unit_price=_shortest(price or MICROS_PER_UNIT),
        unit=fields.optional("unit", values.line_text, "unit"),
        warn_percent=fields.optional("warn_percent", values.integer(1, 100, "percent"), WARN_PERCENT_DEFAULT),
        period=fields.optional("period", values.matching(MONTH, MONTH), MONTH),
        timezone=fields.optional("timezone", _zone_name, "UTC"),
        api=fields.optional("api", _NAME, ""),
    )
    if units and price:
        try:
            _ = read.budget_micros
        except ValueError:
            product = f"{read.units_per_month:f} x {read.unit_price:f}"
            fields.collector.report(fields.place_of("unit_price"), _PRODUCT, product)
    return read


def _shortest(micros: int) -> Decimal:
    """As people write it: 4000 and not 4E+3 or 4000.000000."""
    return Decimal(f"{decimal_from_micros(micros).normalize():f}")


def _zone_name(text: str) -> str:
    known = zone_names()
    if text not in known:
        raise ReadingError("an IANA time zone such as Europe/Rome", shown(text) + did_you_mean(text, known))
    return text


KIND: Final = OptionsKind(_read, cost_micros=lambda options: options.budget_micros)
