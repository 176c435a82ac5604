"""`docs/redis-cli.md`: every line does what the page says, on a real daemon behind TLS and the users of `redis-acl`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.verbs.table import VERBS
from machines.events import ApprovalGiven, PauseEnded
from tests.console.guarded_redis import ADMINISTRATOR, GuardedRedis
from tests.console.page import Line, Shell, lines
from tests.processes.daemon_process import DaemonProcess
from tests.processes.operating import answer
from tests.processes.redis_place import Keys
from tests.processes.waiting import until

ROOT = Path(__file__).parents[2]
PLAN_CHANGES = {
    "    monthly_cost: 600\n    provisioner: simulated\n": "    monthly_cost: 600\n    provisioner: budget\n"
    "    options: {units_per_month: 4000, unit_price: 0.15, unit: minute}\n",
    "trigger: {metric: revenue, at_least: 10000, for_months: 3}": "trigger: {all: [{metric: revenue, at_least: 10000,"
    " for_months: 3}, {attested: soc2_report}]}",
    "\ncomponents:\n": "\nchecklist:\n  soc2_report: The auditor's report is at hand.\n\ncomponents:\n",
}
ORPHAN = {"plan": "autobroker", "token": "svleftbehind", "generation": "1", "state": "off"}


def plan_of_the_page(folder: Path) -> Path:
    """The shipped plan with a budget in Redis and a checklist."""
    text = (ROOT / "config" / "plans" / "autobroker.yaml").read_text(encoding="utf-8")
    for old, new in PLAN_CHANGES.items():
        assert 1 == text.count(old), old
        text = text.replace(old, new)
    path = folder / "autobroker.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def daemon(guarded_redis: GuardedRedis, tmp_path: Path) -> Iterator[DaemonProcess]:
    """A daemon that may act, as its own user."""
    with guarded_redis.client(ADMINISTRATOR) as administrator:
        administrator.hset("solvent:budget:left_behind", mapping=dict(ORPHAN))
    settings = {
        **guarded_redis.environment("solvent"),
        "SOLVENT_COMMANDS__PRINCIPALS": "alice,bob",
        "SOLVENT_PROVISIONING__SWEEP_AGAIN_S": "1",
    }
    plan = plan_of_the_page(tmp_path)
    with DaemonProcess(tmp_path / "state", plan, guarded_redis.url, "--act", settings=settings) as daemon:
        yield daemon


@pytest.fixture
def shell(guarded_redis: GuardedRedis) -> Iterator[Shell]:
    """A bash in which the page's host and folder are the test's."""
    if shutil.which("redis-cli") is None:
        pytest.skip("no redis-cli on PATH")
    replaced = {
        "/etc/solvent/redis-ca.pem": guarded_redis.certificates.authority,
        "/etc/solvent/redis": str(guarded_redis.folder),
        "redis.example": "localhost",
        "6380": str(guarded_redis.port),
    }
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("SOLVENT_", "REDISCLI_"))}
    shell = Shell(kept, replaced)
    yield shell
    shell.close()


def execute(line: Line, shell: Shell, keys: Keys) -> str:
    """Run the line and hold it against the page; what is wrong, or nothing."""
    if line.shows:
        until(lambda: line.shows in shell.execute(line.text)[1], f"{line.text!r} to show {line.shows!r}")
        return ""
    code, said = shell.execute(line.text)
    if code != 0:
        return f"{line.text}: exit {code}: {said}"
    if not line.outcome:
        return ""
    replied = answer(keys, said.strip().strip('"'))
    return "" if replied["outcome"] == line.outcome else f"{line.text}: {replied['outcome']}: {replied['reason']}"


def test_every_line_of_the_page_does_what_it_says(
    daemon: DaemonProcess, guarded_redis: GuardedRedis, shell: Shell
) -> None:
    """All blocks in their order: outcomes, what is shown, four eyes, and a pause that ends by itself."""
    with guarded_redis.client(ADMINISTRATOR) as administrator:
        keys = Keys(administrator, "solvent")
        wrong = [found for line in lines() if (found := execute(line, shell, keys))]

        assert [] == wrong
        until(lambda: "pause_ended" in daemon.log, "the end of the pause in the log")
        assert ["bob"] == [given.by for given in daemon.journal.events(ApprovalGiven)]
        assert "expired" in [ended.why for ended in daemon.journal.events(PauseEnded)]
        assert 0 == daemon.stop()


def test_the_page_has_every_verb() -> None:
    """A verb that nobody can copy is one that nobody finds at three in the morning."""
    told = " ".join(line.text for line in lines() if line.outcome)

    assert [] == [verb for verb in VERBS if f" verb {verb} " not in f"{told} "]
