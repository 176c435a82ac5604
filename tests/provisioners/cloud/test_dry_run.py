"""A dry run of a plan with every kind there is constructs nothing that could mutate, and no place sees a change."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Final

import pytest

from adapters.provisioners.registry import KINDS
from config.loading import load_plan
from config.settings import Mode
from daemon.assembly import installation
from machines.events import StepIntended
from tests.provisioners.cloud.hurried_loop import run_hurried
from tests.provisioners.cloud.living import LOOK_EVERY_S, SETTLES_WITHIN_S, living
from tests.provisioners.cloud.places import Places, places
from tests.provisioners.cloud.standing import standing

HURRY: Final = 5
MORE: Final = """\
  scripted:
    monthly_cost: 0
    provisioner: command
    options:
      observe: ["true"]
      warm: ["false"]
      activate: ["false"]
      deactivate: ["false"]
      decommission: ["false"]
  remote: {monthly_cost: 0, provisioner: mqtt, options: {broker: "mqtt://127.0.0.1:1", agent: shop}}
  share: {monthly_cost: 0, provisioner: dial}
  pretended: {monthly_cost: 0, provisioner: simulated}
"""
"""The kinds that the shipped plan does not use."""
LOOKED: Final = {
    "eks": "GET /clusters",
    "rds": "DescribeDBInstances",
    "elasticache": "DescribeReplicationGroups",
    "ecr": "DescribeRepositories",
    "elbv2": "DescribeLoadBalancers",
    "wafv2": "ListWebACLs",
    "cloudfront": "GET /2020-05-31/distribution",
    "ec2": "DescribeInstances",
}
"""A look of each service of AWS that succeeds though nothing stands there: orphans are looked for by it."""
AWS_LOOKS: Final = re.compile(r"(Describe|List|Get|Search)\w+|(GET|HEAD) .*")


def test_a_dry_run_constructs_nothing_that_could_mutate(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever revenue asks for: nothing calls what constructs a provisioner, and nothing is written anywhere."""
    constructed: list[str] = []
    monkeypatch.setattr(installation, "provisioner_for", lambda kind, surroundings: constructed.append(kind))

    run_hurried(_dry_run(tmp_path, redis_url), HURRY)

    assert [] == constructed


async def _dry_run(folder: Path, redis_url: str) -> None:
    async with places(folder, redis_url) as everywhere:
        _add_the_other_kinds(everywhere)
        async with living(everywhere, "dry", Mode.OBSERVE_ONLY) as daemon:
            for month in ("2025-01", "2025-02", "2025-03"):
                await daemon.month(month, "60000")
            assert 4 == daemon.daemon.recorder.state.deciding.decided.level
            assert not [each for each in await daemon.events() if isinstance(each.event, StepIntended)]
            await _all_looked_at(everywhere)
        assert {} == standing(everywhere, "dry")
        assert [] == [each for each in everywhere.aws.served if not AWS_LOOKS.fullmatch(each)]
        assert [] == everywhere.cluster_writes


async def _all_looked_at(everywhere: Places) -> None:
    """Wait until each service and the cluster were looked at: a dry run that asks nobody would change nothing too."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + SETTLES_WITHIN_S
    while unseen := [name for name, look in LOOKED.items() if not everywhere.aws.served[look]]:
        assert loop.time() < until_s, f"nobody looked at {unseen}"
        await asyncio.sleep(LOOK_EVERY_S)
    assert [path for path in everywhere.cluster_looks if "/namespaces/vault/" in path]


def _add_the_other_kinds(everywhere: Places) -> None:
    text = everywhere.plan.read_text(encoding="utf-8").replace("\nlevels:\n", f"\n{MORE}\nlevels:\n")
    text = text.replace("components: [sqlite_local,", "components: [scripted, remote, share, pretended, sqlite_local,")
    everywhere.plan.write_text(text, encoding="utf-8")
    assert KINDS.keys() == {each.provisioner for each in load_plan(str(everywhere.plan)).components.values()}
