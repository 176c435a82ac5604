"""What goes wrong in the world around, one thing at a time, and what solvent does about it."""

from __future__ import annotations

import asyncio

from adapters.provisioners.simulated import Fault
from config.instants import HOUR, SECOND
from daemon.running import Daemon
from machines import events
from machines.lifecycle_states import ComponentState, Step
from machines.observations import ResourceState
from machines.ports.provisioner import Resource
from tests.simulation import checks
from tests.simulation.ladder import ladder
from tests.simulation.one_life import TO_THE_TOP, done_order, hot, live, months, of_type, states
from tests.simulation.scenario import command, month_of, quiescent, require_none, watermark
from tests.simulation.world import World


def test_a_collapse_rolls_back_in_order() -> None:
    """When revenue collapses, the waves fall in reverse: dependants before what they require, higher levels first."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, *TO_THE_TOP)
        assert {"fleet", "vault", "workers", "cluster", "gateway", "database"} <= hot(world)
        await months(world, daemon, ("2025-03", "5"))

    live(world, body)
    assert {"machine", "notes"} == hot(world)
    fallen = [each for each in done_order(world, Step.DEACTIVATE) if each != "notes"]
    assert ["fleet", "vault", "workers", "gateway"] == fallen[:4]
    assert {"cluster", "database"} == set(fallen[4:])


def test_a_tenfold_spike_neither_skips_debounce_nor_passes_the_cap() -> None:
    """One month of ten times the revenue raises no level that asks for two; the second raises them within the cap."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"), ("2025-02", "1500"))
        assert 1 == world.auditor.state.deciding.decided.level
        assert {"machine", "cluster", "database", "gateway"} == hot(world)
        await months(world, daemon, ("2025-03", "1500"))

    live(world, body)
    assert 4 == world.auditor.state.deciding.decided.level
    granted = of_type(world, events.StepIntended)
    assert all(each.cap_micros is None or each.total_micros <= each.cap_micros for each in granted)  # type: ignore[union-attr]  # by its kind


def test_a_component_refused_for_good_stops_later_levels_and_not_its_wave_mates() -> None:
    """It is parked, its wave-mate rises, the next level waits; `resume-actor` lets it go on and all rise."""
    world = World(ladder(), 1)
    world.faults.next("warm", Fault.PERMANENT, "database")

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "350"), ("2025-02", "350"))
        record = world.auditor.state.components.of("database")
        assert record.parked
        assert "HOT" == states(world)["cluster"]
        assert "COLD" == states(world)["workers"]
        command("mended", verb="resume-actor", actor="component:database")(world)
        await quiescent(world, daemon)

    live(world, body)
    assert {"machine", "cluster", "database", "gateway", "workers"} == hot(world)


def test_a_failing_actor_disturbs_no_other() -> None:
    """An actor that fails again and again is parked; all others reach what they reach without it; it can be resumed."""
    world = World(ladder(), 1)
    broken = [True]

    def fail(looked_at: Resource) -> None:
        if looked_at.component == "database" and broken[0]:
            raise RuntimeError("a defect of the actor")

    world.before_observe = fail

    async def body(world: World, daemon: Daemon) -> None:
        month_of("2025-01", "150")(world)
        await asyncio.sleep(600)
        assert {"machine", "cluster"} <= hot(world)
        assert "component:database" in world.auditor.state.parked_actors
        broken[0] = False
        command("mended", verb="resume-actor", actor="component:database")(world)
        await asyncio.sleep(5)
        await quiescent(world, daemon)

    live(world, body)
    assert {"machine", "cluster", "database", "gateway"} == hot(world)
    assert {"component:database"} == {name for _, name, _ in world.kernel_events}


def test_an_actor_that_failed_once_is_told_its_target_again() -> None:
    """After a restart it has forgotten where to go: it asks, and goes on without anybody's help."""
    world = World(ladder(), 1)
    left = [1]

    def fail(looked_at: Resource) -> None:
        if looked_at.component == "database" and "WARM" == states(world).get("database") and left[0]:
            left[0] -= 1
            raise RuntimeError("a passing defect")

    world.before_observe = fail

    async def body(world: World, daemon: Daemon) -> None:
        month_of("2025-01", "150")(world)
        await asyncio.sleep(10)
        await quiescent(world, daemon)

    live(world, body)
    assert 0 == left[0]
    assert "HOT" == states(world)["database"]


