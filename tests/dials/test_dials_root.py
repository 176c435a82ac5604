"""The daemon's dials: turned by what was measured, journaled first, shown afterwards, never turned while held."""

from __future__ import annotations

import pytest

from adapters.memory_journal import MemoryStore
from machines import events
from machines.dialing import Rule
from machines.events import FreezeChanged, Mode, Pause, PauseSet
from machines.lifecycle_states import ComponentState, Step
from machines.observations import ResourceState
from machines.ports.dials import DialSeen
from machines.ports.journal import JournalIdentity
from tests.dials.dial_table import START, TOKEN, Table, TableBoard, hot, month, played

FROZEN = FreezeChanged("source_silent", frozen=True, reason="nothing was heard for a day")


async def nothing(table: Table) -> None:
    """The dial is looked at, and that is all."""


def test_a_dial_that_is_on_stands_at_its_levels_share() -> None:
    """At level 0 everything is self-hosted, and every figure that is unknown is said to be."""
    table = played(nothing)

    (shown,) = table.board.shown
    assert (100, 100) == (shown.share_percent, shown.wished_percent)
    assert shown.reasons == (
        "level 0 asks for 100 % self-hosted; "
        "the growth is unknown: it takes two closed months with revenue; "
        "the margin is unknown: it takes a closed month with revenue; "
        "the accuracy is unknown: it was not measured"
    )


def test_a_turn_is_in_the_journal_before_it_is_shown() -> None:
    """Where the board is away at that moment, the journal has the turn, and the application reads it later."""

    async def play(table: Table) -> None:
        show, table.board.show = table.board.show, refused  # type: ignore[method-assign]  # the test's own class
        await table.moment()
        assert ([100], []) == ([each.share_percent for each in await table.turns()], table.shares)
        table.board.show = show  # type: ignore[method-assign]  # as it was
        await table.moment()

    async def refused(*_: object) -> bool:
        return False

    board = TableBoard()
    board.on = False

    async def switched_on(table: Table) -> None:
        board.on = True
        await play(table)

    table = played(switched_on, board=board)

    assert [100] == table.shares


def test_a_reached_level_turns_the_dial_step_by_step() -> None:
    """From 100 to the 80 of level 1: ten a day."""

    async def play(table: Table) -> None:
        await table.tell(*hot("model"))
        for _ in range(4):
            await table.days()

    table = played(play)

    assert [100, 100, 90, 80] == table.shares
    assert table.stand is not None
    assert (80, 80) == (table.stand.position.share_percent, table.stand.wished_percent)


def test_a_low_margin_asks_for_more_of_ones_own() -> None:
    """40 of 50 is a margin of 0.2: the 80 of level 1 become 100."""
    table = played(nothing, *month("2026-01", 50), *hot("model", 40))

    assert [100] == table.shares
    assert "the margin of 0.2 is below 0.50: 20 % more self-hosted" in table.board.shown[0].reasons


def test_growth_asks_for_more_of_the_api() -> None:
    """From 50 to 150 in a month, at a margin between the thresholds."""
    table = played(nothing, *month("2026-01", 50), *month("2026-02", 150), *hot("model", 60))

    assert [60] == table.shares
    assert "the growth of 2 is above 1.00: 20 % more to the API" in table.board.shown[0].reasons


def test_bad_accuracy_falls_back_at_once_and_returns_in_steps() -> None:
    """0.79 takes everything to the API; 0.90 gives it back, ten a day."""

    async def play(table: Table) -> None:
        table.board.measure("0.79")
        await table.moment()
        table.board.measure("0.90")
        await table.moment()
        await table.days(2)

    table = played(play)

    assert [100, 0, 0, 10, 20] == table.shares
    assert "the accuracy of 0.79 is below 0.80: everything goes to the API" in table.board.shown[1].reasons


@pytest.mark.parametrize(
    ("age_s", "said"),
    [
        (86_401, "the accuracy is unknown: it was measured more than 86400 s ago"),
        (-61, "the accuracy is unknown: it was measured in the future"),
    ],
)
def test_an_old_accuracy_is_unknown(age_s: int, said: str) -> None:
    """Nor is one of the future known: no rule begins on either."""
    board = TableBoard()
    board.measure("0.10", age_s)

    table = played(nothing, board=board)

    assert [100] == table.shares
    assert said in table.board.shown[0].reasons


