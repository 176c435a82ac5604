"""`solvent status` as tables for people."""

from __future__ import annotations

from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from daemon.cli.dial_view import dial_lines
from daemon.cli.paper import print_table
from daemon.cli.status_view import component_ids, next_level_text, waiting_lines
from daemon.publication.source_view import source_lines
from daemon.telling_commands import Orders
from machines.moving import wanted_states
from machines.state.whole import State

UNKNOWN: Final = "unknown"
CLOSED: Final = "closed"
"""The breaker of a component whose calls go well; a column for it stands where one is not."""


def print_status(shown: dict[str, Any], state: State, console: Console, orders: Orders) -> None:
    """Print where the daemon and its level stand, the components, and what waits for whom."""
    runs = "no daemon runs" if shown["pid"] is None else f"runs as pid {shown['pid']}"
    console.print(f"{shown['plan'] or 'no plan yet'}, instance {shown['instance'] or UNKNOWN}: {runs}", highlight=False)
    for name in ("redis", "http"):
        if shown[name]:
            console.print(f"  {name} {shown[name]}", highlight=False)
    plan = state.plan
    if plan is None:
        return
    mode = "observe_only (decides, changes nothing; --act to act)" if shown["mode"] == "observe_only" else "act"
    console.print(f"mode {mode}", highlight=False)
    level, reached = shown["level"], shown["level_reached"]
    held = state.target_level
    instead = "" if state.operators.level is None else f", held at {held} {plan.levels[held].name}"
    console.print(
        f"level {level} {plan.levels[level].name}{instead}, reached {reached} {plan.levels[reached].name}",
        highlight=False,
    )
    figures = ", ".join(
        f"{label} {UNKNOWN if shown[key] is None else shown[key]}"
        for label, key in (
            ("MRR", "mrr"),
            ("last closed month", "revenue_last_month"),
            ("committed", "committed_cost"),
            ("cost ratio", "cost_ratio"),
        )
    )
    console.print(f"{figures} ({plan.currency})", highlight=False)
    if shown["frozen"]:
        console.print(f"frozen: {shown['frozen']}", highlight=False, markup=False)
    console.print(next_level_text(state), highlight=False, markup=False)
    for line in source_lines(state):
        console.print(line, highlight=False, markup=False)
    print_table(_components(shown, state), console)
    for line in (*dial_lines(state), *waiting_lines(state, orders)):
        console.print(line, highlight=False, markup=False)


def _components(shown: dict[str, Any], state: State) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("component", "state", "target"):
        table.add_column(name, no_wrap=True)
    table.add_column("cost", justify="right", no_wrap=True)
    broken = any(each["breaker"] != CLOSED for each in shown["components"].values())
    if broken:
        table.add_column("breaker", no_wrap=True)
    table.add_column("since", no_wrap=True)
    wanted = wanted_states(state.plan, state) if state.plan else {}
    for component_id in component_ids(state):
        each, target = shown["components"][component_id], wanted.get(component_id)
        table.add_row(
            component_id,
            each["state"],
            "host" if target is None else target.value,
            each["cost"],
            *([each["breaker"]] if broken else []),
            _to_the_minute(each["since"]),
        )
    return table


def _to_the_minute(since: str | None) -> str:
    return UNKNOWN if since is None else f"{since[:16]}Z"
