"""A restored journal is a whole prefix of what was backed up, in a new epoch, and paused."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pyrage
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.backups import keeping_aside
from adapters.backups.errors import BackupError, NoBackupError
from adapters.backups.folder import Folder
from adapters.backups.manifest import Manifest
from adapters.backups.packing import pack
from adapters.sqlite_journal import JournalLimits, SqliteJournal
from adapters.state_directory import HeldError, StateDirectory
from config.instants import DAY, HOUR, Instant
from config.secret import Secret
from config.settings import BackupSettings
from daemon.resume import encode_state
from machines.events import JournalRestored, Pause, PauseSet
from machines.ports.journal import PaymentSeen, Snapshot
from machines.state.whole import FOLD_VERSION, State
from tests.backups.places import (
    NOW,
    alter,
    ask,
    backed_up,
    events_of,
    folded,
    names_in,
    taken_back,
    ticking,
    verified,
    write_history,
)
from tests.contracts.journal import START, SetClock, proposal
from tests.journal.journal_files import opened


class Shelf:
    """A state directory with a history, one backup of it, and an empty directory."""

    def __init__(self, folder: Path) -> None:
        self.state_dir, self.backups, self.empty = folder / "state", folder / "backups", folder / "empty"
        self.journal = write_history(self.state_dir)
        self.backup = backed_up(self.state_dir, self.backups).manifest
        self.events = events_of(self.journal)

    def refusal(self, state_dir: Path, until: Instant | None = None, **wished: object) -> str:
        """Why nothing is restored; nothing may change."""
        before = {name: (state_dir / name).read_bytes() for name in names_in(state_dir)} if state_dir.exists() else {}
        with pytest.raises(BackupError) as caught:
            taken_back(state_dir, self.backups, until, **wished)
        after = {name: (state_dir / name).read_bytes() for name in names_in(state_dir) - {"lock", "restore.lock"}}
        assert {name: before[name] for name in before if name in after} == after
        return str(caught.value)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A shelf of the test's own."""
    return Shelf(tmp_path)


@pytest.fixture(scope="module")
def one_shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """A shelf for tests that only read it."""
    return Shelf(tmp_path_factory.mktemp("shelf"))


def test_the_whole_backup_comes_back(shelf: Shelf) -> None:
    """Every event of it, then that it was restored and a pause that says why."""
    restored = taken_back(shelf.empty, shelf.backups)
    *old, told, paused = events_of(shelf.empty / "journal.sqlite")

    assert shelf.events == old
    assert JournalRestored(shelf.backup.name, shelf.backup.made_at, NOW) == told.event
    assert isinstance(paused.event, PauseSet)
    assert (Pause.ALL, None) == (paused.event.scope, paused.event.until)
    assert "restored from backup" in paused.event.reason
    assert (2, 126, 0, "") == (
        restored.epoch,
        restored.last_sequence,
        restored.dropped_events,
        restored.moved_aside,
    )
    assert 0o600 == (shelf.empty / "journal.sqlite").stat().st_mode & 0o777


def moments() -> st.SearchStrategy[float]:
    """Anywhere between the first event and the last, and a little beyond."""
    return st.floats(0, 1.05)


@given(moments())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cut_at_any_time_it_is_a_prefix(
    one_shelf: Shelf, tmp_path_factory: pytest.TempPathFactory, share: float
) -> None:
    """Whole groups up to the moment stay; state, tables and payments are those of the prefix."""
    first, last = one_shelf.events[0].recorded_at, one_shelf.events[-1].recorded_at
    until = first + int((last - first) * share)
    empty = tmp_path_factory.mktemp("cut")
    restored = taken_back(empty, one_shelf.backups, until)
    *old, told, _ = events_of(empty / "journal.sqlite")
    prefix = [each for each in one_shelf.events if each.recorded_at <= until]

    assert prefix == old
    assert folded(prefix) == folded(old)
    assert () == verified(empty / "journal.sqlite").findings
    assert isinstance(told.event, JournalRestored)
    assert len(one_shelf.events) - len(prefix) == restored.dropped_events == told.event.dropped_events
    assert (until if restored.dropped_events else None) == told.event.until
    assert [] == ask(empty / "journal.sqlite", "SELECT payment_id FROM payments WHERE sequence > ?", len(prefix))


