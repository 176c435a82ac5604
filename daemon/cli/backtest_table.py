"""A backtest's report as tables for people."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from config.calendar import month_text
from config.instants import instant_text
from config.money import amount_text, divided_half_even
from config.plan import Plan
from daemon.cli.paper import WIDE_CHARACTERS_MIN, counted, print_table
from machines.backtest.report import BacktestReport, MonthReport, Transition
from machines.lifecycle_states import SETTLED


def print_report(report: BacktestReport, plan: Plan, console: Console) -> None:
    """Print months, changes and totals, and what to try next."""
    console.print(_rows_text(report), highlight=False)
    if not report.months:
        console.print(_nothing_to_judge(report))
        return
    print_table(_months(report, plan, wide=console.width >= WIDE_CHARACTERS_MIN), console)
    if changes := _changes(report):
        print_table(changes, console)
    totals = report.totals
    console.print(
        f"Cost {_money(totals.cost_micros)} {report.currency}; always on at level {len(plan.levels) - 1}"
        f" {_money(totals.cost_always_on_micros)}; saved {_money(totals.saved_micros)}.",
        highlight=False,
    )
    console.print("Try a policy with --set, such as --set safety.hard_ratio=off; --format json has every transition.")


def _nothing_to_judge(report: BacktestReport) -> str:
    """Why no month was judged, and what to do about it."""
    if report.payments.rejected and not report.payments.counted:
        foreign = any(each.field == "currency" for each in report.rejections)
        hint = (
            f" The plan counts in {report.currency}, and the payments do not: add dated `rates` to it, or compare the"
            " figures as they stand with --set currency= and the code of the payments, which the rejected rows name."
        )
        return f"No payment of the file counts: every row was rejected.{hint if foreign else ''}"
    return "No month is complete: a month counts once a later one has a payment, or with --until DATE."


def _rows_text(report: BacktestReport) -> str:
    counts = report.payments
    return (
        f"{counted(counts.read, 'row')}: {counts.counted} counted, {counted(counts.duplicates, 'duplicate')},"
        f" {counts.not_completed} not completed, {counts.held_future} held for later, {counts.rejected} rejected."
    )


def _months(report: BacktestReport, plan: Plan, *, wide: bool) -> Table:
    """One row per month; the mean of three months where there is room for it."""
    table = Table(title=f"{plan.name}, {report.currency}", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("month", no_wrap=True)
    for name in ("revenue", "MRR", *(["mean of 3"] if wide else []), "growth"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("level")
    for name in ("cost", "ratio"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("blocked: missing" if wide else "missing")
    for month in report.months:
        table.add_row(*_month_cells(month, plan, wide=wide))
    return table


def _month_cells(month: MonthReport, plan: Plan, *, wide: bool) -> tuple[str, ...]:
    average = "-" if month.sum_3m_micros is None else _money(divided_half_even(month.sum_3m_micros, 3))
    blocked = [f"{each.level}: {_money(each.missing_micros)}" for each in month.blocked if each.missing_micros]
    blocked += [f"{each.level}: {each.reason}" for each in month.blocked if not each.missing_micros]
    return (
        month_text(month.month),
        _money(month.revenue_micros),
        _money(month.mrr_micros),
        *([average] if wide else []),
        _share(month.growth),
        f"{month.level} {plan.levels[month.level].name}",
        _money(month.committed_micros),
        _share(month.cost_ratio),
        ", ".join(blocked),
    )


def _changes(report: BacktestReport) -> Table | None:
    """One row per cause and instant: what came to rest where."""
    groups: dict[tuple[int, str, str], list[str]] = {}
    for each in _settled(report.transitions):
        groups.setdefault((each.at, each.cause, each.to_state.value), []).append(each.component)
    if not groups:
        return None
    table = Table(title="Changes", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("at", no_wrap=True)
    table.add_column("why")
    table.add_column("to", no_wrap=True)
    longest = max(len(component) for components in groups.values() for component in components)
    table.add_column("components", min_width=longest + len(","))
    for (at, cause, state), components in groups.items():
        table.add_row(instant_text(at), cause, state, ", ".join(components))
    return table


def _settled(transitions: tuple[Transition, ...]) -> list[Transition]:
    """The last move of every component at every instant, where it came to rest."""
    last = {(each.at, each.component): each for each in transitions if each.to_state in SETTLED}
    return list(last.values())


def _money(micros: int) -> str:
    """An amount with thousands separated and two decimals, for reading; JSON has it exact."""
    units, decimals = amount_text(micros).split(".")
    sign = "-" if units.startswith("-") else ""
    return f"{sign}{int(units.removeprefix('-')):,}.{decimals[:2]}"


def _share(quotient: str | None) -> str:
    return "-" if quotient is None else f"{float(quotient):.1%}"
