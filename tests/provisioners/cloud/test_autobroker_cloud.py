"""The plan `autobroker_cloud` on moto, a Kubernetes API, systemd, Compose and Redis: up to level 4, and down to 0."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from config.loading import load_plan
from config.plan import Plan
from machines.invariants import Auditor
from machines.lifecycle_states import ComponentState
from tests.provisioners.cloud.hurried_loop import run_hurried
from tests.provisioners.cloud.leftovers import everything
from tests.provisioners.cloud.living import Living, living
from tests.provisioners.cloud.places import PLAN, Places, places
from tests.provisioners.cloud.standing import snapshots, standing

HURRY: Final = 20
HISTORY: Final = (
    ("2025-01", "500", 1),
    ("2025-02", "1400", 1),
    ("2025-03", "1500", 2),
    ("2025-04", "3500", 2),
    ("2025-05", "3600", 3),
    ("2025-06", "60000", 3),
    ("2025-07", "60000", 3),
    ("2025-08", "60000", 4),
    ("2025-09", "3200", 3),
    ("2025-10", "1400", 2),
    ("2025-11", "500", 1),
    ("2025-12", "10", 0),
    ("2026-01", "500", 1),
    ("2026-02", "10", 0),
)
"""Each month's revenue, and the level that stands at its end. The last two are another life of what is stateful."""
VAULT: Final = (
    "ConfigMap solvent.autobroker-0cloud.vault-1ha",
    "ConfigMap vault-config",
    "ServiceAccount vault",
    "Role vault-service-registration",
    "RoleBinding vault-service-registration",
    "Service vault",
    "Service vault-internal",
    "PodDisruptionBudget vault",
    "NetworkPolicy vault",
    "StatefulSet vault",
)
DATABASES: Final = ("rds_single", "rds_multi_az")
KEPT: Final = frozenset(
    {
        "rds db_parameter_groups solvent-autobroker-cloud-rds-single-cd54e458",
        "rds db_snapshots solvent-autobroker-cloud-rds-single-cd54e458-final-00001",
        "rds db_snapshots solvent-autobroker-cloud-rds-single-cd54e458-final-00002",
        "rds db_snapshots solvent-autobroker-cloud-rds-multi-az-b39affcb-final-00001",
        *(f"cluster vault {each}" for each in VAULT),
    }
)
"""What keeps data at AWS and in the cluster when nothing is paid for; nothing else may stay."""
CLAIMS: Final = {
    *(f"cluster vault PersistentVolumeClaim data-vault-{number}" for number in range(3)),
    "cluster monitoring PersistentVolumeClaim data-prometheus-0",
}
"""Those of StatefulSets' templates outlive everything; they are there where the API server has controllers."""


def test_revenue_lifts_it_to_the_top_and_lets_it_down(tmp_path: Path, redis_url: str) -> None:
    """At each month's end all stands that should, once, and nothing else; the cap holds; no database goes unkept."""
    run_hurried(_rise_and_fall(tmp_path, redis_url), HURRY)


async def _rise_and_fall(folder: Path, redis_url: str) -> None:
    plan = load_plan(PLAN)
    async with places(folder, redis_url) as everywhere:
        before = everything(everywhere)
        async with living(everywhere, "cloud") as daemon:
            await daemon.settled()
            former = 0
            for month, revenue, level in HISTORY:
                kept = {database: snapshots(everywhere, database) for database in DATABASES}
                await daemon.month(month, revenue)
                assert {} == daemon.parked(), month
                assert level == daemon.daemon.recorder.state.deciding.decided.level, month
                _require_standing(plan, level, daemon, everywhere, month)
                for database in _lowered(plan, former, level):
                    assert snapshots(everywhere, database) - kept[database], f"{month}: {database} was not kept"
                former = level
            left = everything(everywhere) - before - CLAIMS
            assert left == KEPT, "\n".join(sorted(left ^ KEPT))
            await _require_sound(daemon)


def _lowered(plan: Plan, former: int, level: int) -> list[str]:
    """The databases that served at the one level and do not at the other."""
    gone = set(plan.levels[former].components) - set(plan.levels[level].components)
    return [database for database in DATABASES if database in gone]


def _require_standing(plan: Plan, level: int, daemon: Living, everywhere: Places, month: str) -> None:
    """HOT is what the level enables; of the rest only what keeps data stands, WARM."""
    hosts = {each.id for each in plan.components.values() if each.host}
    wanted = set(plan.levels[level].components) - hosts
    found = standing(everywhere, daemon.instance)
    assert wanted == {component for component, state in found.items() if state == ComponentState.HOT.value}, month
    for component in found.keys() - wanted:
        assert plan.components[component].stateful, f"{month}: {component} is {found[component]}"
    assert found == {component: state for component, state in daemon.recorded().items() if component not in hosts}


async def _require_sound(daemon: Living) -> None:
    """No invariant was broken by any event, the cap among them."""
    auditor = Auditor()
    for recorded in await daemon.events():
        assert [] == auditor.feed(recorded)