def test_an_unknown_accuracy_ends_no_fall_back() -> None:
    """What fell back stays there until somebody measures again."""

    async def play(table: Table) -> None:
        table.board.measure("0.79")
        await table.moment()
        table.board.measure("0.79", age_s=100_000)
        await table.days(3)

    table = played(play)

    assert [100, 0] == table.shares
    assert table.stand is not None
    assert (Rule.ACCURACY,) == table.stand.position.holding


@pytest.mark.parametrize(
    "held", [FROZEN, *(PauseSet(scope, None, "migration", "alice") for scope in Pause)], ids=lambda each: str(each)[:40]
)
def test_a_dial_that_is_held_stands_still(held: events.Event) -> None:
    """Whatever is measured: a freeze and a pause of any scope hold it."""

    async def play(table: Table) -> None:
        await table.tell(held)
        table.board.measure("0.10")
        await table.days(2)

    assert [100] == played(play).shares


def test_a_dial_of_a_daemon_that_observes_is_left_alone() -> None:
    """Neither an event nor a number, even where the key is there."""
    table = played(nothing, mode=Mode.OBSERVE_ONLY)

    assert ([], None) == (table.shares, table.stand)


def test_a_dial_that_is_off_is_left_alone() -> None:
    """No key of this token is on: nothing is decided and nothing shown."""
    for seen in (DialSeen(""), DialSeen("svother")):
        board = TableBoard()
        board.seen = seen

        table = played(nothing, board=board)

        assert ([], None) == (table.shares, table.stand)


def test_a_restart_goes_on_where_the_dial_stood() -> None:
    """The position, the rules that hold and the time of the last turn come from the journal."""
    store = MemoryStore(identity=JournalIdentity("j", 1), customer_key=b"k")
    board = TableBoard()

    async def fallen(table: Table) -> None:
        table.board.measure("0.79")
        await table.moment()

    before = played(fallen, store=store, board=board)
    after = played(nothing, store=store, board=TableBoard())

    assert before.stand == after.stand
    assert [0] == after.shares
    assert before.board.shown[-1] == after.board.shown[-1]


def test_lost_data_is_shown_again_without_a_turn() -> None:
    """A Redis that came back empty is given the journal's position, also while decisions are frozen."""

    async def play(table: Table) -> None:
        await table.tell(FROZEN)
        table.board.seen = DialSeen(TOKEN)
        await table.moment()
        assert 1 == len(await table.turns())

    table = played(play)

    assert [100, 100] == table.shares
    assert table.board.shown[0] == table.board.shown[1]


def test_a_dial_at_rest_writes_nothing() -> None:
    """A week of looks is one event and one write."""

    async def play(table: Table) -> None:
        await table.days(7)
        assert 1 == len(await table.turns())

    table = played(play)

    assert [100] == table.shares
    assert table.board.looks > 1_000


def test_a_board_that_is_away_is_said_once_and_asked_again(capsys: pytest.CaptureFixture[str]) -> None:
    """A Redis that is down parks nobody; the dial turns when it is back."""
    board = TableBoard()
    board.away = "Redis at redis://127.0.0.1 cannot be reached"

    async def play(table: Table) -> None:
        await table.days()
        board.away = ""
        await table.moment()

    table = played(play, board=board)

    assert [100] == table.shares
    assert 1 == capsys.readouterr().out.count("dial_not_reached")


def test_the_connections_are_let_go_at_the_end() -> None:
    """The root closes its board when it is stopped."""
    assert played(nothing).board.closed


def test_a_decommissioned_dial_begins_anew() -> None:
    """Its position is forgotten; one that only drifted away keeps it."""
    done, cold, warm = events.StepOutcome.DONE, ComponentState.COLD, ComponentState.WARM
    gone = events.StepEnded("llm_share", Step.DECOMMISSION, TOKEN, done, warm, cold, 0)
    drifted = events.ComponentDrifted("llm_share", ComponentState.HOT, cold, ResourceState.ABSENT, 0, detail=str(START))

    async def drift(table: Table) -> None:
        await table.tell(drifted)

    async def decommission(table: Table) -> None:
        await table.tell(gone)

    assert played(drift).stand is not None
    assert played(decommission).stand is None
