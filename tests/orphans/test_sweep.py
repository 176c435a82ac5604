"""The sweep looks: what two reads agree on is told once; what cannot be listed is unknown, and not gone."""

from __future__ import annotations

from structlog.testing import capture_logs

from daemon.kernel import pause
from machines.events import Event, Mode, OrphanFound, OrphanGone
from machines.ports.faults import Permanent
from machines.ports.provisioner import FoundResource
from tests.orphans.small_cloud import AGAIN_S, EVERY_S, OLD, OWNED, SmallCloud, Sweeping, intends_part, one_sweep, sweep

FOUND = OrphanFound(OLD.kind, OLD.name, OLD.component, OLD.token, "the plan has no component gone")
GONE = OrphanGone(OLD.kind, OLD.name, OLD.component, OLD.token, "two reads did not find it any more")


def told_by(cloud: SmallCloud, *, sweeps: int, mode: Mode = Mode.ACT) -> list[Event]:
    """What so many sweeps record."""
    told: list[Event] = []

    async def script(place: Sweeping) -> None:
        await pause((sweeps - 1) * EVERY_S + AGAIN_S + 1)
        told.extend(place.told())

    sweep(cloud, script, mode=mode)
    return told


def test_an_orphan_is_told_once() -> None:
    """However many sweeps find it."""
    assert [FOUND] == told_by(SmallCloud(OLD), sweeps=3)


def test_a_daemon_that_only_observes_tells_it_too() -> None:
    """The sweep only looks."""
    assert [FOUND] == told_by(SmallCloud(OLD), sweeps=1, mode=Mode.OBSERVE_ONLY)


def test_what_one_read_found_is_not_told() -> None:
    """A list may have been overtaken by a step under way."""
    cloud = SmallCloud(OLD)

    async def script(place: Sweeping) -> None:
        await pause(1)
        cloud.standing.clear()
        await one_sweep()
        assert [] == place.told()

    sweep(cloud, script)
    assert cloud.lists == 2


def test_a_world_without_news_is_read_once_a_sweep() -> None:
    """The second read is for what the first one shows to be new."""
    cloud = SmallCloud()

    assert [] == told_by(cloud, sweeps=2)
    assert cloud.lists == 2


def test_what_only_the_second_read_found_waits_for_the_next_sweep() -> None:
    """Also where the first read found another."""
    cloud, late = SmallCloud(OLD), FoundResource("simulated", "arn:late", "gone", "late")

    async def script(place: Sweeping) -> None:
        await pause(1)
        cloud.standing.append(late)
        await one_sweep()
        assert [FOUND] == place.told()
        await pause(EVERY_S)
        assert ["arn:old", "arn:late"] == [each.name for each in place.told() if isinstance(each, OrphanFound)]

    sweep(cloud, script)


def test_an_orphan_that_one_read_misses_and_one_cannot_list_stays_known() -> None:
    """Both reads must be whole."""
    cloud = SmallCloud(OLD)

    async def script(place: Sweeping) -> None:
        await one_sweep()
        cloud.standing.clear()
        await pause(EVERY_S - AGAIN_S)
        cloud.list_fails = Permanent("may not list")
        await one_sweep()
        assert [FOUND] == place.told()

    sweep(cloud, script)


def test_an_orphan_that_two_reads_miss_is_gone() -> None:
    """Nobody ordered it; somebody else removed it."""
    cloud = SmallCloud(OLD)

    async def script(place: Sweeping) -> None:
        await one_sweep()
        cloud.standing.clear()
        await pause(EVERY_S)
        assert [FOUND, GONE] == place.told()
        assert {} == place.state.orphans

    sweep(cloud, script)


def test_an_orphan_that_one_read_misses_stays_known() -> None:
    """Providers' lists may skip one."""
    cloud = SmallCloud(OLD)

    async def script(place: Sweeping) -> None:
        await one_sweep()
        cloud.standing.clear()
        await pause(EVERY_S - AGAIN_S)
        assert cloud.lists == 3
        cloud.standing.append(OLD)
        await one_sweep()
        assert [FOUND] == place.told()

    sweep(cloud, script)
    assert cloud.lists == 4


def test_a_kind_that_cannot_be_listed_says_nothing_and_is_logged_once() -> None:
    """Unknown is not absent: what is known of it stays known."""
    cloud = SmallCloud(OLD)

    async def script(place: Sweeping) -> None:
        await one_sweep()
        cloud.list_fails = Permanent("may not list")
        await pause(3 * EVERY_S)
        assert [FOUND] == place.told()

    with capture_logs() as lines:
        sweep(cloud, script)
    assert [("kind_unlisted", "warning", "simulated", "may not list")] == [
        (each["event"], each["log_level"], each["kind"], each["reason"]) for each in lines
    ]


def test_an_adapters_defect_is_unknown_too() -> None:
    """It ends no sweep."""
    cloud = SmallCloud(OLD)
    cloud.list_fails = ValueError("a defect")

    with capture_logs() as lines:
        assert [] == told_by(cloud, sweeps=2)
    assert ["the provisioner failed: ValueError: a defect"] == [each["reason"] for each in lines]


def test_what_was_made_before_the_list_belongs_to_its_component() -> None:
    """The journal is read after the world: the intent came before the resource."""
    cloud = SmallCloud(OWNED)

    async def script(place: Sweeping) -> None:
        await one_sweep()
        assert [] == [each for each in place.told() if isinstance(each, OrphanFound)]

    async def intends_first(place: Sweeping) -> None:
        await place.recorder.record("supervisor", [intends_part()])
        await script(place)

    sweep(cloud, intends_first)


def test_an_orphan_that_finds_an_owner_is_none_any_more() -> None:
    """It says which component it belongs to."""
    cloud = SmallCloud(OWNED)

    async def script(place: Sweeping) -> None:
        await one_sweep()
        await place.recorder.record("supervisor", [intends_part()])
        await pause(EVERY_S)
        gone = place.told()[-1]
        assert isinstance(gone, OrphanGone)
        assert "it belongs to part_1 now" == gone.why

    sweep(cloud, script)


def test_more_orphans_than_may_be_known_are_said_in_the_log() -> None:
    """The state stays small; the tags are wrong."""
    many = [FoundResource("simulated", f"arn:{number}", "gone", f"t{number}") for number in range(1_001)]
    with capture_logs() as lines:
        told = told_by(SmallCloud(*many), sweeps=2)

    assert len(told) == 1_000
    assert [("orphans_too_many", 1_000)] == [(each["event"], each["known_max"]) for each in lines]