def test_a_payment_after_the_cut_counts_again(shelf: Shelf) -> None:
    """What the cut took away is unknown; what it left is known."""
    taken_back(shelf.empty, shelf.backups, shelf.events[30].recorded_at)
    kept = {name for (name,) in ask(shelf.empty / "journal.sqlite", "SELECT payment_id FROM payments")}
    known = {str(name): number for name, number in ask(shelf.journal, "SELECT payment_id, sequence FROM payments")}

    assert {name for name, number in known.items() if isinstance(number, int) and number <= 31} == kept
    assert 0 < len(kept) < len(known)


async def test_a_daemon_goes_on_with_it(shelf: Shelf) -> None:
    """It opens, in its new epoch, and its chain goes on."""
    taken_back(shelf.empty, shelf.backups)
    path = shelf.empty / "journal.sqlite"
    journal = await SqliteJournal.open(path, clock=SetClock(), fold_version=FOLD_VERSION)
    identity = journal.identity
    await journal.append([proposal("after")])
    await journal.close()

    assert (shelf.backup.journal_id, 2) == (identity.journal_id, identity.epoch)
    assert verified(path).damage is None


def test_a_journal_that_stands_there_is_not_replaced(shelf: Shelf) -> None:
    """Without --replace nothing is touched, and the option is named."""
    assert "With --replace it is moved aside" in shelf.refusal(shelf.state_dir)


def test_what_is_replaced_is_kept(shelf: Shelf) -> None:
    """The journal that stood there has another name, and all its bytes."""
    before = shelf.journal.read_bytes()
    restored = taken_back(shelf.state_dir, shelf.backups, replace=True)

    assert "journal-replaced-20270115T080000Z.sqlite" == restored.moved_aside
    assert before == (shelf.state_dir / restored.moved_aside).read_bytes()
    assert 128 == len(events_of(shelf.journal))


def test_an_epoch_is_never_used_twice(shelf: Shelf) -> None:
    """Restored again from the same old backup, the tokens of the life in between stay its own."""
    first = taken_back(shelf.state_dir, shelf.backups, replace=True)
    second = taken_back(shelf.state_dir, shelf.backups, replace=True)

    assert (2, 3) == (first.epoch, second.epoch)


def test_a_journal_that_cannot_be_read_is_replaced(shelf: Shelf) -> None:
    """The usual reason to restore: the file is no database any more, its log lies beside it."""
    shelf.journal.write_bytes(b"\0" * 5_000)
    shelf.journal.with_name("journal.sqlite-wal").write_bytes(b"a log")
    restored = taken_back(shelf.state_dir, shelf.backups, replace=True)

    assert b"\0" * 5_000 == (shelf.state_dir / restored.moved_aside).read_bytes()
    assert b"a log" == (shelf.state_dir / f"{restored.moved_aside}-wal").read_bytes()
    assert () == verified(shelf.journal).findings


def test_a_held_directory_is_refused(shelf: Shelf) -> None:
    """A daemon that runs keeps its journal; its pid is named."""
    with StateDirectory.hold(shelf.state_dir, instance="shop", since=NOW), pytest.raises(HeldError, match="shop"):
        taken_back(shelf.state_dir, shelf.backups, replace=True)


