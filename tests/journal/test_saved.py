"""What was saved of a journal that was taken away is put back by the command that the messages show."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from pathlib import Path

import pytest

from adapters.clocks import SystemClock
from adapters.sqlite_journal import SqliteJournal
from adapters.sqlite_journal.copying import end_of
from adapters.sqlite_journal.saved import command_back, events_saved, saved_last, saved_name
from machines.events import CursorMoved
from machines.ports.journal import JournalDamagedError, Proposal

PROPOSALS = (Proposal(CursorMoved("payments", "1-0", ""), "test", 0),)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal lies; a shell needs quotes for it."""
    return tmp_path / "state of mine" / "journal.sqlite"


async def opened(path: Path) -> SqliteJournal:
    """The journal of a start."""
    return await SqliteJournal.open(path, clock=SystemClock(), fold_version=1)


def remove(*paths: Path) -> None:
    """Somebody's `rm`."""
    for each in paths:
        each.unlink()


async def taken_away(path: Path) -> str:
    """What the daemon says whose journal of three events was deleted; its log stays beside what was saved."""
    journal = await opened(path)
    for _ in range(3):
        await journal.append(PROPOSALS)
    remove(path)
    with pytest.raises(JournalDamagedError) as found:
        await journal.append(PROPOSALS)
    await journal.close()
    return str(found.value)


async def refusal(path: Path) -> str:
    """The sentence with which a start is refused."""
    with pytest.raises(JournalDamagedError) as found:
        await opened(path)
    return str(found.value)


def run_what_it_says(said: str) -> None:
    """Type the command that puts something back, and no other."""
    [command] = [each for each in re.findall("`([^`]+)`", said) if "mv " in each]
    subprocess.run(["sh", "-ec", command], check=True, timeout=10)


async def goes_on(path: Path) -> None:
    """The start after it has all events, and takes the next."""
    journal = await opened(path)
    await journal.append(PROPOSALS)
    assert 4 == journal.last_sequence
    await journal.close()


async def wholly_taken_away(path: Path) -> None:
    """All three files are gone, and what was saved lies where they were."""
    await taken_away(path)
    remove(path.with_name("journal.sqlite-wal"), path.with_name("journal.sqlite-shm"))


async def test_the_daemon_that_saved_it_says_how_it_is_put_back(path: Path) -> None:
    """Its words are a command for a shell, and after it the journal is the one it was."""
    said = await taken_away(path)

    assert "up to event 3, was saved as " in said
    run_what_it_says(said)
    await goes_on(path)


async def test_no_journal_is_made_beside_what_was_saved_of_one(path: Path) -> None:
    """All three files are gone: the start is refused with the name of what was saved and the command."""
    await wholly_taken_away(path)

    said = await refusal(path)
    assert f"there is no journal {path}, but {path}.saved-3, " in said
    assert f"`mv '{path}.saved-3' '{path}'`" in said
    assert not await asyncio.to_thread(path.exists)
    run_what_it_says(said)
    await goes_on(path)


async def test_an_empty_file_in_its_place_is_no_journal(path: Path) -> None:
    """`touch` makes no journal of it: the empty file is moved aside."""
    await wholly_taken_away(path)
    os.close(os.open(path, os.O_CREAT))

    said = await refusal(path)
    assert "goes up to event 3: " in said
    run_what_it_says(said)
    await goes_on(path)


async def test_a_log_that_is_left_is_not_replayed_over_what_was_saved(path: Path) -> None:
    """The file alone was deleted: the refusal that names its log also says what was saved, and how it is put back."""
    await taken_away(path)
    assert path.with_name("journal.sqlite-wal").stat().st_size

    said = await refusal(path)
    assert "belong together: put the first back" in said
    run_what_it_says(said)
    assert (path.parent / "aside" / "journal.sqlite-wal").stat().st_size
    await goes_on(path)


def test_the_command_moves_the_log_of_another_aside(tmp_path: Path) -> None:
    """Into a folder that is new: nothing that was moved aside before is written over."""
    path, saved = tmp_path / "journal.sqlite", tmp_path / "journal.sqlite.saved-3"
    log = tmp_path / "journal.sqlite-wal"
    log.write_bytes(b"of another")
    (tmp_path / "aside").mkdir()

    aside = f"{tmp_path}/aside-2"
    assert f"mkdir {aside} && mv {log} {aside} && mv {saved} {path}" == command_back(path, saved)


def test_what_was_saved_last_has_the_most_events(tmp_path: Path) -> None:
    """By number, not by letters; files that SQLite put beside it are none."""
    path = tmp_path / "journal.sqlite"
    assert saved_last(path) is None
    for end in ("9", "68", "68-2", "68-10", "68-10-wal", "100-shm", "\u0669\u0669", "x"):
        path.with_name(f"journal.sqlite.saved-{end}").touch()

    saved = saved_last(path)
    assert path.with_name("journal.sqlite.saved-68-10") == saved
    assert 68 == events_saved(saved)
    assert path.with_name("journal.sqlite.saved-68-3") == saved_name(path, 68)


async def test_a_journal_that_is_there_is_opened_whatever_was_saved(path: Path) -> None:
    """What was saved once and put back by hand does not keep the daemon from starting for ever."""
    journal = await opened(path)
    await journal.append(PROPOSALS)
    await journal.close()
    path.with_name("journal.sqlite.saved-3").touch()

    journal = await opened(path)
    assert 1 == journal.last_sequence
    await journal.close()
    assert 1 == end_of(path).sequence
