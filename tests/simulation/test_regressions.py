"""Every bug that the simulation found, by name, so that it does not come back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from adapters.provisioners.simulated import Fault
from config.instants import SECOND
from config.loading import plan_from_text
from config.plan import Plan
from config.settings import BreakerSettings
from daemon.audit import audit
from daemon.recorder import OvertakenError
from daemon.running import Daemon
from machines import events
from machines.events import BreakerStatus
from machines.observations import ResourceState
from machines.ports.provisioner import Resource
from tests.simulation import checks
from tests.simulation.faulting import LASTING, PASSING, troubled
from tests.simulation.ladder import LADDER, ladder
from tests.simulation.one_life import hot, live, months, of_type, states
from tests.simulation.scenario import FIVE_LEVELS, command, month_of, playing, quiescent, require_none
from tests.simulation.world import SETTINGS, World


def slow_cluster() -> Plan:
    """The ladder, whose cluster takes ten seconds to warm and to activate."""
    quick, slow = "{warm_s: 2, activate_s: 1, faults: {begins: true}}", "{warm_s: 10, activate_s: 10}"
    assert quick in LADDER
    return plan_from_text(LADDER.replace(quick, slow), "slow.yaml")


def test_no_look_starts_after_a_stop_has_begun() -> None:
    """A call refused for good while the daemon stops is not followed by a look (I10)."""
    world = World(slow_cluster(), 1)
    world.faults.next("warm", Fault.PERMANENT, "cluster")

    async def body(world: World, daemon: Daemon) -> None:
        month_of("2025-01", "150")(world)
        await asyncio.sleep(2)

    live(world, body)
    assert "WARMING" == states(world)["cluster"]


def test_an_approval_is_acted_upon_at_once() -> None:
    """A component that the cap refused is told when the cap's answer may have changed, not a minute later."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "350"), ("2025-02", "350"))
        command("asked", verb="activate", component="vault", reason="a launch")(world)
        await quiescent(world, daemon)
        (approval_id,) = world.auditor.state.operators.approvals
        command("approved", stream="commands:second", verb="approve", id=approval_id, reason="yes")(world)
        await asyncio.sleep(5)
        assert "HOT" == states(world)["vault"]
        await quiescent(world, daemon)

    live(world, body)


def test_a_component_that_asked_with_an_older_target_is_told_the_new_one() -> None:
    """Levels fell from 4 to 1 during one slow call: the component must not be left WARM for ever (seed 289)."""
    world = troubled(ladder(), 289, (*PASSING, *LASTING))
    require_none(world)
    assert [] == checks.standing_findings(world)


def test_a_fall_does_not_wait_for_a_rise_that_the_cap_refuses() -> None:
    """What runs above its level is the very cost that the cap objects to: it falls, and then the other rises."""
    world = World(ladder(), 1)
    world.faults.next("deactivate", Fault.PERMANENT, "vault")

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "700"), ("2025-02", "700"), ("2025-03", "110"))
        assert {"vault", "gateway"} <= hot(world)
        world.infrastructure.vanish(checks.resource_of(world, "gateway"), world.clock.wall())
        world.faults.next("warm", Fault.PERMANENT, "gateway")
        await asyncio.sleep(300)
        command("mended", verb="resume-actor", actor="component:gateway")(world)
        await quiescent(world, daemon)
        assert "HOT" != states(world)["gateway"]
        command("mended", verb="resume-actor", actor="component:vault")(world)
        await quiescent(world, daemon)

    live(world, body)
    assert "WARM" == states(world)["vault"]
    assert {"machine", "cluster", "database", "gateway"} == hot(world)


def test_a_probe_that_died_with_its_process_is_taken_again() -> None:
    """Killed between the half-open breaker's intent and its call, the same component probes again (I6, I12)."""
    settings = msgspec.structs.replace(SETTINGS, breaker=BreakerSettings(failures_max=1))
    world = World(ladder(), 1, settings=settings)
    world.faults.next("warm", Fault.TRANSIENT, "cluster")
    died: list[str] = []

    def die_once(group: str) -> None:
        breaker = world.auditor.state.breakers.get("provider:simulated")
        probing = breaker is not None and breaker.status is BreakerStatus.HALF_OPEN
        if probing and group == "before warm of cluster" and not died:
            died.append(group)
            world.die(group)

    world.watch_points = die_once
    assert not world.live(playing([month_of("2025-01", "150")]))

    async def body(world: World, daemon: Daemon) -> None:
        await quiescent(world, daemon, within_s=300)

    live(world, body)
    assert ["before warm of cluster"] == died
    assert BreakerStatus.CLOSED is world.auditor.state.breakers["provider:simulated"].status
    assert {"machine", "cluster", "database", "gateway"} == hot(world)


