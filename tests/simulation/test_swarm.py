"""The swarm: for each seed another plan, business, staff and mixture of faults; in the end all is as it should be."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import msgspec
import pytest

from machines.event_codec import decode_event
from tests.simulation.swarm.case import Case, case_from_text, case_of
from tests.simulation.swarm.kept import KEPT
from tests.simulation.swarm.living import live_through
from tests.simulation.swarm.minimising import minimised
from tests.simulation.swarm.outcome import Outcome, replay, run_case
from tests.simulation.swarm.paces import PACES
from tests.simulation.swarm.plans import PlanDraft
from tests.simulation.sweeping import SEEDS

DAYS_MAX = {"slow": 730, "coarse": 365, "hourly": 45, "fine": 2}
"""A test is to take a second or two; `make simulate` lives through whole cases."""
SEEDS_OF_SWARM = range(1, 1 + 8 * SEEDS)
SAME = Case(
    seed=5,
    days=90,
    components=6,
    business="chaotic",
    faults={"transient": 60, "ambiguous_done": 60, "redis_lost_reply": 300, "disk_slow": 200, "orphan": 100},
    commands_in_100_days=40,
    crashes_max=3,
    crash_every_rounds=400,
    mess_per_mille=200,
)
DIGEST = (
    "from tests.simulation.swarm.outcome import run_case; from tests.simulation.swarm.case import case_from_text; "
    "import sys; print(run_case(case_from_text(sys.argv[1])).digest)"
)


def shortened(case: Case) -> Case:
    """The beginning of a case."""
    return msgspec.structs.replace(case, days=min(case.days, DAYS_MAX[case.pace]))


def require_sound(outcome: Outcome) -> None:
    """Nothing was found; a failure says how to run it again and how to shrink it."""
    told = "\n".join(outcome.findings)
    assert not outcome.findings, f"{told}\n{replay(outcome.case)}\nadd --minimise to make it smaller"


@pytest.mark.parametrize("seed", SEEDS_OF_SWARM)
def test_a_seed_holds(seed: int) -> None:
    """Every invariant after every event, and at rest: counted, published, answered, standing, mended, thawed."""
    require_sound(run_case(shortened(case_of(seed))))


@pytest.mark.parametrize("name", KEPT)
def test_what_was_found_once_holds(name: str) -> None:
    """Cases that failed before what they found was mended."""
    require_sound(run_case(case_from_text(KEPT[name])))


def test_a_case_is_lived_the_same_in_every_process() -> None:
    """The same journal, byte by byte, whatever the hashes of this process are."""
    here = run_case(SAME)
    elsewhere = [
        subprocess.run(
            [sys.executable, "-c", DIGEST, SAME.text()],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for hash_seed in ("1", "2")
    ]

    assert [here.digest] * 2 == elsewhere
    assert here.figures["crashes"] > 0
    assert here.figures["transitions"] > 0


def test_a_draft_is_the_plan_of_its_text() -> None:
    """The swarm writes no YAML for each change of a plan; what it reads instead is the same plan."""
    for seed in range(12):
        draft, chance = PlanDraft(case_of(seed)), random.Random(seed)
        for _ in range(3):
            assert draft.plan_of_its_text() == draft.plan()
            draft.change(chance)


def test_events_that_were_read_are_never_changed() -> None:
    """Whoever reads the journal in memory is given what was read first: no fold may have written into it."""
    stored = live_through(SAME).world.store.events

    for each in stored:
        assert decode_event(each.encoded.name, each.encoded.version, each.encoded.data) == each.recorded().event


def test_a_case_survives_its_text() -> None:
    """What a failure prints is the case."""
    for seed in range(50):
        assert case_of(seed) == case_from_text(case_of(seed).text())
        assert case_of(seed).pace in PACES


def test_a_failing_case_is_made_smaller() -> None:
    """Everything goes that the failure does not need: here only one of the faults and some days."""

    def run(case: Case) -> Outcome:
        fails = "slow" in case.faults and case.days >= 40
        findings = ("I5: a payment is missing",) if fails else ()
        return Outcome(case, case.years, 0.0, "", findings, {}, {})

    found = minimised(
        run(Case(seed=3, components=8, days=900, faults={"slow": 5, "vanish": 4}, crashes_max=3)), run=run
    )

    assert ({"slow": 5}, 0, 1) == (found.case.faults, found.case.crashes_max, found.case.components)
    assert 40 <= found.case.days < 50
    assert found.findings
