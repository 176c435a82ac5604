"""The plan: whether its file is right, is the one that decides, and reaches what it names."""

from __future__ import annotations

from config.errors import PlanError
from config.loading import load_plan
from config.settings import Settings
from daemon.assembly import preflight
from daemon.doctor.findings import Finding, problem, well
from machines.ports.clock import Clock


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