def test_a_journal_that_somebody_reads_is_not_taken_away(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader keeps the log: nothing is moved until it has gone."""
    monkeypatch.setattr(keeping_aside, "READER_WAIT_S", 0.01)
    with closing(sqlite3.connect(shelf.journal, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        with closing(sqlite3.connect(shelf.journal, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM events").fetchone()
            writer.execute("UPDATE payments SET customer_hash = x'' WHERE payment_id = 'p1'")
            with pytest.raises(BackupError, match="another process reads"):
                taken_back(shelf.state_dir, shelf.backups, replace=True)

    assert 126 == len(events_of(shelf.journal))


def test_a_journal_that_somebody_holds_locked_is_not_taken_away(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has the file for itself goes on writing its log: neither file is given another name."""
    monkeypatch.setattr(keeping_aside, "READER_WAIT_S", 0.01)
    with closing(sqlite3.connect(shelf.journal, isolation_level=None)) as person:
        person.execute("PRAGMA locking_mode=EXCLUSIVE")
        person.execute("PRAGMA journal_mode=WAL")
        person.execute("UPDATE payments SET customer_hash = x'' WHERE payment_id = 'p1'")
        with pytest.raises(BackupError, match="another process reads"):
            taken_back(shelf.state_dir, shelf.backups, replace=True, journal_id=shelf.backup.journal_id)

    assert 126 == len(events_of(shelf.journal))


def test_anothers_backup_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    """The backup of another journal needs its name, so that nobody takes it by mistake."""
    other = tmp_path / "other"
    journal = write_history(other)
    alter(journal, "DELETE FROM events")
    alter(journal, "UPDATE meta SET value = 'abcd' WHERE key = 'journal_id'")
    foreign = backed_up(other, shelf.backups, now=ticking(NOW + HOUR)).manifest

    assert "is of journal abcd" in shelf.refusal(shelf.state_dir, replace=True, backup=foreign.name)
    assert "of 2 journals: name one with --journal" in shelf.refusal(shelf.empty)
    assert shelf.backup == taken_back(shelf.empty, shelf.backups, journal_id=shelf.backup.journal_id).manifest


def test_the_oldest_backup_that_reaches_the_moment_is_taken(shelf: Shelf) -> None:
    """Retention has shortened it least; a moment that none reaches takes the newest."""
    alter(shelf.journal, "DELETE FROM snapshots")
    with closing(sqlite3.connect(shelf.journal, isolation_level=None)) as connection:
        connection.execute("DELETE FROM events WHERE sequence > 60")
        connection.execute("DELETE FROM payments WHERE sequence > 60")
    older = backed_up(shelf.state_dir, shelf.backups, now=ticking(NOW - DAY)).manifest
    early, late = shelf.events[10].recorded_at, shelf.events[-1].recorded_at + DAY
    taken = [taken_back(shelf.empty, shelf.backups, until, replace=True).manifest for until in (early, late)]

    assert [older, shelf.backup] == taken


def test_before_the_first_event_there_is_nothing(shelf: Shelf) -> None:
    """A moment before the journal began is refused with the moment it begins."""
    assert "begins at 2026-11-21T" in shelf.refusal(shelf.empty, shelf.events[0].recorded_at - 1)


def test_no_backup_is_said_so(tmp_path: Path) -> None:
    """An empty folder, and a name that is not there."""
    with pytest.raises(NoBackupError, match="there is no backup in"):
        taken_back(tmp_path / "state", tmp_path / "backups")
    shelf = Shelf(tmp_path / "shelf")
    with pytest.raises(NoBackupError, match="solvent backup list"):
        taken_back(shelf.empty, shelf.backups, backup="solvent-x")


async def test_a_compacted_journal_goes_back_as_far_as_its_snapshots(tmp_path: Path) -> None:
    """Where retention dropped the beginning, a moment before the oldest snapshot is refused."""
    path, clock = tmp_path / "state" / "journal.sqlite", SetClock()
    async with opened(path, clock, JournalLimits(retention_days=6), FOLD_VERSION) as journal:
        for day in range(10):
            clock.now = START + day * DAY
            await journal.append([proposal(f"day {day}")], [PaymentSeen(f"p{day}", b"f", counted=False)])
        await journal.write_snapshot(Snapshot(6, encode_state(State(sequence=6))))
        await journal.write_snapshot(Snapshot(8, encode_state(State(sequence=8))))
    backed_up(tmp_path / "state", tmp_path / "backups")
    with pytest.raises(BackupError, match=r"oldest snapshot that is left is of event 6"):
        taken_back(tmp_path / "empty", tmp_path / "backups", START + 4 * DAY + HOUR)
    restored = taken_back(tmp_path / "empty", tmp_path / "backups", START + 6 * DAY + HOUR)

    assert (7, 3) == (restored.last_sequence, restored.dropped_events)
    async with opened(tmp_path / "empty" / "journal.sqlite", fold_version=FOLD_VERSION) as journal:
        assert journal.last_sequence == 9 + (journal.opening.migrated is not None)


class Locked(Shelf):
    """A shelf whose backup is encrypted."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.key = pyrage.x25519.Identity.generate()
        settings = BackupSettings(recipients=(str(self.key.to_public()),))
        self.backup = backed_up(self.state_dir, self.backups, settings, ticking(NOW + HOUR)).manifest
        self.path = self.backups / self.backup.name


@pytest.fixture
def locked(tmp_path: Path) -> Locked:
    """An encrypted backup of the test's own."""
    return Locked(tmp_path)


def test_an_encrypted_backup_comes_back_with_its_key(locked: Locked) -> None:
    """The public key made it, the secret one reads it."""
    restored = taken_back(locked.empty, locked.backups, identity=Secret(str(locked.key)))

    assert locked.backup == restored.manifest
    assert locked.backup.name.endswith(".sqlite.gz.age")


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("no key", "is encrypted: name its key"),
        ("another key", "for other keys"),
        ("cut short", "it is cut short"),
        ("appended bytes", "something was appended to it"),
        ("a flipped bit", "its SHA-256 is not the one of its manifest"),
        ("another manifest", "its manifest says journal"),
        ("gone", "there is no backup"),
    ],
)
def test_an_unusable_backup_changes_nothing(locked: Locked, harm: str, told: str) -> None:
    """Whatever is wrong with it is said in the first sentence, and nothing is half done."""
    whole = locked.path.read_bytes()
    identity: Secret | None = Secret(str(locked.key))
    if harm == "no key":
        identity = None
    elif harm == "another key":
        identity = Secret(str(pyrage.x25519.Identity.generate()))
    elif harm == "cut short":
        locked.path.write_bytes(whole[:-9])
    elif harm == "appended bytes":
        locked.path.write_bytes(whole + b"more")
    elif harm == "a flipped bit":
        locked.path.write_bytes(whole[:900] + bytes([whole[900] ^ 1]) + whole[901:])
    elif harm == "another manifest":
        changed = msgspec.structs.replace(locked.backup, last_sequence=125)
        (locked.backups / locked.backup.manifest_name).write_bytes(changed.text())
    else:
        locked.path.unlink()

    assert told in locked.refusal(locked.empty, identity=identity, backup=locked.backup.name)
    assert {"lock", "restore.lock"} == names_in(locked.empty)


def test_a_rotten_backup_is_found_by_its_chain(locked: Locked) -> None:
    """Damage that was packed with everything else is found after unpacking, and named by its event."""
    made = Folder(locked.backups).listing().manifests[0]
    alter(locked.journal, "UPDATE events SET actor = 'x' WHERE sequence = 9")
    packed = backed_up_unproven(locked.journal, locked.backups, made)

    assert "its chain breaks at event 9" in locked.refusal(locked.empty, backup=packed)


def backed_up_unproven(journal: Path, backups: Path, like: Manifest) -> str:
    """A backup of a damaged journal, as rot in memory would make it."""
    (backups / like.name).unlink()
    size, digest = pack(journal, backups / like.name, [])
    changed = msgspec.structs.replace(
        like, stored_bytes=size, sha256=digest, journal_bytes=journal.stat().st_size, recipients=0
    )
    (backups / like.manifest_name).write_bytes(changed.text())
    return like.name
