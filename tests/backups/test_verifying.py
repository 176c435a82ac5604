"""Tampering and rot are found and located; what a journal cannot tell is said so."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import msgspec
import pytest

from adapters.sqlite_journal import JournalLimits, SqliteJournal
from adapters.sqlite_journal.examining import examine
from config.instants import DAY
from daemon.backing_up.verifying import verify_journal
from daemon.backing_up.witnesses import Witness
from daemon.resume import encode_state
from machines.ports.journal import JournalDamagedError, JournalRefusedError, Snapshot
from machines.state.whole import FOLD_VERSION
from tests.backups.places import alter, ask, backed_up, events_of, folded, taken_back, verified, write_history
from tests.contracts.journal import START, SetClock, proposal
from tests.journal.journal_files import opened

COLUMNS = "recorded_at", "effective_at", "actor", "cause", "type", "version", "group_first", "group_end", "data"


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A journal with a history."""
    return write_history(tmp_path / "state")


def finding(journal: Path) -> str:
    """The first finding of a journal in which something is broken."""
    found = verified(journal)
    assert not found.whole
    return found.findings[0]


def test_a_sound_journal_holds(journal: Path) -> None:
    """Nothing is found, and of each invariant is said what a journal can tell."""
    found = verified(journal)

    assert (True, (), None, 1, 126) == (
        found.whole,
        found.findings,
        found.damage,
        found.first_sequence,
        found.last_sequence,
    )
    assert {
        "holds": ["I3", "I4", "I5", "I6", "I7", "I8", "I9"],
        "cannot be told": ["I1", "I2", "I10", "I11", "I12"],
    } == {
        verdict: [each.invariant for each in found.invariants if each.verdict == verdict]
        for verdict in ("holds", "cannot be told")
    }
    assert all(each.text.startswith("needs ") for each in found.invariants if each.verdict == "cannot be told")


def test_verifying_changes_nothing(journal: Path) -> None:
    """Not a byte, and no file appears."""
    before = journal.read_bytes()
    verified(journal)

    assert (before, [journal]) == (journal.read_bytes(), list(journal.parent.iterdir()))


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_event_is_located(journal: Path, column: str) -> None:
    """Its number, its time and the last good one are named; what came before is still audited."""
    changed = f"CASE typeof({column}) WHEN 'text' THEN 'x' ELSE 77 END"
    alter(journal, f"UPDATE events SET {column} = {changed} WHERE sequence = 40")
    found = verified(journal)

    assert found.damage is not None
    assert (40, 39) == (found.damage.sequence, found.damage.last_good)
    assert "I3 at event 40" in found.findings[0]
    assert ["I3"] == [each.invariant for each in found.invariants if each.verdict == "broken"]
    assert "up to event 39" in next(each.text for each in found.invariants if each.invariant == "I4")


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM events WHERE sequence = 50", "I3 at event 50: event 50: missing; event 51 follows event 49"),
        ("UPDATE meta SET value = 'x' WHERE key = 'journal_id'", "I3 at event 1: event 1"),
        ("UPDATE meta SET value = 2 WHERE key = 'epoch'", "meta: it says epoch 2, its events tell of 0 restores"),
        ("UPDATE meta SET value = x'00' WHERE key = 'customer_key'", "its fingerprint is not that of"),
        ("DELETE FROM payments WHERE payment_id = 'p1'", "payments p1: counted at event 7, and the row is gone"),
        ("UPDATE payments SET counted = 0 WHERE payment_id = 'p1'", "payments p1: counted at event 7, the row says"),
        ("UPDATE payments SET counted = 1 WHERE counted = 0", "the row says that it was counted, no event does"),
        ("UPDATE payments SET sequence = 9 WHERE payment_id = 'p1'", "counted at event 7, the row names event 9"),
        ("UPDATE payments SET sequence = 999 WHERE payment_id = 'p1'", "the row names event 999, the journal ends at"),
        ("UPDATE payments SET fingerprint = zeroblob(29) WHERE payment_id = 'p1'", "its fingerprint"),
        ("UPDATE payments SET fingerprint = x'01' WHERE payment_id = 'p1'", "its fingerprint has 1 bytes"),
        ("INSERT INTO payments VALUES ('forged', x'', 1, x'', 5)", "payments forged: the row says that it was counted"),
        ("DELETE FROM revenue_snapshots", "revenue_snapshots sequence"),
        ("UPDATE economic_scaling_log SET reason = 'nothing'", "economic_scaling_log sequence 1: reason is 'nothing'"),
        ("UPDATE component_activation_states SET state = 'COLD'", "component_activation_states component"),
        ("UPDATE revenue_threshold_config SET minimum_micros = 1 WHERE level = 1", "minimum_micros is 1, the events"),
        ("INSERT INTO revenue_snapshots VALUES (999, '', '', '', 0, 0, 0, '')", "the row follows from no event"),
        ("DROP TABLE revenue_snapshots", "revenue_snapshots: the table is missing"),
    ],
)
def test_what_was_changed_by_hand_is_named(journal: Path, statement: str, told: str) -> None:
    """Rows that were changed, deleted or added beside the chain are found by holding them against it."""
    alter(journal, statement)
    assert told in finding(journal)


