"""The sweep removes what an operator ordered: after a look, under the same token, until it is settled."""

from __future__ import annotations

from adapters.memory_journal import MemoryStore
from config.instants import HOUR
from daemon.kernel import pause
from machines.events import (
    FreezeChanged,
    Mode,
    OrphanGone,
    OrphanRemoved,
    Pause,
    PauseEnded,
    PauseSet,
    RemovalOutcome,
)
from machines.ports.faults import Ambiguous, CallError, Permanent, Transient
from machines.ports.journal import JournalIdentity
from machines.ports.provisioner import FoundResource, StepBegun
from tests.orphans.small_cloud import AGAIN_S, EVERY_S, OLD, OWNED, SmallCloud, Sweeping, intends_part, one_sweep, sweep

DONE, BEGUN = RemovalOutcome.DONE, RemovalOutcome.BEGUN
REFUSED, UNKNOWN = RemovalOutcome.REFUSED, RemovalOutcome.UNKNOWN
STOPPED = PauseSet(Pause.DOWN, None, "a look", "operator")


def outcomes(place: Sweeping) -> list[tuple[RemovalOutcome, str]]:
    """How the removals ended so far."""
    return [(each.outcome, each.reason) for each in place.told() if isinstance(each, OrphanRemoved)]


def test_an_ordered_orphan_is_removed_at_once() -> None:
    """With the provider's own name of the call; it is no longer known."""
    cloud = SmallCloud(OLD)

    async def script(place: Sweeping) -> None:
        await one_sweep()
        await place.order()
        await pause(1)
        assert ([OLD], []) == (cloud.removals, cloud.standing)
        assert OrphanRemoved(OLD.kind, OLD.name, OLD.component, OLD.token, DONE, "", "r-1") == place.told()[-1]
        assert {} == place.state.orphans

    sweep(cloud, script)


def test_what_the_provider_goes_on_removing_is_looked_at_sooner() -> None:
    """It has begun, is asked for its next phase a minute later, and is done when two reads miss it."""
    cloud = SmallCloud(OLD)
    cloud.answers = [StepBegun("r-7", "deleting"), StepBegun("r-8", "deleting")]

    async def script(place: Sweeping) -> None:
        await one_sweep()
        await place.order()
        await pause(AGAIN_S + 1)
        assert len(cloud.removals) == 2
        assert [(BEGUN, "deleting")] == outcomes(place)
        cloud.standing.clear()
        await pause(3 * AGAIN_S + 1)
        assert [(BEGUN, "deleting"), (DONE, "two reads did not find it any more")] == outcomes(place)

    sweep(cloud, script)


def test_a_provider_that_says_how_long_is_not_asked_before() -> None:
    """Before then a look shows nothing new."""
    cloud = SmallCloud(OLD)
    cloud.answers = [StepBegun("r-7", "deleting", look_after_s=1_000)]

    async def script(place: Sweeping) -> None:
        await one_sweep()
        await place.order()
        await pause(999)
        assert len(cloud.removals) == 1
        await pause(2)
        assert len(cloud.removals) == 2

    sweep(cloud, script)


def test_an_unknown_answer_is_followed_by_a_look_and_another_attempt() -> None:
    """Under the same order; what still stands under the token is removed."""
    cloud = SmallCloud(OLD)
    cloud.answers = [Ambiguous("the line was cut"), Transient("throttled")]

    async def script(place: Sweeping) -> None:
        await one_sweep()
        await place.order()
        await pause(4 * AGAIN_S)
        assert [(UNKNOWN, "the line was cut"), (UNKNOWN, "throttled"), (DONE, "")] == outcomes(place)

    sweep(cloud, script)


def test_a_refusal_for_good_ends_the_removal() -> None:
    """The orphan stays known; a new order may follow."""
    cloud = SmallCloud(OLD)
    cloud.answers = [Permanent("deletion protection is on")]

    async def script(place: Sweeping) -> None:
        await one_sweep()
        await place.order()
        await pause(EVERY_S)
        assert [(REFUSED, "deletion protection is on")] == outcomes(place)
        assert [None] == [each.removal for each in place.state.orphans.values()]
        await place.order()
        await pause(1)
        assert (DONE, "") == outcomes(place)[-1]

    sweep(cloud, script)
    assert [OLD, OLD] == cloud.removals


def test_what_is_not_done_by_its_deadline_is_given_up() -> None:
    """With the last thing that was heard of it."""
    cloud = SmallCloud(OLD)
    cloud.answers = [Ambiguous("no answer") for _ in range(100)]

    async def script(place: Sweeping) -> None:
        await one_sweep()
        await place.order()
        await pause(3 * EVERY_S)
        assert [(UNKNOWN, "no answer"), (REFUSED, "not done by its deadline: no answer")] == outcomes(place)

    sweep(cloud, script)


