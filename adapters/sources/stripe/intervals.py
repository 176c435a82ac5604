"""For how long a charge pays: from the price on the invoice that it paid, found through Stripe's invoice payments."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final
from urllib.parse import quote

from adapters.sources.stripe.calling import StripeCalls
from adapters.sources.stripe.shapes import Charge, Invoice, InvoicePayment, Line, Page, Price, Recurring
from machines.ports.faults import Transient

REMEMBERED_MAX: Final = 100_000
"""Charges whose interval is remembered: some 20 MB at most."""
LINES_PAGES_MAX: Final = 100
_MONTHS_OF_YEAR: Final = 12
_DAYS_OF_YEAR: Final = 365
_WEEKS_OF_YEAR: Final = 52


class Intervals:
    """Looks intervals up, once for each payment and once for each price."""

    def __init__(self, calls: StripeCalls) -> None:
        self._calls = calls
        self._payments: OrderedDict[str, str] = OrderedDict()
        self._prices: dict[str, str] = {}

    async def of(self, charge: Charge, *, settled: bool) -> str | None:
        """`month`, `year` or `one_off`.

        None where no invoice is found for a charge so young that the link may not be there yet (`settled` is false).
        """
        intent = charge.payment_intent
        if intent is None:
            return "one_off"
        found = self._payments.get(intent)
        if found is None:
            found = await self._look_up(intent)
            if found is None:
                if not settled:
                    return None
                found = "one_off"
            self._payments[intent] = found
            if len(self._payments) > REMEMBERED_MAX:
                self._payments.popitem(last=False)
        return found

    async def _look_up(self, intent: str) -> str | None:
        asked: dict[str, Any] = {
            "payment": {"type": "payment_intent", "payment_intent": intent},
            "expand": ["data.invoice"],
            "limit": 100,
        }
        what = f"the invoice of {intent}"
        page = await self._calls.get("/v1/invoice_payments", asked, Page[InvoicePayment], what)
        if page.has_more or any(each.payment.payment_intent != intent for each in page.data):
            raise Transient(f"Stripe's answer to {what} is of other payments; whether it recurs is unknown")
        invoices = [each.invoice for each in page.data if each.status != "canceled"]
        if not invoices:
            return None
        lines = [line for invoice in invoices for line in await self._lines(invoice)]
        weights = [(abs(line.amount), await self._of_line(line)) for line in lines]
        recurring = [(weight, interval) for weight, interval in weights if interval != "one_off"]
        return max(recurring)[1] if recurring else "one_off"

    async def _lines(self, invoice: Invoice) -> tuple[Line, ...]:
        lines, more = invoice.lines.data, invoice.lines.has_more
        for _ in range(LINES_PAGES_MAX):
            if not more:
                return lines
            asked: dict[str, Any] = {"limit": 100} | ({"starting_after": lines[-1].id} if lines else {})
            what = f"the lines of {invoice.id}"
            page = await self._calls.get(f"/v1/invoices/{invoice.id}/lines", asked, Page[Line], what)
            if not page.data:
                break
            lines, more = (*lines, *page.data), page.has_more
        raise Transient(f"Stripe's answer to the lines of {invoice.id} does not end; whether it recurs is unknown")

    async def _of_line(self, line: Line) -> str:
        details = line.pricing.price_details if line.pricing else None
        if details is None:
            return "one_off"
        found = self._prices.get(details.price)
        if found is None:
            price = await self._calls.get(f"/v1/prices/{quote(details.price, safe='')}", {}, Price, "a price")
            found = self._prices[details.price] = interval_of(price.recurring)
        return found


def interval_of(recurring: Recurring | None) -> str:
    """`year` for what is billed once in twelve months or more rarely; everything else that recurs is `month`."""
    if recurring is None:
        return "one_off"
    a_year = {"month": _MONTHS_OF_YEAR, "week": _WEEKS_OF_YEAR, "day": _DAYS_OF_YEAR, "year": 1}
    least = a_year.get(recurring.interval)
    if least is None:
        raise Transient(f"Stripe names an interval {recurring.interval}, which this version does not know")
    return "year" if recurring.interval_count >= least else "month"
