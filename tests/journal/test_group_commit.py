"""Groups that wait are written together, and one that cannot be written harms no other."""

# ruff: noqa: ASYNC240 - a test may block its own loop

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from adapters.sqlite_journal import JournalLimits
from config.instants import DAY
from machines.ports.journal import JournalDamagedError, JournalRefusedError, PaymentSeen, Proposal, Snapshot
from tests.contracts.journal import START, SetClock, entry_ids, everything, outlive_retention, proposal
from tests.journal.journal_files import alter, ask, opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal lies."""
    return tmp_path / "journal.sqlite"


async def test_waiting_groups_share_one_commit(path: Path) -> None:
    """A hundred groups that wait together cost far fewer than a hundred transactions."""
    async with opened(path) as journal:
        commits: list[str] = []
        trace = lambda statement: commits.append(statement) if statement == "COMMIT" else None  # noqa: E731
        await journal._writer.change(lambda connection: connection.set_trace_callback(trace))
        await asyncio.gather(*(journal.append([proposal(str(index))]) for index in range(100)))
        await journal._writer.change(lambda connection: connection.set_trace_callback(None))
        assert len(commits) < 50
        assert journal.last_sequence == 100


async def test_a_burst_is_written_in_transactions_of_bounded_size(path: Path) -> None:
    """However much waits, one transaction takes no more rows than the limit, or one group."""
    async with opened(path, limits=JournalLimits(commit_rows_max=10)) as journal:
        commits: list[str] = []
        trace = lambda statement: commits.append(statement) if statement == "COMMIT" else None  # noqa: E731
        await journal._writer.change(lambda connection: connection.set_trace_callback(trace))
        seen = [PaymentSeen(f"p{index}", b"f", counted=True) for index in range(3)]
        await asyncio.gather(
            *(journal.append([proposal(str(index))], seen) for index in range(20)),
            journal.append([proposal("large")] * 30),
        )
        await journal._writer.change(lambda connection: connection.set_trace_callback(None))
        assert len(commits) >= 11
        assert journal.last_sequence == 50


async def test_a_group_that_cannot_be_stored_fails_alone(path: Path) -> None:
    """A number beyond 64 bits is its caller's error; those in the same transaction are written."""
    too_large = Proposal(proposal("b").event, "actor", 1 << 70)
    async with opened(path) as journal:
        answers = await asyncio.gather(
            journal.append([proposal("a")]),
            journal.append([proposal("lost"), too_large]),
            journal.append([proposal("c")]),
            return_exceptions=True,
        )
        assert isinstance(answers[1], OverflowError)
        assert entry_ids(await everything(journal)) == ["a", "c"]


async def test_a_small_queue_makes_callers_wait_and_loses_none(path: Path) -> None:
    """With room for two, fifty callers take turns, in order, also when some give up."""
    async with opened(path, limits=JournalLimits(waiting_groups_max=2)) as journal:
        callers = [asyncio.ensure_future(journal.append([proposal(str(index))])) for index in range(50)]
        await asyncio.sleep(0)
        callers[40].cancel()
        await asyncio.gather(*callers, return_exceptions=True)
        assert entry_ids(await everything(journal)) == [str(index) for index in range(50) if index != 40]


async def test_who_stops_waiting_harms_no_neighbour(path: Path) -> None:
    """Its group is durable with theirs, and they are told, though it hears nothing any more."""
    async with opened(path) as journal:
        callers = [asyncio.ensure_future(journal.append([proposal(str(index))])) for index in range(9)]
        await asyncio.sleep(0)
        for index in (0, 4, 8):
            callers[index].cancel()
        async with asyncio.timeout(10):
            answers = await asyncio.gather(*callers, return_exceptions=True)
        assert [index for index, each in enumerate(answers) if not isinstance(each, list)] == [0, 4, 8]
        assert entry_ids(await everything(journal)) == [str(index) for index in range(9)]


async def test_closing_leaves_nobody_waiting_for_a_place(path: Path) -> None:
    """At the close each caller is either written or refused."""
    async with opened(path, limits=JournalLimits(waiting_groups_max=2)) as journal:
        callers = [asyncio.ensure_future(journal.append([proposal(str(index))])) for index in range(10)]
        await asyncio.sleep(0)
        await journal.close()
        answers = await asyncio.gather(*callers, return_exceptions=True)
        assert [type(answer) for answer in answers] == [list] * 2 + [JournalRefusedError] * 8
        assert journal.last_sequence == 2