def overtaken_at(seconds: int) -> int:
    """A fall that arrives so long after a rise, on a slow disk: how many grants were judged again because of it."""
    world, overtaken = World(ladder(), 1), list[str]()

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        world.append_s = lambda: 1.0
        _note_overtaken(daemon, overtaken)
        month_of("2025-02", "1600")(world)
        month_of("2025-03", "1600")(world)
        await asyncio.sleep(seconds)
        month_of("2025-04", "20")(world)
        await asyncio.sleep(30)
        world.append_s = lambda: 0.0
        await quiescent(world, daemon)

    live(world, body)
    return overtaken.count("supervisor")


def _note_overtaken(daemon: Daemon, overtaken: list[str]) -> None:
    record = daemon.recorder.record

    async def noting(actor: str, group: Sequence[events.Event], **more: Any) -> list[events.Recorded]:
        try:
            return await record(actor, group, **more)
        except OvertakenError:
            overtaken.append(actor)
            raise

    daemon.recorder.record = noting  # type: ignore[method-assign]  # it only listens


def test_a_step_does_not_follow_the_decision_that_forbids_it() -> None:
    """A grant judged while a fall was on its way to a slow disk is judged again, whenever the fall comes (I4)."""
    assert any(overtaken_at(seconds) for seconds in range(6, 29, 2)), "no moment met a grant: choose others"


def test_a_full_disk_between_two_commands_does_not_repeat_the_first() -> None:
    """Both were read at once, the second was refused: handed over again, the first is known to be done (I7)."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await quiescent(world, daemon)
        command("one", verb="pin", component="gateway", state="WARM")(world)
        command("two", verb="pin", component="workers", state="WARM")(world)
        answered: list[str] = []
        world.refuses = lambda: bool(of_type(world, events.CommandAnswered)) and len(answered) < 1
        await asyncio.sleep(8)
        answered.append("enough")
        await asyncio.sleep(10)
        await quiescent(world, daemon)

    live(world, body)
    assert 2 == len(of_type(world, events.CommandAnswered))


def test_one_lying_look_gives_no_cost_back() -> None:
    """After a lost answer to a lowering one look that shows nothing is not believed; the next one tells the truth."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "350"), ("2025-02", "350"))
        world.faults.next("deactivate", Fault.AMBIGUOUS_NOT_DONE, "workers")
        before = world.auditor.state.sequence
        lied: list[str] = []

        def lie(group: str) -> None:
            if group.startswith("after deactivate of workers") and not lied:
                lied.append(group)
                world.faults.next("observe", Fault.LIES_ABSENT, "workers")

        world.watch_points = lie
        await months(world, daemon, ("2025-03", "110"))
        assert ["after deactivate of workers"] == lied
        assert [] == of_type(world, events.ComponentDrifted, before)
        assert [] == of_type(world, events.ComponentParked, before)
        assert "COLD" == states(world)["workers"]

    live(world, body)
    assert [] == checks.standing_findings(world)


def test_the_self_audit_finds_nothing_in_a_whole_life() -> None:
    """Production's audit over the journal of all five levels, in small slices, agrees with the daemon's own state."""
    world = World(ladder(), 1)
    found: list[object] = []

    async def body(world: World, daemon: Daemon) -> None:
        await playing(FIVE_LEVELS)(world, daemon)
        found.extend(await audit(daemon.ports.journal, daemon.recorder.state, slice_events=7))
        daemon.recorder.state.deciding.released_level += 1
        found.append(len(await audit(daemon.ports.journal, daemon.recorder.state)))
        daemon.recorder.state.deciding.released_level -= 1

    live(world, body)
    assert [1] == found


def test_a_drift_that_nobody_repairs_any_more_costs_what_stands() -> None:
    """The level fell while the repair waited: what rests WARM counts its warm cost, and the rest is free again."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        command("up is paused", verb="pause", scope="up")(world)
        await quiescent(world, daemon)
        await asyncio.sleep(100)
        world.infrastructure.standing(checks.resource_of(world, "database")).live[0].state = ResourceState.WARM
        await asyncio.sleep(200)
        record = world.auditor.state.components.of("database")
        assert ("WARM", 30_000_000) == (record.state.value, record.committed_micros)
        await months(world, daemon, ("2025-02", "20"), ("2025-03", "20"))
        await asyncio.sleep(200)

    live(world, body)
    record = world.auditor.state.components.of("database")
    assert ("WARM", 2_000_000) == (record.state.value, record.committed_micros)


def test_a_drift_to_nothing_that_nobody_repairs_any_more_costs_nothing() -> None:
    """Its data vanished while it was wanted HOT, the level fell while it was parked: at rest COLD counts 0."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        await asyncio.sleep(100)
        world.infrastructure.standing(checks.resource_of(world, "database")).live.clear()
        await asyncio.sleep(200)
        record = world.auditor.state.components.of("database")
        assert ("COLD", 30_000_000, True) == (record.state.value, record.committed_micros, bool(record.parked))
        await months(world, daemon, ("2025-02", "20"), ("2025-03", "20"))
        command("up is paused", verb="pause", scope="up")(world)
        command("looked at", verb="resume-actor", actor="component:database", reason="make it anew")(world)
        await quiescent(world, daemon)
        await asyncio.sleep(200)

    live(world, body)
    record = world.auditor.state.components.of("database")
    assert ("COLD", 0) == (record.state.value, record.committed_micros)