def test_a_forgotten_customer_is_no_damage(journal: Path) -> None:
    """Customers may be forgotten: their hash is the one thing that nothing vouches for."""
    alter(journal, "UPDATE payments SET customer_hash = x''")
    assert verified(journal).whole


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("", ""),
        ("state = zeroblob(9)", "its bytes are not those that were written"),
        ("event_hash = x'00'", "it belongs to no event here"),
        ("state", "I9"),
    ],
)
async def test_snapshots_are_held_against_the_fold(journal: Path, harm: str, told: str) -> None:
    """A snapshot that was changed, or that says something else than the events, is found."""
    state = encode_state(folded([each for each in events_of(journal) if each.sequence <= 100]))
    other = encode_state(folded([each for each in events_of(journal) if each.sequence <= 99]))
    opened_journal = await SqliteJournal.open(journal, clock=SetClock(), fold_version=FOLD_VERSION)
    await opened_journal.write_snapshot(Snapshot(100, other if harm == "state" else state))
    await opened_journal.close()
    if harm and harm != "state":
        alter(journal, f"UPDATE snapshots SET {harm}")
    found = verified(journal)
    nine = next(each for each in found.invariants if each.invariant == "I9")

    assert ("broken" if harm else "holds") == nine.verdict
    assert told in nine.text + " ".join(found.findings)
    assert harm or "one snapshot" in nine.text


async def test_a_compacted_journal_says_what_it_cannot_tell(tmp_path: Path) -> None:
    """Without the beginning the chain still holds from its anchor on; the rest needs what is gone."""
    path, clock = tmp_path / "journal.sqlite", SetClock()
    async with opened(path, clock, JournalLimits(retention_days=1)) as journal:
        for day in range(6):
            clock.now = START + day * DAY
            await journal.append([proposal(f"day {day}")])
        await journal.write_snapshot(Snapshot(4, b"four"))
    found = verified(path)

    assert (True, 5, 6) == (found.whole, found.first_sequence, found.last_sequence)
    assert "needs the 4 events that retention dropped" in next(
        each.text for each in found.invariants if each.invariant == "I4"
    )
    alter(path, "UPDATE meta SET value = zeroblob(32) WHERE key = 'anchor_hash'")
    assert "I3 at event 5" in finding(path)


def test_backups_bear_witness_against_a_rewritten_chain(journal: Path, tmp_path: Path) -> None:
    """Who takes the last events away, or forges the whole chain, cannot change what backups have seen."""
    made = backed_up(journal.parent, tmp_path / "backups").manifest
    witness = Witness(made.name, made.journal_id, made.epoch, made.last_sequence, made.last_hash)
    assert verify_journal(partial(examine, journal), [witness]).whole

    forged = msgspec.structs.replace(witness, hash="00" * 32)
    (denied,) = verify_journal(partial(examine, journal), [forged]).findings
    assert f"I3 at event 126: it is not the event that the backup {made.name} ends with" in denied

    with closing(sqlite3.connect(journal, isolation_level=None)) as connection:
        for table in ("events", "economic_scaling_log", "revenue_snapshots"):
            connection.execute(f"DELETE FROM {table} WHERE sequence > 120")
    shortened = verify_journal(partial(examine, journal), [witness])
    assert "the journal ends before event 126" in shortened.findings[0]


def test_a_restored_journal_is_whole(journal: Path, tmp_path: Path) -> None:
    """Its epoch is borne out by its events, and backups of the life before bear no witness against it."""
    made = backed_up(journal.parent, tmp_path / "backups").manifest
    taken_back(tmp_path / "empty", tmp_path / "backups", events_of(journal)[30].recorded_at)
    witness = Witness(made.name, made.journal_id, made.epoch, made.last_sequence, made.last_hash)

    assert verify_journal(partial(examine, tmp_path / "empty" / "journal.sqlite"), [witness]).whole


def dump(journal: Path) -> list[object]:
    """All that a journal says, but for what nothing vouches for: customers, and currency and stream of a payment."""
    whole = "events", "meta", "revenue_snapshots", "economic_scaling_log", "component_activation_states"
    amount_and_date, kind_to_status = "substr(fingerprint, 1, 16)", "substr(fingerprint, 20, 6)"
    counted = f"SELECT payment_id, {amount_and_date}, {kind_to_status}, sequence FROM payments WHERE counted = 1"
    return [ask(journal, counted), *(ask(journal, f"SELECT * FROM {table}") for table in whole)]


def test_every_flipped_bit_that_matters_is_found(journal: Path) -> None:
    """Wherever a bit of the file flips: verify finds it, SQLite refuses the file, or what it says is the same."""
    whole, said = journal.read_bytes(), dump(journal)
    harmless, found = 0, 0
    for place in range(3, len(whole), 1_237):
        journal.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << place % 8)]) + whole[place + 1 :])
        try:
            if verified(journal).whole:
                assert said == dump(journal), f"the flip of byte {place} changed what it says, and was not found"
                harmless += 1
                continue
        except (JournalDamagedError, JournalRefusedError):
            pass
        found += 1

    assert found > 20
    assert harmless < found
