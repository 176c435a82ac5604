"""Scripts that misbehave in every way we can name: their answer is unknown or a failure, and nothing is made twice."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from machines.events import StepEnded, StepIntended
from machines.lifecycle_states import Step
from tests.faults.seeing import lines
from tests.processes.daemon_process import QUICK, DaemonProcess
from tests.processes.redis_place import RedisServer
from tests.processes.waiting import until

_PLAN: Final = """\
plan: scripts
currency: EUR
components:
  server: {{monthly_cost: 10, host: true}}
{components}levels:
  - {{id: floor, max_burn: 1000, components: [server, {names}]}}
"""
_COMPONENT: Final = """\
  {name}:
    monthly_cost: 1
    provisioner: command
    options: {{target: {world}/{name}, time_limit_s: 2, {steps}}}
"""
_SCRIPT: Final = """\
#!/bin/bash
# A resource that is one file: its state and its token. What {name} does wrong comes first.
echo "$SOLVENT_STEP $$ $EPOCHREALTIME" >> "$SOLVENT_TARGET.calls"
{fault}
case "$SOLVENT_STEP" in
  observe)
    if [ -f "$SOLVENT_TARGET" ]; then read -r state token < "$SOLVENT_TARGET"
      echo "{{\\"state\\": \\"$state\\", \\"tokens\\": [\\"$token\\"]}}"
    else echo '{{"state": "absent"}}'; fi ;;
  warm) echo "made $SOLVENT_TOKEN" >> "$SOLVENT_TARGET.made"; echo "warm $SOLVENT_TOKEN" > "$SOLVENT_TARGET" ;;
  activate) echo "hot $SOLVENT_TOKEN" > "$SOLVENT_TARGET" ;;
  deactivate) echo "warm $SOLVENT_TOKEN" > "$SOLVENT_TARGET" ;;
  decommission) rm -f "$SOLVENT_TARGET" ;;
