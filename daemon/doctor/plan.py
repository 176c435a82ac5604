"""The plan: whether its file is right, is the one that decides, and reaches what it names."""

from __future__ import annotations

from collections.abc import Iterator

from config.errors import PlanError
from config.loading import load_plan
from config.settings import Settings
from daemon.assembly import preflight
from daemon.doctor.findings import Finding, problem, warning, well
from daemon.resume import PLAN_CHANGED, plan_fingerprint
from daemon.telling_commands import Orders
from machines.ports.clock import Clock
from machines.state.whole import State


async def plan(settings: Settings, clock: Clock) -> list[Finding]:
    """The plan's file, then every kind of provisioner that it uses: packages, credentials, rights, places."""
    try:
        loaded = load_plan(settings.plan)
    except PlanError as error:
        return [problem("plan", str(error), f"solvent plan check {settings.plan} names every mistake with its line")]
    found = [well("plan", f"{loaded.id} is whole: {len(loaded.levels)} levels, {len(loaded.components)} components")]
    unreached = await preflight(loaded, settings, clock)
    found += [
        problem(
            "providers",
            f"{each.kind} ({', '.join(each.components)}): {each.sentence}",
            f"mend it, then `solvent plan check {settings.plan}`; docs/provisioners.md has a page for each kind",
        )
        for each in unreached
    ]
    if not unreached:
        found.append(well("providers", "everything that the plan names can be reached"))
    return found


def another_plan(settings: Settings, state: State, orders: Orders) -> Iterator[Finding]:
    """Whether the file says what decides: on a standby nobody notices before it leads, and is frozen."""
    if state.plan is None or PLAN_CHANGED in state.freezes:
        return  # a freeze is told with the others
    try:
        own = load_plan(settings.plan)
    except PlanError:
        return  # told by `plan`
    if plan_fingerprint(own) != state.plan_fingerprint:
        yield warning(
            "plan",
            f"{settings.plan} ({own.id}) differs from the plan in the journal ({state.plan.id}): a daemon that starts"
            " or takes over with it is frozen",
            f"where it is the newer one: {orders.line('reload')}; else put the file there that the leader has",
        )
