"""`solvent costs` as a table for people."""

from __future__ import annotations

from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from daemon.cli.paper import print_table

UNKNOWN: Final = "-"


def print_costs(shown: dict[str, Any], console: Console) -> None:
    """Print the month's figures, each component with its bill and its price, and the alarms in full."""

    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False)

    until = "" if shown["month_over"] else " so far"
    say(f"{shown['plan']}, {shown['month']}{until}, in {shown['currency']}")
    billed = "no bill was read" if shown["billed"] is None else f"billed {shown['billed']}"
    say(f"accrued {shown['accrued']}, {billed}; run rate now {shown['run_rate_per_month']} a month")
    for reader, bill in shown["bills"].items():
        estimated = ", the provider's estimate" if bill["estimated"] else ""
        say(f"{reader}: {bill['first_day']} to {bill['last_day']}{estimated}, without a name {bill['unattributed']}")
    if shown["unpriced"]:
        say(f"price unknown, and in no sum: {', '.join(shown['unpriced'])}")
    print_table(_table(shown), console)
    for component_id, each in shown["components"].items():
        if each["budget_spent"]:
            say(f"budget: {component_id} has spent {each['budget_spent']}, as set to its bill")
        if each["alarm"]:
            say(f"alarm: {component_id} {each['alarm']}: {each['alarm_reason']}")


def _table(shown: dict[str, Any]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("component", no_wrap=True)
    for name in ("run rate", "accrued", "same days", "billed", "difference"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("price from")
    for component_id, each in shown["components"].items():
        percent = each["difference_percent"]
        table.add_row(
            component_id,
            each["run_rate_per_month"],
            each["accrued"] or UNKNOWN,
            each["accrued_same_days"] or UNKNOWN,
            each["billed"] or UNKNOWN,
            UNKNOWN if percent is None else f"{percent} %",
            _price(each),
        )
    return table


def _price(each: dict[str, Any]) -> str:
    source = each["price_source"] or "the plan"
    if each["price_age_days"] is None:
        return f"{source}, age unknown"
    return f"{source}, {each['price_age_days']} days old" + (", too old" if each["price_old"] else "")
