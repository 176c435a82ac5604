"""Journal files with changed bytes: what is read is what was written, or the file is refused with the way out."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from adapters.sqlite_journal import JOURNAL_NAME, ReadOnlyJournal, SqliteJournal
from machines.events import Recorded
from machines.ports.journal import JournalDamagedError, JournalRefusedError, PaymentSeen, Snapshot
from tests.backups.places import verified
from tests.contracts.journal import SetClock, proposal
from tests.fuzzing.target import Answer, Target, require_told

_GROUPS: Final = 12


@cache
def _good() -> tuple[bytes, tuple[bytes, ...]]:
    """A whole journal's file, and its events."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / JOURNAL_NAME
        return asyncio.run(_written(path)), tuple(msgspec.json.encode(each) for each in asyncio.run(_read(path)))


async def _written(path: Path) -> bytes:
    journal = await SqliteJournal.open(path, clock=SetClock(), fold_version=1, random_bytes=lambda size: b"\7" * size)
    for group in range(_GROUPS):
        await journal.append(
            [proposal(f"{group}.1"), proposal(f"{group}.2")], [PaymentSeen(f"p{group}", b"f", counted=True)]
        )
    await journal.write_snapshot(Snapshot(_GROUPS, b"state"))
    await journal.close()
    return path.read_bytes()  # noqa: ASYNC240 - a test may block its own loop


async def _read(path: Path) -> list[Recorded]:
    journal = ReadOnlyJournal.open(path, fold_version=1)
    try:
        return [each async for each in journal.read()]
    finally:
        await journal.close()


def changed(data: bytes) -> bytes:
    """The journal with an edit: three bytes where, one byte how, then what is laid over it."""
    whole = bytearray(_good()[0])
    at = int.from_bytes(data[:3], "big") % len(whole)
    how, over = data[3:4] or b"\0", data[4:]
    if how[0] % 8 == 7:
        del whole[at:]
    elif how[0] % 8 == 6:
        del whole[at : at + 512]
    elif over:
        whole[at : at + len(over)] = over
    else:
        whole[at] ^= 1 << how[0] % 8
    return bytes(whole)


def check(data: bytes) -> Answer:
    """One damaged file, opened by a reader, by a verifier and by a daemon."""
    with tempfile.TemporaryDirectory() as folder:
        path, other = Path(folder) / JOURNAL_NAME, Path(folder) / "examined.sqlite"
        path.write_bytes(changed(data))
        shutil.copy(path, other)
        reader, _, daemon = asyncio.run(_as_reader(path)), _as_verifier(other), asyncio.run(_as_daemon(path))
    return Answer(f"{reader} and then {daemon}")


async def _as_reader(path: Path) -> str:
    try:
        _require_prefix(await _read(path))
    except (FileNotFoundError, JournalDamagedError, JournalRefusedError) as error:
        require_told(str(error).replace(str(path), path.name), lines=True)
        return "refused"
    return "read"


def _as_verifier(path: Path) -> str:
    try:
        found = verified(path)
    except (JournalDamagedError, JournalRefusedError) as error:
        require_told(str(error).replace(str(path), path.name), lines=True)
        return "refused"
    return "read" if found.whole else "refused"


async def _as_daemon(path: Path) -> str:
    try:
        journal = await SqliteJournal.open(path, clock=SetClock(), fold_version=1)
    except (JournalDamagedError, JournalRefusedError) as error:
        require_told(str(error).replace(str(path), path.name), lines=True)
        return "refused"
    try:
        _require_prefix([each async for each in journal.read()])
    except (JournalDamagedError, JournalRefusedError) as error:
        require_told(str(error).replace(str(path), path.name), lines=True)
        return "refused"
    finally:
        await journal.close()
    return "read"


def _require_prefix(events: list[Recorded]) -> None:
    """What is believed is what was written, from the first event on."""
    wanted = _good()[1]
    found = tuple(msgspec.json.encode(each) for each in events)
    assert found == wanted[: len(found)], "an event was read that nobody wrote"


_DOCUMENTS: Final = tuple(
    at.to_bytes(3, "big") + bytes([how]) + over
    for at, how, over in (
        (0, 1, b""),
        (18, 0, b"\x09"),
        (100, 0, b"\xff" * 16),
        (9_000, 7, b""),
        (20_000, 6, b""),
        (30_000, 0, b'"1.1"'),
        (50_000, 3, b""),
        (70_000, 0, bytes(64)),
    )
)
TARGET: Final = Target("journals", _DOCUMENTS, check, share=3, examples=20, guided=False)