esac
"""
_LATE: Final = (
    'sleep 5; echo "made $SOLVENT_TOKEN" >> "$SOLVENT_TARGET.made"; echo "warm $SOLVENT_TOKEN" > "$SOLVENT_TARGET"'
)
"""In a session of its own, as what a script asked of a provider: it goes on after the script was ended."""
RETRY_S: Final = int(QUICK["SOLVENT_PROVISIONING__RETRY_INITIAL_S"])
_ONCE: Final = '[ -e "$SOLVENT_TARGET.{what}" ] || {{ : > "$SOLVENT_TARGET.{what}"; {fault}; }}'


def once(fault: str, step: str, what: str = "misbehaved") -> str:
    """The fault, the first time that this step is taken."""
    return f'if [ "$SOLVENT_STEP" = {step} ]; then {_ONCE.format(what=what, fault=fault)}; fi'


FAULTS: Final = {
    "hanging": once('sleep 1000 & echo "$!" > "$SOLVENT_TARGET.child"; wait', "warm"),
    "stubborn": once("trap '' TERM; while :; do sleep 0.1; done", "warm"),
    "late": once(f"setsid bash -c '{_LATE}' & sleep 1000", "warm"),
    "lying": (
        'if [ "$SOLVENT_STEP" = observe ] && [ -f "$SOLVENT_TARGET" ] && [ ! -e "$SOLVENT_TARGET.lied" ]; then'
        """ : > "$SOLVENT_TARGET.lied"; echo '{"state": "absent"}'; exit 0; fi"""
    ),
    "garbage": once("head -c 4096 /dev/urandom; exit 0", "observe"),
    "flood": once("yes solvent | head -c 100000000; exit 0", "observe"),
    "flood2": once("yes solvent | head -c 100000000 >&2", "warm"),
    "encoding": once("""printf '{"state": "\\377\\376"}'; exit 0""", "observe"),
    "forking": once("( sleep 1000 & )", "warm"),
    "signalled": once("kill -SEGV $$", "warm"),
    "half": once("""printf '{"state": "ho'; exit 0""", "observe"),
}

FAILING: Final = (
    """[ "$SOLVENT_STEP" = observe ] || case $(grep -vc '^observe' "$SOLVENT_TARGET.calls") in 1|2|4) exit 75 ;; esac"""
)


class Scripts:
    """One component for each fault, each with a script of its own."""

    def __init__(self, directory: Path, faults: dict[str, str]) -> None:
        """Write plan and scripts."""
        self.world = directory / "world"
        self.world.mkdir(parents=True)
        self.plan_path = directory / "scripts.yaml"
        for name, fault in faults.items():
            self.write(name, fault)
        steps = ("observe", "warm", "activate", "deactivate", "decommission")
        texts = [
            _COMPONENT.format(
                name=name, world=self.world, steps=", ".join(f"{step}: [{self.path(name)}]" for step in steps)
            )
            for name in faults
        ]
        self.plan_path.write_text(_PLAN.format(components="".join(texts), names=", ".join(faults)), encoding="utf-8")

    def path(self, name: str) -> Path:
        """Where the script of a component is."""
        return self.world / f"{name}.sh"

    def write(self, name: str, fault: str) -> None:
        """Write the script anew."""
        fresh = self.world / f"{name}.fresh"
        fresh.write_text(_SCRIPT.format(name=name, fault=fault), encoding="utf-8")
        fresh.chmod(0o700)
        fresh.replace(self.path(name))

    def made(self, name: str) -> list[str]:
        """Every time the resource was made, by token."""
        path = self.world / f"{name}.made"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def calls(self, name: str, step: str) -> list[float]:
        """When the script was called for this step."""
        text = (self.world / f"{name}.calls").read_text(encoding="utf-8")
        words = [line.split() for line in text.splitlines()]
        return [float(at_s) for called, _, at_s in words if called == step]


@pytest.fixture
def leftovers(tmp_path: Path) -> Iterator[None]:
    """Ends what a script left in the background on purpose."""
    yield
    for calls in tmp_path.rglob("*.calls"):
        for line in calls.read_text(encoding="utf-8").splitlines():
            try:
                os.killpg(int(line.split()[1]), 9)
            except (ProcessLookupError, PermissionError):
                continue


def is_gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


@pytest.mark.usefixtures("leftovers")
def test_scripts_that_misbehave_once_are_looked_at_again_and_nothing_is_made_twice(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """Eleven faults side by side: each component stands in the end, made once, whatever its script answered."""
    scripts = Scripts(tmp_path / "scripts", FAULTS)
    settings = {"SOLVENT_PROVISIONING__CALL_TIMEOUT_S": "20", "SOLVENT_BREAKER__FAILURES_MAX": "100"}
    began_s = time.monotonic()
    with DaemonProcess(tmp_path / "state", scripts.plan_path, redis_server.url, "--act", settings=settings) as daemon:
        until(daemon.journal.at_rest, "every component to stand")
        child = int((scripts.world / "hanging.child").read_text(encoding="utf-8"))
        outcomes = {
            name: {event.outcome.value for event in daemon.journal.events(StepEnded) if event.component == name}
            for name in FAULTS
        }

        assert time.monotonic() - began_s < 60
        assert is_gone(child)
        assert dict.fromkeys(FAULTS, 1) == {name: len(scripts.made(name)) for name in FAULTS}
        assert "ambiguous" in outcomes["hanging"] & outcomes["stubborn"] & outcomes["signalled"]
        assert_found_late(scripts, daemon)
        assert "drift_found" not in daemon.log
        assert {line["component"] for line in lines(daemon, "look_failed")} >= {"garbage", "flood", "encoding", "half"}
        assert 0 == daemon.stop()
    assert daemon.journal.is_whole()


def assert_found_late(scripts: Scripts, daemon: DaemonProcess) -> None:
    """What was made after the answer was given up is found by its token: the step is done, and was asked for once."""
    ends = [event for event in daemon.journal.events(StepEnded) if event.component == "late"]
    (made,) = scripts.made("late")

    assert 1 == len(scripts.calls("late", "warm"))
    assert {made.removeprefix("made ")} == {event.token for event in ends if event.step is Step.WARM}
    assert "done" == [event.outcome.value for event in ends if event.step is Step.WARM][-1]


def test_what_fails_is_tried_again_after_growing_pauses_and_counted(redis_server: RedisServer, tmp_path: Path) -> None:
    """Three steps of five end with exit 75: the second pause of a step is twice the first, and the breaker has all."""
    scripts = Scripts(tmp_path / "scripts", {"failing": FAILING})
    settings = {"SOLVENT_PROVISIONING__RETRY_MAX_S": "60"}
    with DaemonProcess(tmp_path / "state", scripts.plan_path, redis_server.url, "--act", settings=settings) as daemon:
        until(daemon.journal.at_rest, "it to stand")
        _, twice_failed, warmed = scripts.calls("failing", "warm")
        once_failed, activated = scripts.calls("failing", "activate")

        assert activated - once_failed >= RETRY_S
        assert warmed - twice_failed >= 2 * RETRY_S
        assert 1 == len(scripts.made("failing"))
        assert 3 == len(daemon.journal.state().breakers["component:failing"].failures_at)
        assert 0 == daemon.stop()


def test_a_script_that_is_deleted_or_not_executable_between_calls_is_named_and_goes_on_when_it_is_back(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """Both are said with the path; the script is put back and an operator need do nothing for a look."""
    scripts = Scripts(tmp_path / "scripts", {"deleted": "", "closed": ""})
    with DaemonProcess(tmp_path / "state", scripts.plan_path, redis_server.url, "--act") as daemon:
        until(daemon.journal.at_rest, "both to stand")
        intended = len(daemon.journal.events(StepIntended))
        scripts.path("deleted").unlink()
        scripts.path("closed").chmod(0o600)

        def failed() -> set[str]:
            return {line["component"] for line in lines(daemon, "look_failed")}

        until(lambda: failed() == {"deleted", "closed"}, "both to be said")
        reasons = {line["component"]: line["reason"] for line in lines(daemon, "look_failed")}
        assert str(scripts.path("deleted")) in reasons["deleted"]
        assert str(scripts.path("closed")) in reasons["closed"]
        scripts.write("deleted", "")
        scripts.path("closed").chmod(0o700)

        until(lambda: len(lines(daemon, "look_works")) == 2, "both to work")
        assert intended == len(daemon.journal.events(StepIntended))
        assert 0 == daemon.stop()
