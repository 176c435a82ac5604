"""`solvent plan check` asks what the plan uses, and `solvent run` says what is not reached and runs all the same."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from structlog.testing import capture_logs

from adapters.clocks import SystemClock
from adapters.provisioners import registry
from adapters.provisioners.registry import Kind
from config.settings import Settings
from daemon.cli.plan import COMPONENTS_SHOWN_MAX, plan_group
from daemon.service import Serving, serve
from tests.cli.fake_cloud import NO_CREDENTIALS

PLAN = """\
plan: small
currency: EUR
timezone: UTC
components:
  server: {monthly_cost: 5, host: true}
  database: {monthly_cost: 20, provisioner: simulated}
  queue: {monthly_cost: 20, provisioner: simulated}
levels:
  - {id: floor, components: [server], max_burn: 10}
  - id: grown
    components: [server, database, queue]
    max_burn: 100
    trigger: {metric: revenue, at_least: 80, for_months: 1}
"""
PATIENCE_S = 30


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plan whose one kind is the fake cloud's, in a place without its credentials."""
    monkeypatch.delenv("CLOUD_TOKEN", raising=False)
    monkeypatch.setitem(registry.KINDS, "simulated", Kind("tests.cli.fake_cloud"))
    path = tmp_path / "small.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return path


def check(*arguments: str, **environment: str) -> Result:
    """What `solvent plan check` does."""
    return CliRunner(env=environment).invoke(plan_group, ["check", *arguments])


def test_what_is_not_reached_is_a_problem(plan: Path) -> None:
    """Each sentence on a line with its kind and components, on standard error; exit 2, and nothing is called ok."""
    result = check(str(plan))

    lines = result.stderr.splitlines()
    assert (2, "") == (result.exit_code, result.stdout)
    assert [
        f"simulated (database, queue): {NO_CREDENTIALS}",
        "simulated (database, queue): 2 of small may not be looked at: grant cloud:Describe",
    ] == lines[:2]
    assert lines[2].startswith("2 problems with what the plan uses; the file itself is sound.")
    assert "--offline" in lines[2]


def test_what_is_reached_is_well(plan: Path) -> None:
    """Nothing is said of it."""
    result = check(str(plan), CLOUD_TOKEN="given")

    assert (0, "") == (result.exit_code, result.stderr)
    assert result.stdout.startswith("ok: ")


def test_offline_asks_nobody(plan: Path) -> None:
    """The file alone is judged."""
    result = check(str(plan), "--offline")

    assert (0, "") == (result.exit_code, result.stderr)
    assert result.stdout.startswith("ok: ")


def test_a_bad_file_is_said_first(plan: Path) -> None:
    """Nobody is asked about a plan that cannot be used."""
    plan.write_text(PLAN.replace("max_burn: 10\n", "max_burn: ten\n").replace("max_burn: 10}", "max_burn: ten}"))
    result = check(str(plan))

    assert result.exit_code == 2
    assert NO_CREDENTIALS not in result.stderr


def test_a_missing_package_is_a_problem(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says which extra to install."""
    monkeypatch.setitem(registry.KINDS, "simulated", Kind("no_such_package.cloud", extra="cloud"))
    result = check(str(plan))

    assert result.exit_code == 2
    assert "[cloud]" in result.stderr


def test_many_components_are_counted(plan: Path) -> None:
    """A sentence that concerns hundreds fills no screen."""
    more = "".join(f"  c{number}: {{monthly_cost: 1, provisioner: simulated}}\n" for number in range(20))
    names = ", ".join(f"c{number}" for number in range(20))
    text = PLAN.replace("levels:\n", f"{more}levels:\n").replace("[server, database", f"[server, {names}, database")
    plan.write_text(text, encoding="utf-8")
    line = check(str(plan)).stderr.splitlines()[0]

    assert f"and {22 - COMPONENTS_SHOWN_MAX} more)" in line


async def test_the_daemon_says_it_and_runs(plan: Path, tmp_path: Path) -> None:
    """An error in the log for each sentence; the daemon becomes ready."""
    settings = Settings(
        plan=str(plan), state_dir=str(tmp_path / "state"), redis="redis://127.0.0.1:1", http="127.0.0.1:0"
    )
    stop, ready = asyncio.Event(), asyncio.Event()

    def at_ready(serving: Serving) -> None:
        del serving
        ready.set()

    with capture_logs() as lines:
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
            group.create_task(serve(settings, SystemClock(), stop=stop, ready=at_ready), name="the daemon")
            await ready.wait()
            while len(said := [each for each in lines if each["event"] == "preflight_failed"]) < 2:  # noqa: ASYNC110 - a log
                await asyncio.sleep(0)
            stop.set()

    assert ["error", "error"] == [each["log_level"] for each in said]
    assert ("simulated", "database,queue", NO_CREDENTIALS) == tuple(
        said[0][name] for name in ("kind", "components", "reason")
    )