def test_a_silent_source_freezes_and_never_demotes() -> None:
    """Two hours of silence where one is allowed: frozen, said once, nothing moves; a watermark ends it."""
    world = World(ladder("revenue.silence_max_hours=1"), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        before = world.auditor.state.sequence
        await asyncio.sleep(2 * 3_600)
        frozen = [each for each in of_type(world, events.FreezeChanged, before) if each.frozen]  # type: ignore[union-attr]  # by its kind
        assert ["source_silent"] == [each.key for each in frozen]  # type: ignore[union-attr]  # by its kind
        assert [] == of_type(world, events.LevelDecided, before)
        assert [] == of_type(world, events.StepIntended, before)
        await months(world, daemon, ("2025-02", "150"))
        assert world.auditor.state.frozen is None

    live(world, body)
    assert 1 == world.auditor.state.deciding.decided.level


def test_an_hour_without_the_streams_changes_nothing_and_loses_nothing() -> None:
    """Said once, components stay as they are; what was sent meanwhile counts on return."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        before, stood = world.auditor.state.sequence, states(world)
        world.server.go_away()
        await asyncio.sleep(1_800)
        month_of("2025-02", "20")(world)
        await asyncio.sleep(1_800)
        assert stood == states(world)
        assert ["FreezeChanged"] == [type(each.event).__name__ for each in world.events(before)]
        world.server.come_back()
        await asyncio.sleep(60)
        await quiescent(world, daemon)

    live(world, body)
    assert 0 == world.auditor.state.deciding.decided.level
    assert [] == checks.counting_findings(world)


def test_streams_that_restart_empty_are_read_from_their_start() -> None:
    """The source sends everything again and more: nothing counts twice, the new counts once, events are not doubled."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"), ("2025-02", "350"))
        world.server.restart_empty()
        await asyncio.sleep(60)
        month_of("2025-01", "150")(world)
        await months(world, daemon, ("2025-03", "350"))

    assert world.live(body)
    require_none(world)
    assert 6 == world.auditor.state.revenue.counters.counted
    assert 2 == world.auditor.state.revenue.counters.duplicates
    assert 2 == world.auditor.state.deciding.decided.level
    published = [int(each.fields["sequence"]) for each in world.server.entries("events")]
    assert list(range(published[0], len(world.store.events) + 1)) == published


def test_a_clock_that_jumps_closes_no_month_and_changes_no_decision() -> None:
    """A day forwards and a day back: frozen under its own key, nothing decided; back in step it thaws by itself."""
    for day in (86_400, -86_400):
        world = World(ladder(), 1)

        async def body(world: World, daemon: Daemon, day: int = day) -> None:
            await months(world, daemon, ("2025-01", "150"))
            before = world.auditor.state.sequence
            world.clock.jump(day)
            await asyncio.sleep(60)
            assert "clock" in world.auditor.state.freezes
            assert [] == of_type(world, events.MonthClosed, before)
            assert [] == of_type(world, events.LevelDecided, before)
            world.clock.jump(-day)
            await asyncio.sleep(60)
            assert world.auditor.state.frozen is None
            await quiescent(world, daemon)

        live(world, body)
        assert {"machine", "cluster", "database", "gateway"} == hot(world)


def test_an_operator_confirms_a_clock_that_was_set() -> None:
    """A clock that was rightly put a day ahead is trusted again after `resume`."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        world.clock.jump(86_400)
        await asyncio.sleep(60)
        assert "clock" in world.auditor.state.freezes
        command("confirmed", verb="resume")(world)
        await asyncio.sleep(60)
        assert world.auditor.state.frozen is None
        await quiescent(world, daemon)

    live(world, body)


def test_a_full_disk_takes_nothing_and_acts_on_nothing() -> None:
    """No acknowledgement and no call while the journal refuses; without a restart all goes on when it takes again."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await quiescent(world, daemon)
        before = world.auditor.state.sequence
        world.refuses = lambda: True
        month_of("2025-01", "150")(world)
        command("meanwhile", verb="pin", component="gateway", state="WARM")(world)
        world.calls.clear()
        await asyncio.sleep(600)
        assert before == world.auditor.state.sequence
        assert {"observe"} == {each.call for each in world.calls}
        assert daemon.recorder.refusing
        world.refuses = lambda: False
        await asyncio.sleep(30)
        await quiescent(world, daemon)

    live(world, body)
    assert {"machine", "cluster", "database"} == hot(world)
    assert "WARM" == states(world)["gateway"]
    assert [] == world.kernel_events


def test_a_changed_plan_waits_for_its_reload() -> None:
    """The old plan goes on frozen; `reload` makes the new one decide, and what it dropped stays managed until COLD."""
    world = World(ladder(), 1)

    async def first(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "350"), ("2025-02", "350"))

    live(world, first)
    world.plan = ladder("safety.hard_ratio=off")

    async def second(world: World, daemon: Daemon) -> None:
        before = world.auditor.state.sequence
        month_of("2025-03", "20")(world)
        await asyncio.sleep(300)
        assert {"plan_changed"} == set(world.auditor.state.freezes)
        assert [] == of_type(world, events.StepIntended, before)
        assert [] == of_type(world, events.LevelDecided, before)
        command("reloaded", verb="reload")(world)
        await quiescent(world, daemon)

    live(world, second)
    assert world.auditor.state.plan == world.plan
    assert world.auditor.state.frozen is None


