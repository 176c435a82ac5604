"""Which read of a folder is a sign of life."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from machines.ports.sources import PaymentSource
from tests.contracts.source import drain
from tests.sources.folder.test_folder import SETTLED_S, Exports


@pytest.fixture
async def exports(tmp_path: Path) -> AsyncIterator[Exports]:
    """An empty folder."""
    made = Exports(tmp_path)
    yield made
    for each in made.made:
        await each.close()


async def news_of(exports: Exports, source: PaymentSource, position: str) -> list[bool]:
    """Which of the reads to the end, once everything has settled, are signs of life."""
    await drain(source, position)
    exports.clock.pass_s(SETTLED_S)
    found, more = list[bool](), True
    while more:
        read = await source.read(position)
        position, more = read.position, read.more
        found.append(read.is_news)
    return found


async def test_only_a_file_written_later_is_news(exports: Exports) -> None:
    """One that was touched by its rights alone is read again, and is no sign of life; a later one is, rows or none."""
    path = exports.write("a.csv", "p-1")
    _, position = await exports.read()
    path.chmod(0o600)
    touched = await news_of(exports, exports.source, position)
    later = exports.write("b.csv")
    os.utime(later, ns=(path.stat().st_mtime_ns + 1,) * 2)

    assert ([False], [False, True]) == (touched, await news_of(exports, exports.another(), position))


async def test_a_deleted_file_and_a_restart_are_no_news(exports: Exports) -> None:
    """What is left is read again, and says nothing that was not said before."""
    exports.write("a.csv", "p-1")
    exports.write("b.csv", "p-2")
    _, position = await exports.read()
    (exports.folder / "a.csv").unlink()

    assert [False] == await news_of(exports, exports.another(), position)
