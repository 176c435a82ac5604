"""Commands beside a daemon with an embedded Redis find its Redis, and the keys of its instance."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from structlog.testing import capture_logs

from adapters.clocks import SystemClock
from adapters.provisioners import registry
from adapters.provisioners.registry import Kind
from adapters.state_directory import RunFacts, StateDirectory
from config.loading import load_plan
from config.settings import Settings
from daemon.cli.drift import drift_command
from daemon.cli.plan import plan_group
from daemon.service import Serving, serve
from machines.ports.provisioner import Resource
from tests.cli.recorded import START, run, started, write
from tests.provisioners.budget.budget_world import BudgetWorld

PLAN = """\
plan: small
currency: EUR
timezone: UTC
components:
  voice: {monthly_cost: 20, provisioner: budget, options: {units_per_month: 4000, unit_price: "0.005"}}
levels:
  - {id: floor, components: [voice], max_burn: 30}
"""
SIMULATED = PLAN.split("provisioner: budget", maxsplit=1)[0] + "provisioner: simulated}\n" + PLAN.partition("}}\n")[2]
TELLING = "tests.cli.redis_telling"
PATIENCE_S = 30


def plan_file(tmp_path: Path, text: str) -> Path:
    """A plan with one component."""
    path = tmp_path / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@contextmanager
def running(state_dir: Path, redis_url: str, instance: str = "shop") -> Iterator[None]:
    """What a running daemon leaves in its state directory."""
    with StateDirectory.hold(state_dir, instance=instance, since=START) as directory:
        directory.write_run_facts(RunFacts(os.getpid(), instance, "http://127.0.0.1:1", redis_url))
        yield


def check(plan: Path, state_dir: Path, **environment: str) -> Result:
    """What `solvent plan check` does for a daemon of that state directory."""
    return CliRunner(env={"SOLVENT_STATE_DIR": str(state_dir), **environment}).invoke(plan_group, ["check", str(plan)])


def test_a_plan_with_budgets_is_checked_by_the_running_daemons_redis(tmp_path: Path, redis_url: str) -> None:
    """Without a daemon there is none to ask."""
    plan, state_dir = plan_file(tmp_path, PLAN), tmp_path / "state"
    with running(state_dir, redis_url):
        beside = check(plan, state_dir)
    alone = check(plan, state_dir)

    assert (0, "") == (beside.exit_code, beside.stderr)
    assert 2 == alone.exit_code
    assert "--redis or SOLVENT_REDIS" in alone.stderr


def test_the_check_looks_at_the_instance_of_the_running_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Redis of its own settings goes before the running daemon's."""
    monkeypatch.setitem(registry.KINDS, "simulated", Kind(TELLING))
    plan, state_dir = plan_file(tmp_path, SIMULATED), tmp_path / "state"
    with running(state_dir, "redis://127.0.0.1:7"):
        embedded = check(plan, state_dir)
        own = check(plan, state_dir, SOLVENT_REDIS="redis://127.0.0.1:9")

    assert "the Redis of shop is redis://127.0.0.1:7" in embedded.stderr
    assert "the Redis of solvent is redis://127.0.0.1:9" in own.stderr


async def test_drift_looks_at_the_budgets_of_the_running_daemons_instance(tmp_path: Path, redis_url: str) -> None:
    """A budget that stands there is seen."""
    plan, state_dir, world = plan_file(tmp_path, PLAN), tmp_path / "state", BudgetWorld(redis_url)
    state_dir.mkdir(mode=0o700)
    voice = load_plan(str(plan)).components["voice"]
    await world.walk(Resource("small", "voice", voice.options), "warm")
    await world.close()
    await asyncio.to_thread(write, state_dir, started(load_plan(str(plan))))
    with running(state_dir, redis_url, world.instance):
        found = await asyncio.to_thread(run, drift_command, "--state-dir", state_dir, "--format", "json")

    assert "warm" == json.loads(found.stdout)["components"]["voice"]["observed"]


async def test_a_daemon_checks_its_own_embedded_redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has one by then, though nobody else is told of it yet."""
    monkeypatch.setitem(registry.KINDS, "simulated", Kind(TELLING))
    plan = plan_file(tmp_path, SIMULATED)
    settings = Settings(plan=str(plan), state_dir=str(tmp_path / "state"), http="127.0.0.1:0")
    stop, ready = asyncio.Event(), asyncio.Event()

    def at_ready(serving: Serving) -> None:
        del serving
        ready.set()

    with capture_logs() as lines:
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
            group.create_task(serve(settings, SystemClock(), stop=stop, ready=at_ready), name="the daemon")
            await ready.wait()
            while not (said := [each["reason"] for each in lines if each["event"] == "preflight_failed"]):  # noqa: ASYNC110 - a log
                await asyncio.sleep(0)
            stop.set()

    assert said[0].startswith("the Redis of solvent is redis://127.0.0.1:")
