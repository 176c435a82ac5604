"""A plan as tables for people."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from daemon.cli.paper import WIDE_CHARACTERS_MIN, print_table
from daemon.cli.plan_view import ComponentView, LevelView, PlanView

AMOUNTS: Final = frozenset({"cost", "max burn"})
"""Columns whose headers are no wider than what stands below them."""


def print_plan(view: PlanView, console: Console) -> None:
    """Print levels, components, what the columns mean, and every policy that is not at its default."""
    console.print(f"{view.name} ({view.plan}), {view.currency} a month, months of {view.timezone}", highlight=False)
    print_table(_levels(view), console)
    console.print(_legend(view), highlight=False)
    wide = console.width >= WIDE_CHARACTERS_MIN
    print_table(_components(view, wide=wide), console)
    if not wide:
        for each in view.components:
            if each.requires:
                console.print(f"{each.id} requires {', '.join(each.requires)}.", highlight=False)
    text = ", ".join(f"{key}={view.policies[key]}" for key in view.policies_changed) or "all at their defaults"
    console.print(f"Policies: {text} (all of them: --format json).", highlight=False)


def _levels(view: PlanView) -> Table:
    table = Table("level", "trigger", title="Levels", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("cost", "max burn", "needed revenue", "headroom", _unit_header(view)):
        table.add_column(name, justify="right", no_wrap=name in AMOUNTS, overflow="fold")
    for level in view.levels:
        table.add_row(*_level_cells(level))
    return table


def _level_cells(level: LevelView) -> tuple[str, ...]:
    trigger = level.trigger or "always on"
    if level.hold is not None:
        trigger += f"; waits while {level.hold}"
    headroom = "-" if level.budget_headroom is None else f"{Decimal(level.budget_headroom) * 100:.0f} %"
    units = "-" if level.break_even_units is None else f"{level.break_even_units:,} ({level.max_burn_units:,})"
    return (
        f"{level.level} {level.name}",
        trigger,
        _money(level.monthly_cost),
        _money(level.max_burn),
        "exempt" if level.level == 0 else _money(level.needed_revenue),
        headroom,
        units,
    )


def _unit_header(view: PlanView) -> str:
    return "break-even" if view.unit is None else f"break-even {view.unit}s"


def _legend(view: PlanView) -> str:
    lines = [
        "needed revenue: below it the level stays blocked, even where its trigger is met.",
        "headroom: the share of max burn that the cost leaves.",
    ]
    if view.profit_per_unit is not None:
        lines.append(
            f"break-even: cost / {_money(view.profit_per_unit)} that one {view.unit} earns, rounded up "
            "(in brackets: max burn instead of cost)."
        )
    return "\n".join(lines)


def _components(view: PlanView, *, wide: bool) -> Table:
    """What each requires has a column where there is room for whole identifiers."""
    table = Table(title="Components", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("component", no_wrap=True)
    table.add_column("cost", justify="right", no_wrap=True)
    table.add_column("warm", justify="right", no_wrap=True)
    table.add_column("levels", no_wrap=True)
    table.add_column("provisioner")
    if wide:
        longest = max((len(each.id) for each in view.components), default=0)
        table.add_column("requires", min_width=longest + len(","))
    table.add_column("kind")
    for component in view.components:
        table.add_row(*_component_cells(component, wide=wide))
    return table


def _component_cells(component: ComponentView, *, wide: bool) -> tuple[str, ...]:
    kinds = [name for name, holds in (("host", component.host), ("stateful", component.stateful)) if holds]
    return (
        component.id,
        _money(component.monthly_cost),
        _money(component.warm_cost),
        _levels_text(component.levels),
        component.provisioner or "never actuated",
        *([", ".join(component.requires)] if wide else []),
        ", ".join(kinds),
    )


def _levels_text(levels: tuple[int, ...]) -> str:
    """`2-4` for consecutive levels, else each of them."""
    if len(levels) > 1 and levels[-1] - levels[0] == len(levels) - 1:
        return f"{levels[0]}-{levels[-1]}"
    return ", ".join(str(level) for level in levels) or "none"


def _money(text: str | None) -> str:
    """An amount with thousands separated and two decimals, rounded up, for what is needed must suffice."""
    return "unknown" if text is None else f"{Decimal(text).quantize(Decimal('0.01'), ROUND_CEILING):,}"
