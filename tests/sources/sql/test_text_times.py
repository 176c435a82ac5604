"""A cursor by time where the database has only texts: their order is that of times, or nothing is read."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from machines.ports.faults import Permanent, Transient
from tests.contracts.source import drain, ids_of
from tests.sources.sql.shop import COLUMNS, SETTLE_S, Shop, sqlite_shop

BY_TIME = f"SELECT {COLUMNS} FROM payments WHERE created_at >= :cursor ORDER BY created_at LIMIT :limit"
SETTINGS: dict[str, Any] = {"query": BY_TIME, "cursor_type": "time", "cursor_column": "created_at"}
FIRST = "2026-11-01T10:00:00+00:00"
OTHERS = ("2026-11-01 10:00:10+00:00", "2026-11-01T08:00:00-02:00", "2026-11-01T10:00:20Z", "2026-11-01T10:00")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop in a file."""
    return sqlite_shop(tmp_path)


@pytest.fixture
def wal_folder() -> Iterator[Path]:
    """A folder that others can enter, and not write to."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to become another user")
    folder = Path(tempfile.mkdtemp(prefix="wal-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("other", OTHERS)
async def test_a_later_row_in_another_spelling_is_no_silence(shop: Shop, other: str) -> None:
    """It may order below the cursor, where no page would ever hold it: the read is refused, and vouches for nothing."""
    shop.insert(1, created_at=FIRST)
    source = shop.source(**SETTINGS)
    _, position = await drain(source)
    shop.clock.pass_s(SETTLE_S + 1)
    _, position = await drain(source, position)
    shop.insert(2, created_at=other)
    shop.clock.pass_s(SETTLE_S + 1)

    with pytest.raises(Permanent, match="one format and one offset"):
        await drain(source, position)
    await source.close()


@pytest.mark.parametrize("other", OTHERS)
async def test_two_spellings_in_the_first_page_are_refused(shop: Shop, other: str) -> None:
    """Whichever stands first."""
    shop.insert(1, created_at=FIRST)
    shop.insert(2, created_at=other)
    source = shop.source(**SETTINGS)

    with pytest.raises(Permanent, match="one format and one offset"):
        await source.read("")
    await source.close()


@pytest.mark.parametrize("pattern", ["2026-11-{} 10:00:00", "2026-11-{}T10:00:00.250000+01:00", "2026-11-{}"])
async def test_one_spelling_of_any_kind_is_read_to_its_end(shop: Shop, pattern: str) -> None:
    """Also one that is not that of the settings, across pages and when it settled."""
    for row_id in range(12):
        shop.insert(row_id, created_at=pattern.format(10 + row_id))
    source = shop.source(**SETTINGS)

    entries, position = await drain(source)
    shop.clock.pass_s(SETTLE_S + 1)
    shop.insert(12, created_at=pattern.format(22))

    assert {f"p-{row_id}" for row_id in range(12)} == set(ids_of(entries))
    assert "p-12" in ids_of((await drain(source, position))[0])
    await source.close()


async def test_whole_seconds_beside_fractions_are_one_spelling(shop: Shop) -> None:
    """Python writes no fraction where it is zero; before an offset in digits the order holds."""
    for row_id, at in enumerate(("10:00:00+00:00", "10:00:00.5+00:00", "10:00:00.51+00:00", "10:00:01+00:00")):
        shop.insert(row_id, created_at=f"2026-11-01T{at}")
    source = shop.source(**SETTINGS)

    assert ["p-0", "p-1", "p-2", "p-3"] == ids_of((await drain(source))[0])
    await source.close()


async def test_fractions_of_two_lengths_before_a_z_are_refused(shop: Shop) -> None:
    """A Z stands after the digits, so the later of two times may order first."""
    shop.insert(1, created_at="2026-11-01T10:00:00.5Z")
    shop.insert(2, created_at="2026-11-01T10:00:00.51Z")
    source = shop.source(**SETTINGS)

    with pytest.raises(Permanent, match="one format and one offset"):
        await source.read("")
    await source.close()


async def test_a_first_cursor_in_another_spelling_is_refused(shop: Shop) -> None:
    """Rows of its own day could order below it."""
    shop.insert(1, created_at="2026-11-02 10:00:00")
    source = shop.source(**SETTINGS, cursor_start="2026-11-01T00:00:00Z")

    with pytest.raises(Permanent, match="and cursor_start too"):
        await source.read("")
    await source.close()


async def test_a_first_cursor_as_the_column_writes_it_is_taken(shop: Shop) -> None:
    """Also without a zone, where the column has none."""
    shop.insert(1, created_at="2026-10-02 10:00:00")
    shop.insert(2, created_at="2026-11-02 10:00:00")
    source = shop.source(**SETTINGS, cursor_start="2026-11-01 00:00:00")

    assert ["p-2"] == ids_of((await drain(source))[0])
    await source.close()


async def test_a_query_that_writes_times_alike_is_read(shop: Shop) -> None:
    """What the sentence proposes works with mixed spellings."""
    for row_id, at in enumerate((FIRST, *OTHERS[:3])):
        shop.insert(row_id, created_at=at)
    query = (
        f"SELECT datetime(created_at) AS at, {COLUMNS} FROM payments WHERE datetime(created_at) >= datetime(:cursor) "
        "ORDER BY at LIMIT :limit;"
    )
    source = shop.source(query=query, cursor_type="time", cursor_column="at")

    entries, position = await drain(source)
    shop.clock.pass_s(SETTLE_S + 1)
    shop.insert(9, created_at="2026-11-01 10:00:30")

    assert {"p-0", "p-1", "p-2", "p-3"} == set(ids_of(entries))
    assert "p-9" in ids_of((await drain(source, position))[0])
    await source.close()


async def test_a_text_that_is_no_time_is_refused(shop: Shop) -> None:
    """Days first order by nothing."""
    shop.insert(1, created_at="21.11.2026 10:00")
    source = shop.source(**SETTINGS)

    with pytest.raises(Permanent, match=r"holds '21.11.2026 10:00': expected a time, year first"):
        await source.read("")
    await source.close()


async def test_write_ahead_logging_of_another_user_is_said(wal_folder: Path) -> None:
    """Who may only read the file cannot read it: the sentence says what WAL needs."""
    shop = sqlite_shop(wal_folder)
    source = shop.source()
    with sqlite3.connect(wal_folder / "shop.db") as holder:
        holder.execute("PRAGMA journal_mode = WAL")
    holder.close()
    shop.insert(1)
    os.seteuid(65_534)
    try:
        with pytest.raises(Transient, match="-shm file beside it: give the user write access to its folder"):
            await source.read("")
    finally:
        os.seteuid(0)
    await source.close()