def test_what_serves_otherwise_than_wished_is_lowered_once_nobody_wants_its_repair() -> None:
    """It was recorded WARM while it waited for its repair: the level fell, and it really serves no longer."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        command("up is paused", verb="pause", scope="up")(world)
        await quiescent(world, daemon)
        await asyncio.sleep(100)
        world.infrastructure.standing(checks.resource_of(world, "database")).live[0].differs = True
        await asyncio.sleep(200)
        record = world.auditor.state.components.of("database")
        assert ("WARM", 30_000_000) == (record.state.value, record.committed_micros)
        await months(world, daemon, ("2025-02", "20"), ("2025-03", "20"))
        await asyncio.sleep(200)

    live(world, body)
    record = world.auditor.state.components.of("database")
    assert ("WARM", 2_000_000) == (record.state.value, record.committed_micros)
    assert [] == checks.standing_findings(world)


def test_what_may_not_be_lowered_yet_is_no_drift_while_it_waits() -> None:
    """It serves otherwise than wished, and lowering is paused: it is looked at in peace, and lowered afterwards."""
    world, looks = World(ladder(), 1), list[str]()
    world.before_observe = lambda looked_at: looks.append(looked_at.component)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        command("down is paused", verb="pause", scope="down")(world)
        await months(world, daemon, ("2025-02", "20"), ("2025-03", "20"))
        await asyncio.sleep(100)
        before = world.auditor.state.sequence
        world.infrastructure.standing(checks.resource_of(world, "database")).live[0].differs = True
        looks.clear()
        await asyncio.sleep(1_200)
        assert [] == of_type(world, events.ComponentDrifted, before)
        assert "HOT" == states(world)["database"]
        assert 20 <= looks.count("database") <= 44  # two that must agree, a minute apart
        command("down goes on", verb="resume")(world)
        await quiescent(world, daemon)

    live(world, body)
    record = world.auditor.state.components.of("database")
    assert ("WARM", 2_000_000, "") == (record.state.value, record.committed_micros, record.parked)
    assert [] == checks.standing_findings(world)


def test_what_is_wanted_again_before_it_was_lowered_is_repaired() -> None:
    """Three times wanted lower and again while nothing may move: one difference is no contest, and is put right."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        command("nothing moves", verb="pause", scope="all")(world)
        await quiescent(world, daemon)
        await asyncio.sleep(100)
        world.infrastructure.standing(checks.resource_of(world, "database")).live[0].differs = True
        for turn in range(3):
            await asyncio.sleep(200)
            assert ("WARM", "") == (states(world)["database"], world.auditor.state.components.of("database").parked)
            command(f"lower {turn}", verb="pin", component="database", state="WARM", reason="a try")(world)
            await asyncio.sleep(200)
            assert "HOT" == states(world)["database"]
            command(f"again {turn}", verb="unpin", component="database")(world)
        await asyncio.sleep(200)
        command("everything moves", verb="resume")(world)
        await quiescent(world, daemon)

    live(world, body)
    assert "HOT" == states(world)["database"]
    assert not any(each.differs for each in world.infrastructure.standing(checks.resource_of(world, "database")).live)


def test_a_wish_that_was_taken_back_at_once_hurries_no_look() -> None:
    """Wanted COLD for less than two looks, while its repair is paused: it waits on, and is looked at in peace."""
    world, looks = World(ladder(), 1), list[str]()
    world.before_observe = lambda looked_at: looks.append(looked_at.component)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        command("up is paused", verb="pause", scope="up")(world)
        await quiescent(world, daemon)
        await asyncio.sleep(100)
        world.infrastructure.standing(checks.resource_of(world, "database")).live[0].differs = True
        await asyncio.sleep(200)
        looks.clear()
        command("a slip", verb="pin", component="database", state="COLD", reason="a slip")(world)
        await asyncio.sleep(0.5)
        assert ["database"] == looks
        command("back", verb="unpin", component="database")(world)
        await asyncio.sleep(1_200)
        assert "WARM" == states(world)["database"]
        assert looks.count("database") <= 44
        command("up goes on", verb="resume")(world)
        await quiescent(world, daemon)

    live(world, body)
    assert "HOT" == states(world)["database"]
    assert [] == checks.standing_findings(world)


def test_a_slow_view_of_what_has_just_risen_is_no_drift() -> None:
    """For a while after a confirmed step the provider may show differences that are put right already."""
    world = World(ladder(), 1)

    def show(looked_at: Resource) -> None:
        record = world.auditor.state.components.of(looked_at.component)
        for each in world.infrastructure.standing(looked_at).live:
            each.differs = each.state is ResourceState.HOT and world.clock.wall() - record.since < 30 * SECOND

    async def body(world: World, daemon: Daemon) -> None:
        world.before_observe = show
        await months(world, daemon, ("2025-01", "150"))
        await asyncio.sleep(300)

    live(world, body)
    assert [] == of_type(world, events.ComponentDrifted)
    assert "HOT" == states(world)["database"]