async def test_a_group_above_the_limit_is_the_callers_error(path: Path) -> None:
    """The limit of a group is said with both numbers."""
    async with opened(path, limits=JournalLimits(group_events_max=3)) as journal:
        with pytest.raises(ValueError, match="a group of 4 events; the limit is 3"):
            await journal.append([proposal("a")] * 4)
        assert journal.last_sequence == 0


async def test_a_second_writer_is_noticed(path: Path) -> None:
    """Somebody who writes events beside the daemon is reported as damage, not overwritten."""
    async with opened(path) as journal:
        await journal.append([proposal("a")])
        alter(path, "INSERT INTO events SELECT 2, 0, 0, 'x', NULL, 'Started', 1, 2, 1, '{}', x'00'")
        with pytest.raises(JournalDamagedError, match="changed by somebody else"):
            await journal.append([proposal("b")])
        assert ask(path, "SELECT actor FROM events WHERE sequence = 2") == [("x",)]


async def test_the_log_is_folded_into_the_file(path: Path) -> None:
    """Many commits do not let the write-ahead log grow without bound, and closing leaves none behind."""
    async with opened(path, limits=JournalLimits(checkpoint_commits=8)) as journal:
        for index in range(200):
            await journal.append([proposal(str(index), size=4_000)])
        log = path.with_name("journal.sqlite-wal")
        assert log.stat().st_size < 600_000
    assert not log.exists()


async def test_a_forgotten_customer_leaves_no_bytes(path: Path) -> None:
    """Neither the file nor its log holds the hash any longer."""
    customer = b"the hash of one customer"
    async with opened(path) as journal:
        await journal.append([proposal("a")], [PaymentSeen("p", b"f", counted=True, customer_hash=customer)])
        log = path.with_name("journal.sqlite-wal")
        assert customer in path.read_bytes() + log.read_bytes()
        await journal.forget_customer(customer)
        assert customer not in path.read_bytes() + log.read_bytes()


async def test_only_the_newest_snapshots_are_kept(path: Path) -> None:
    """Two snapshots: the newest, and one to fall back on."""
    async with opened(path) as journal:
        await journal.append([proposal(str(index)) for index in range(6)])
        for sequence in (2, 4, 6):
            await journal.write_snapshot(Snapshot(sequence, b"state"))
    assert ask(path, "SELECT sequence FROM snapshots ORDER BY sequence") == [(4,), (6,)]


async def test_retention_drops_what_is_old_and_covered(path: Path) -> None:
    """Old events that every kept snapshot covers go, whole groups only; the chain is still proven from its anchor."""
    clock, limits = SetClock(), JournalLimits(retention_days=30)
    async with opened(path, clock, limits) as journal:
        events = await outlive_retention(journal, clock)
    async with opened(path, clock, limits) as journal:
        assert journal.opening.warnings == ()
        assert [each.sequence for each in await journal.append([proposal("next")])] == [121]
        assert await everything(journal, after=118) == [*events[-2:], *await everything(journal, after=120)]


async def test_retention_keeps_what_is_young(path: Path) -> None:
    """A snapshot alone drops nothing, and without a retention nothing ever goes."""
    clock = SetClock()
    async with opened(path, clock, JournalLimits(retention_days=30)) as journal:
        await journal.append([proposal("a"), proposal("b")])
        clock.now = START + 30 * DAY
        await journal.write_snapshot(Snapshot(2, b"state"))
        assert len(await everything(journal)) == 2
        clock.now += 1
        await journal.write_snapshot(Snapshot(2, b"state"))
        assert await everything(journal) == []
        assert [each.sequence for each in await journal.append([proposal("c")])] == [3]
    async with opened(path, clock) as journal:
        assert journal.last_sequence == 3


async def test_a_shortened_journal_without_a_usable_snapshot_is_refused(path: Path) -> None:
    """What was dropped cannot be replayed: a fold that cannot read the snapshots must not start from nothing."""
    clock = SetClock()
    async with opened(path, clock, JournalLimits(retention_days=1)) as journal:
        await journal.append([proposal("a")])
        clock.now = START + 9 * DAY
        await journal.write_snapshot(Snapshot(1, b"state"))
    with pytest.raises(JournalDamagedError, match="starts after event 1"):
        async with opened(path, fold_version=2):
            pass
