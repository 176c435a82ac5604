"""`solvent plan`: check a plan, and show what follows from it."""

from __future__ import annotations

import asyncio
import os
from datetime import date
from typing import Final

import click
import msgspec

from config.calendar import calendar_of
from config.errors import PlanError, ProblemsError
from config.loading import load_plan, shipped_plans
from config.money import amount_text
from config.plan import Plan
from config.settings_loading import load_settings
from daemon.cli.paper import counted, paper
from daemon.cli.plan_table import print_plan
from daemon.cli.plan_view import plan_view
from machines.costs.accrual import day_of
from machines.costs.prices import old_prices

EXIT_BAD_PLAN: Final = 2
COMPONENTS_SHOWN_MAX: Final = 8

_overrides_option = click.option(
    "--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Change a policy, or currency=USD."
)


@click.group("plan")
def plan_group() -> None:
    """Check a plan, or show its levels, costs and the revenue they need.

    A plan is a YAML file, or the name of one that comes with solvent.

    \b
    Examples:
      solvent plan check autobroker
      solvent plan show ./my-plan.yaml
      solvent plan show autobroker --set safety.ratio_max=0.80
    """  # noqa: D301 - click's mark for text that is not rewrapped


@plan_group.command("check")
@click.argument("file", metavar="FILE_OR_NAME")
@_overrides_option
@click.option("--offline", is_flag=True, help="Check the file only: ask no provider.")
def check_command(file: str, overrides: tuple[str, ...], *, offline: bool) -> None:
    """Say whether a plan can be used; if not, list all of its problems with their lines.

    A plan without problems is then checked against what it uses: packages, credentials, rights, places. That looks and
    changes nothing; --offline leaves it out. Prices older than the plan allows are warned of.

    Exit status: 0 where it can be used, 2 where it cannot.
    """
    plan = _loaded(file, overrides)
    _warn_of_prices(plan)
    if not offline:
        _check_reach(plan, file)
    costs = [f"{level.index}: {_cost(plan, level.index)}" for level in plan.levels]
    click.echo(
        f"ok: {plan.name} ({plan.id}): {counted(len(plan.levels), 'level')}, "
        f"{counted(len(plan.components), 'component')}; {plan.currency} a month by level: {', '.join(costs)}"
    )


@plan_group.command("show")
@click.argument("file", metavar="FILE_OR_NAME")
@_overrides_option
@click.option("--format", "shape", type=click.Choice(["table", "json"]), default="table", show_default=True)
def show_command(file: str, overrides: tuple[str, ...], shape: str) -> None:
    """Show a plan's levels and components: cost, needed revenue, break-even, headroom, policies that were changed."""
    view = plan_view(_loaded(file, overrides))
    if shape == "json":
        click.echo(msgspec.json.encode(view).decode())
    else:
        print_plan(view, paper())


def _loaded(file: str, overrides: tuple[str, ...]) -> Plan:
    """The plan; ends the command with all of its problems where it has any."""
    try:
        return load_plan(file, overrides)
    except PlanError as error:
        click.echo(str(error), err=True)
        click.echo(
            f"{counted(len(error.problems), 'problem')}. Mend them and run the same command again; "
            f"for a plan without any: solvent plan show {shipped_plans()[0]}",
            err=True,
        )
        raise click.exceptions.Exit(EXIT_BAD_PLAN) from None


def _warn_of_prices(plan: Plan) -> None:
    """Name the prices that are older than the plan allows; they keep nobody from using it."""
    from daemon.assembly import clock_from  # noqa: PLC0415 - as below

    today = date.fromordinal(day_of(calendar_of(plan.timezone), clock_from(None).wall()))
    for old in old_prices(plan, today):
        click.echo(
            f"warning: the price of {old.component} is {old.age_days} days old, and the plan allows "
            f"{plan.costs.price_age_max_days}: look it up and set price_as_of",
            err=True,
        )


def _check_reach(plan: Plan, file: str) -> None:
    """End the command with all that keeps the plan's components from being reached."""
    # Imported late: showing a plan, or refusing a bad one, needs no adapter.
    from daemon.assembly import clock_from, preflight  # noqa: PLC0415 - as said above

    try:
        settings = load_settings(None, os.environ, {"plan": file})
    except ProblemsError as problems:
        click.echo(str(problems), err=True)
        raise click.exceptions.Exit(EXIT_BAD_PLAN) from None
    found = asyncio.run(preflight(plan, settings, clock_from(None)))
    if not found:
        return
    for each in found:
        click.echo(f"{each.kind} ({_some(each.components)}): {each.sentence}", err=True)
    click.echo(
        f"{counted(len(found), 'problem')} with what the plan uses; the file itself is sound. Mend them and run the "
        "same command again, or check the file alone with --offline",
        err=True,
    )
    raise click.exceptions.Exit(EXIT_BAD_PLAN)


def _some(components: tuple[str, ...]) -> str:
    more = len(components) - COMPONENTS_SHOWN_MAX
    shown = ", ".join(components[:COMPONENTS_SHOWN_MAX])
    return f"{shown} and {more} more" if more > 0 else shown


def _cost(plan: Plan, index: int) -> str:
    cost = plan.level_cost_micros(index)
    return "unknown" if cost is None else amount_text(cost)