def test_a_strange_resource_is_untouched_until_adopted() -> None:
    """It is costed and reported; no call goes to it; adopted, it is moved like any other."""
    world = World(ladder(), 1)
    world.infrastructure.foreign_resource(checks.resource_of(world, "gateway"), ResourceState.WARM, 0)

    async def body(world: World, daemon: Daemon) -> None:
        await asyncio.sleep(200)
        await months(world, daemon, ("2025-01", "150"))
        record = world.auditor.state.components.of("gateway")
        assert ResourceState.WARM is record.unmanaged
        assert {"observe"} == {each.call for each in world.calls if each.subject == "gateway"}
        command("adopted", verb="adopt", component="gateway")(world)
        await quiescent(world, daemon)

    live(world, body)
    assert {"machine", "cluster", "database", "gateway"} == hot(world)
    assert 1 == len(world.infrastructure.standing(checks.resource_of(world, "gateway")).live)


def test_drift_is_repaired_and_a_contest_is_given_up() -> None:
    """What somebody deletes is made again under a new generation; who keeps undoing it is left the field, reported."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        await asyncio.sleep(100)
        world.infrastructure.vanish(checks.resource_of(world, "cluster"), world.clock.wall())
        await asyncio.sleep(200)
        await quiescent(world, daemon)
        assert "HOT" == states(world)["cluster"]
        assert 2 == world.auditor.state.components.of("cluster").generation
        world.infrastructure.standing(checks.resource_of(world, "gateway")).contested_by = ResourceState.WARM
        await asyncio.sleep(1_800)

    live(world, body)
    gateway = world.auditor.state.components.of("gateway")
    assert gateway.contested
    assert gateway.parked
    assert 3 == len([e for e in of_type(world, events.ComponentDrifted) if e.component == "gateway"])  # type: ignore[union-attr]  # by its kind
    assert ComponentState.HOT is world.auditor.state.components.of("cluster").state


def test_a_difference_is_repaired_without_taking_it_down() -> None:
    """What somebody changed is activated again under its own generation; nobody deactivates what serves."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        await asyncio.sleep(100)
        before = world.auditor.state.sequence
        world.faults.next("observe", Fault.DIFFERS, "cluster")
        await asyncio.sleep(300)
        await quiescent(world, daemon)
        drifts = [each.component for each in of_type(world, events.ComponentDrifted, before)]  # type: ignore[union-attr]  # by its kind
        steps = [(each.component, each.step) for each in of_type(world, events.StepIntended, before)]  # type: ignore[union-attr]  # by its kind
        assert ["cluster"] == drifts
        assert {("cluster", Step.ACTIVATE)} == set(steps)

    live(world, body)
    assert "HOT" == states(world)["cluster"]
    assert 1 == world.auditor.state.components.of("cluster").generation
    assert not any(each.differs for each in world.infrastructure.standing(checks.resource_of(world, "cluster")).live)


def test_observing_only_decides_and_mutates_nothing() -> None:
    """Levels are decided and published; not one call but looks."""
    world = World(ladder(), 1, mode=events.Mode.OBSERVE_ONLY)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, *TO_THE_TOP)
        await asyncio.sleep(300)
        assert daemon.actuator.dry_run
        assert {"observe"} == {each.call for each in world.calls}

    live(world, body)
    assert 4 == world.auditor.state.deciding.decided.level
    assert [] == of_type(world, events.StepIntended)
    assert {} == {name: each for name, each in world.infrastructure.components.items() if each.live}


def test_only_another_operator_may_exceed_the_cap() -> None:
    """Who asked may not approve; a second principal may, and the step then carries that approval."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "350"), ("2025-02", "350"))
        command("asked", verb="activate", component="vault", reason="a launch")(world)
        await quiescent(world, daemon)
        (approval_id,) = world.auditor.state.operators.approvals
        command("self-approved", verb="approve", id=approval_id, reason="me")(world)
        await quiescent(world, daemon)
        assert "HOT" != states(world)["vault"]
        command("approved", stream="commands:second", verb="approve", id=approval_id, reason="yes")(world)
        at = world.clock.wall()
        await quiescent(world, daemon)
        assert world.clock.wall() - at < 10 * SECOND

    live(world, body)
    assert "HOT" == states(world)["vault"]
    assert {"self-approved": "refused", "approved": "done", "asked": "done"} == checks.outcome(world).answers


def test_a_late_watermark_is_the_only_way_to_close_history() -> None:
    """Months that ended before the source was first heard stay open however long it takes."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        month_of("2025-01", "150")(world)
        await quiescent(world, daemon)
        before = world.auditor.state.sequence
        world.send("payments", {
            "payment_id": "later", "customer_id": "c", "amount": "1", "currency": "EUR", "status": "completed",
            "created_at": "2025-03-01T00:00:00Z", "kind": "payment",
        })  # fmt: skip
        await asyncio.sleep(2 * HOUR // SECOND)
        assert [] == of_type(world, events.MonthClosed, before)
        watermark(world, "2025-02")
        await quiescent(world, daemon)
        assert 1 == len(of_type(world, events.MonthClosed, before))

    live(world, body)
