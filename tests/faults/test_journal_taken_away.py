"""The journal's files deleted, replaced or overwritten under the running daemon: it ends, and did nothing meanwhile."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from adapters.sqlite_journal import verify
from tests.faults.seeing import in_the_long_run, lines
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.operating import at_level, earn
from tests.processes.redis_place import Keys
from tests.processes.waiting import until


def fold(journal: Path) -> None:
    """What a person does in a SQLite shell: the log is folded into the file and emptied."""
    with closing(sqlite3.connect(journal)) as connection:
        assert (0, 0, 0) == connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def log_of(journal: Path) -> Path:
    """The write-ahead log."""
    return journal.with_name(f"{journal.name}-wal")


def older_copy(journal: Path) -> Path:
    """A copy that lacks the newest events, as last night's backup does."""
    copy = journal.with_name("older")
    with closing(sqlite3.connect(journal)) as connection:
        connection.execute("VACUUM INTO ?", (str(copy),))
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("DELETE FROM events WHERE sequence > 3")
    return copy


def moves_a_copy_over_it(journal: Path) -> None:
    """`mv older journal.sqlite`."""
    older_copy(journal).replace(journal)


def copies_into_it(journal: Path) -> None:
    """`cp older journal.sqlite`: the same inode, another content."""
    copy = older_copy(journal)
    fold(journal)
    shutil.copyfile(copy, journal)


def deletes_it(journal: Path) -> None:
    """`rm journal.sqlite`."""
    journal.unlink()


def deletes_its_log(journal: Path) -> None:
    """`rm journal.sqlite-wal`."""
    log_of(journal).unlink()


def truncates_its_log(journal: Path) -> None:
    """`: > journal.sqlite-wal`."""
    with log_of(journal).open("r+b") as log:
        log.truncate(0)


def damages_a_page(journal: Path) -> None:
    """A page of the events is written over."""
    fold(journal)
    with closing(sqlite3.connect(journal)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    content = journal.read_bytes()
    at = content.index(b'"plan":') // size * size
    with journal.open("r+b") as file:
        file.seek(at + size // 2)
        file.write(b"\xa5" * (size // 4))


def deletes_the_state_directory(journal: Path) -> None:
    """`rm -r state`."""
    shutil.rmtree(journal.parent)


def long(*given: object) -> object:
    """A case of the long run."""
    return pytest.param(*given, marks=in_the_long_run)


@pytest.mark.parametrize(
    ("somebody", "what"),
    [
        (moves_a_copy_over_it, "journal.sqlite was replaced by another file while it was open"),
        (deletes_it, "journal.sqlite was deleted or moved while it was open"),
        long(deletes_its_log, "journal.sqlite-wal was deleted or moved while it was open"),
        long(deletes_the_state_directory, "journal.sqlite was deleted or moved while it was open"),
        (copies_into_it, "journal.sqlite was changed by somebody else while it was open: "),
        long(truncates_its_log, "journal.sqlite was changed by somebody else while it was open: "),
        (damages_a_page, "journal.sqlite was changed by somebody else while it was open: "),
    ],
    ids=lambda each: each.__name__ if callable(each) else "",
)
def test_a_journal_that_somebody_takes_away_ends_the_daemon(
    running: DaemonProcess, shop: FileShop, keys: Keys, somebody: Callable[[Path], None], what: str
) -> None:
    """Exit code 1 and a sentence that says what was found; nothing is counted, run or replied."""
    calls, replies = shop.calls(), len(keys.entries("replies"))
    held = running.journal.last_sequence()

    somebody(running.journal.path)
    earn(keys, 1, "250.00")
    keys.command("pin", component="search", state="COLD", reason="a fault")

    assert 1 == running.wait()
    assert f"solvent ends: {running.journal.path.parent}/{what}" in running.log
    assert 1 == len(lines(running, "journal_lost"))
    assert "Traceback" not in running.log
    assert (calls, replies) == (shop.calls(), len(keys.entries("replies")))
    if "changed" not in what:
        (saved,) = running.journal.path.parent.glob("journal.sqlite.saved-*")
        assert f"was saved as {saved}" in running.log
        assert int(saved.suffix.removeprefix(".saved-")) >= held
        assert verify(saved) is None


def test_what_was_saved_is_put_back_by_what_the_daemon_says(running: DaemonProcess, keys: Keys) -> None:
    """All files of the journal deleted: the start is refused with the same command; after it nothing is missing."""
    held = running.journal.last_sequence()
    for each in running.journal.path.parent.glob("journal.sqlite*"):
        each.unlink()
    earn(keys, 1, "250.00")
    assert 1 == running.wait()
    [command] = set(re.findall("`(mv [^`]+)`", running.log))

    code, said = running.refusal()
    assert (2, [command]) == (code, re.findall("`(mv [^`]+)`", said))

    subprocess.run(["sh", "-ec", command], check=True, timeout=10)
    running.start()
    until(lambda: at_level(running, 1), "level 1 to stand")
    assert running.journal.last_sequence() > held
    assert 0 == running.stop()
    assert running.journal.is_whole()


def test_a_person_who_folds_the_log_disturbs_nobody(running: DaemonProcess, keys: Keys) -> None:
    """The file changed and still ends with what was written last: the daemon goes on with it."""
    fold(running.journal.path)
    earn(keys, 1, "250.00")

    until(lambda: at_level(running, 1), "level 1 to stand")
    assert 0 == running.stop()
    assert running.journal.is_whole()
