"""Journals written by earlier versions are read by this one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import get_args

import pytest

from adapters.sqlite_journal import JOURNAL_NAME, SqliteJournal, verify
from machines.event_codec import decode_event, encode_event
from machines.events import Event
from machines.ports.journal import Proposal, Snapshot
from tests.contracts.journal import SetClock, everything
from tests.fixtures.event_samples import one_of_each
from tests.fixtures.write_journal import EXPECTED_NAME, PAYMENTS, expected

FOLDERS = sorted(Path(__file__).parents[1].joinpath("fixtures", "journals").iterdir())
REGENERATE = "an event changed its shape: add an upcaster, or, while unreleased, python -m tests.fixtures.write_journal"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
async def test_a_kept_journal_reads_as_expected(folder: Path) -> None:
    """Every event of the kept file is read, proven and equal to what is expected."""
    assert (await expected(folder)).decode() == (folder / EXPECTED_NAME).read_text(), REGENERATE


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
async def test_a_kept_journal_goes_on(folder: Path, tmp_path: Path) -> None:
    """Its snapshot and payments are found, its chain holds, and new events follow its old ones."""
    path = Path(shutil.copy(folder / JOURNAL_NAME, tmp_path))
    journal = await SqliteJournal.open(path, clock=SetClock(), fold_version=1)
    last = journal.last_sequence
    assert journal.opening.verified_events == last - 10 - (journal.opening.migrated is not None)
    assert await journal.newest_snapshot() == Snapshot(10, b"the fold of ten events")
    assert list((await journal.payments_seen(["pay-1", "pay-2"])).values()) == list(PAYMENTS)
    (again,) = await everything(journal, after=0, limit=1)
    await journal.append([Proposal(again.event, "test", 0)])
    await journal.close()
    assert verify(path) is None
    journal = await SqliteJournal.open(path, clock=SetClock(), fold_version=1)
    assert journal.last_sequence == last + 1
    await journal.close()


def test_this_versions_journal_holds_every_kind_of_event() -> None:
    """The newest kept journal names every event there is."""
    text = (FOLDERS[-1] / EXPECTED_NAME).read_text()
    assert [kind.__name__ for kind in get_args(Event) if f'"type": "{kind.__name__}"' not in text] == [], REGENERATE


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: type(event).__name__)
def test_every_event_survives_encoding(event: Event) -> None:
    """An event decoded from its stored bytes equals the event."""
    encoded = encode_event(event)
    assert decode_event(encoded.name, encoded.version, encoded.data) == event