def test_another_resource_under_the_same_name_is_not_removed() -> None:
    """The token says which one was ordered."""
    cloud = SmallCloud(OLD)

    async def script(place: Sweeping) -> None:
        await one_sweep()
        cloud.standing = [FoundResource(OLD.kind, OLD.name, OLD.component, "a new token")]
        await place.order()
        await pause(AGAIN_S + 1)
        assert [(DONE, "two reads did not find it any more")] == outcomes(place)

    sweep(cloud, script)
    assert [] == cloud.removals


def test_what_found_an_owner_meanwhile_is_not_removed() -> None:
    """The journal is read after the list."""
    cloud = SmallCloud(OWNED)

    async def script(place: Sweeping) -> None:
        await one_sweep()
        cloud.before_list = lambda: adopt(place)
        await place.order(OWNED)
        await pause(2 * AGAIN_S + 1)
        assert [(REFUSED, "it belongs to part_1 now")] == outcomes(place)
        assert isinstance(place.told()[-1], OrphanGone)

    def adopt(place: Sweeping) -> None:
        """While the list is read, the component is given what the list shows."""
        cloud.before_list = lambda: None
        record = place.state.components.of("part_1")
        record.state, record.token = intends_part().to_state, OWNED.token

    sweep(cloud, script)
    assert [] == cloud.removals


def test_an_owner_that_comes_after_the_look_is_seen_before_the_call() -> None:
    """While another orphan of the same look was being removed."""
    cloud = SmallCloud(OLD, OWNED)

    async def script(place: Sweeping) -> None:
        def adopt() -> None:
            record = place.state.components.of("part_1")
            record.state, record.token = intends_part().to_state, OWNED.token

        await one_sweep()
        cloud.before_remove = adopt
        await place.order(OLD, OWNED)
        await pause(1)

    sweep(cloud, script)
    assert ([OLD], [OWNED]) == (cloud.removals, cloud.standing)


def test_what_is_gone_at_its_deadline_is_done() -> None:
    """The reads say so, whatever the provider answered."""
    cloud = SmallCloud(OLD)
    cloud.answers = [Ambiguous("no answer") for _ in range(100)]

    async def script(place: Sweeping) -> None:
        await one_sweep()
        await place.order()
        await pause(EVERY_S - AGAIN_S + 10)
        cloud.standing.clear()
        await pause(2 * EVERY_S)
        assert [(UNKNOWN, "no answer"), (DONE, "two reads did not find it any more")] == outcomes(place)

    sweep(cloud, script)


def test_a_pause_and_a_freeze_hold_a_removal_back() -> None:
    """Nothing is lowered then; it goes on afterwards, without another order."""
    cloud = SmallCloud(OLD)

    async def script(place: Sweeping) -> None:
        await one_sweep()
        await place.recorder.record("operator", [STOPPED])
        await place.order()
        await pause(2 * AGAIN_S)
        await place.recorder.record("operator", [PauseEnded("resumed"), FreezeChanged("clock", frozen=True)])
        await pause(8 * AGAIN_S)
        assert [] == cloud.removals
        await place.recorder.record("operator", [FreezeChanged("clock", frozen=False)])
        await pause(16 * AGAIN_S)
        assert [(DONE, "")] == outcomes(place)

    sweep(cloud, script)


def journal_with_an_order(cloud: SmallCloud, answer: CallError | None = None) -> MemoryStore:
    """What a daemon leaves that dies when the order is durable, and before its answer is."""
    store = MemoryStore(identity=JournalIdentity("j", 1), customer_key=b"k")

    async def dies(place: Sweeping) -> None:
        await one_sweep()
        await place.order()

    sweep(cloud, dies, store=store)
    assert ([], []) == (cloud.removals, cloud.answers)
    return store


def test_an_order_that_a_crash_left_open_is_carried_out_by_the_next_daemon() -> None:
    """The intent was in the journal before the call."""
    cloud = SmallCloud(OLD)
    store = journal_with_an_order(cloud)

    async def script(place: Sweeping) -> None:
        await pause(1)
        assert [(DONE, "")] == outcomes(place)

    sweep(cloud, script, store=store)
    assert [OLD] == cloud.removals


def test_a_removal_that_was_done_when_the_daemon_died_is_ended_by_two_reads() -> None:
    """It is not asked for a second time."""
    cloud = SmallCloud(OLD)
    store = journal_with_an_order(cloud)
    cloud.standing.clear()

    async def script(place: Sweeping) -> None:
        await one_sweep()
        assert [(DONE, "two reads did not find it any more")] == outcomes(place)

    sweep(cloud, script, store=store)
    assert [] == cloud.removals


def test_an_open_order_waits_in_a_dry_run() -> None:
    """A daemon that only observes removes nothing, whatever was ordered before."""
    cloud = SmallCloud(OLD)
    store = journal_with_an_order(cloud)

    async def script(place: Sweeping) -> None:
        await pause(3 * HOUR / 1_000_000)
        assert [] == outcomes(place)

    sweep(cloud, script, store=store, mode=Mode.OBSERVE_ONLY)
    assert ([], [OLD]) == (cloud.removals, cloud.standing)
