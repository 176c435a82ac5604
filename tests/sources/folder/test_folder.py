"""The folder of exports: the contract, what is whole, and what is wrong with a file."""

from __future__ import annotations

import gzip
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.sources.construction import SourceSurroundings, SourceUnusableError
from adapters.sources.folder import FolderPayments, construct
from adapters.sources.folder.rows import entries_of
from config.settings import FolderSource
from machines.ports.faults import CallError, Permanent, Transient
from machines.ports.sources import Entry, PaymentSource, SourceRead
from tests.contracts.source import SourceContract, drain, ids_of
from tests.sources.payments import FIELDS, MovedClock, payment

HEADER = ",".join(FIELDS) + "\n"
SETTLED_S = 10


class Exports:
    """A folder, whoever exports into it, and the sources that read it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "exports"
        self.folder.mkdir()
        self.clock = MovedClock()
        self.made: list[FolderPayments] = []
        self.source: PaymentSource = self.another()
        self._files = 0

    def another(self, **changed: object) -> FolderPayments:
        """A source as the next process makes it; files that lie there have settled for it."""
        settings = FolderSource(**{"path": str(self.folder), "rows_max": 5, "settled_s": SETTLED_S, **changed})
        made = construct("exports", settings, SourceSurroundings(self.clock, {})).asked
        assert isinstance(made, FolderPayments)
        self.made.append(made)
        return made

    async def add(self, *payment_ids: str) -> None:
        """One more export."""
        self._files += 1
        self.write(f"{self._files:03}.csv", *payment_ids)

    def write(self, name: str, *payment_ids: str) -> Path:
        """An export under this name."""
        rows = "".join(",".join(payment(each).values()) + "\n" for each in payment_ids)
        path = self.folder / name
        path.write_text(HEADER + rows)
        return path

    async def hide(self) -> None:
        """The folder is renamed."""
        self.folder.rename(self.folder.with_name("away"))

    async def show(self) -> None:
        """And back."""
        self.folder.with_name("away").rename(self.folder)

    async def read(self, position: str = "", source: PaymentSource | None = None) -> tuple[list[str], str]:
        """The payments once everything has settled."""
        entries, position = await settled(self, source or self.source, position)
        return ids_of(entries), position


async def settled(exports: Exports, source: PaymentSource, position: str = "") -> tuple[list[Entry], str]:
    """Look, let time go by, and read."""
    before, position = await drain(source, position)
    exports.clock.pass_s(SETTLED_S)
    entries, position = await drain(source, position)
    return [*before, *entries], position


@pytest.fixture
async def exports(tmp_path: Path) -> AsyncIterator[Exports]:
    """An empty folder."""
    made = Exports(tmp_path)
    yield made
    for source in made.made:
        await source.close()


class _Settling:
    """A source whose files have settled whenever it is read: the contract knows nothing of settling."""

    def __init__(self, source: FolderPayments, clock: MovedClock) -> None:
        self.name, self._source, self._clock = source.name, source, clock

    async def read(self, position: str) -> SourceRead:
        """After two looks."""
        self._source._seen.update(dict.fromkeys(self._source._seen, 0.0))
        look = await self._source.read(position)
        if look.entries or look.more:
            return look
        self._clock.pass_s(SETTLED_S)
        return await self._source.read(position)

    async def close(self) -> None:
        """As it is."""
        await self._source.close()


class TestFolder(SourceContract):
    """The contract."""

    @pytest.fixture
    async def subject(self, exports: Exports) -> Exports:
        """An empty folder, whose files settle by themselves."""
        another: Callable[..., FolderPayments] = exports.another
        exports.source = _Settling(exports.another(), exports.clock)
        exports.another = lambda: _Settling(another(), exports.clock)  # type: ignore[method-assign]
        return exports


async def test_a_file_is_left_until_it_lies_still(exports: Exports) -> None:
    """A file that grows between two looks is still being written."""
    path = exports.write("a.csv", "p-1")
    assert ([], "") == ids_and_position(await exports.source.read(""))
    exports.clock.pass_s(SETTLED_S)
    with path.open("a") as file:
        file.write(",".join(payment("p-2").values()) + "\n")
    assert ([], "") == ids_and_position(await exports.source.read(""))

    exports.clock.pass_s(SETTLED_S)

    assert ["p-1", "p-2"] == ids_and_position(await exports.source.read(""))[0]


def ids_and_position(read: SourceRead) -> tuple[list[str], str]:
    """What a read gave."""
    return ids_of(list(read.entries)), read.position


async def test_a_file_that_grew_after_it_was_read_is_read_again(exports: Exports) -> None:
    """From its top: what was counted is a duplicate, what was added counts."""
    path = exports.write("a.csv", "p-1")
    _, position = await exports.read()
    with path.open("a") as file:
        file.write(",".join(payment("p-2").values()) + "\n")

    ids, after = await exports.read(position)

    assert (["p-1", "p-2"], True) == (ids, after != position)


async def test_a_replaced_file_is_read_again(exports: Exports) -> None:
    """Another file under the same name, with the same size and the times of the first, is another file."""
    path = exports.write("a.csv", "p-1")
    times = path.stat()
    _, position = await exports.read()
    exports.write("new", "p-2").rename(path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    assert ["p-2"] == (await exports.read(position))[0]


async def test_an_old_file_that_comes_late_is_read(exports: Exports) -> None:
    """A copy keeps its old times; it came now all the same."""
    exports.write("b.csv", "p-2")
    _, position = await exports.read()
    late = exports.write("a.csv", "p-1")
    os.utime(late, (0, 0))

    assert ["p-1"] == (await exports.read(position))[0]


async def test_deleted_files_change_nothing(exports: Exports) -> None:
    """What was read and then cleaned up is read; what follows is read as before."""
    exports.write("a.csv", "p-1").unlink()
    exports.write("b.csv", "p-2")
    _, position = await exports.read()
    (exports.folder / "b.csv").unlink()
    exports.write("c.csv", "p-3")

    assert ["p-3"] == (await exports.read(position))[0]


async def test_after_a_restart_only_what_is_new_is_read(exports: Exports) -> None:
    """The position says which files were taken."""
    exports.write("a.csv", "p-1")
    exports.write("b.csv", "p-2")
    _, position = await exports.read()
    exports.write("c.csv", "p-3")

    assert ["p-3"] == (await exports.read(position, exports.another()))[0]


async def test_after_a_restart_amid_a_file_it_goes_on(exports: Exports) -> None:
    """At the row that follows."""
    exports.write("a.csv", *(f"p-{number}" for number in range(12)))
    await exports.source.read("")
    exports.clock.pass_s(SETTLED_S)
    first = await exports.source.read("")

    ids, _ = await exports.read(first.position, exports.another())

    assert ([f"p-{number}" for number in range(5)], [f"p-{number}" for number in range(5, 12)]) == (
        ids_of(list(first.entries)),
        ids,
    )


async def test_a_restart_after_a_cleaning_reads_what_is_left_again(exports: Exports) -> None:
    """Where the position fits nothing that lies there, everything is read again: nothing is lost by it."""
    exports.write("a.csv", "p-1")
    exports.write("b.csv", "p-2")
    _, position = await exports.read()
    (exports.folder / "a.csv").unlink()

    assert ["p-2"] == (await exports.read(position, exports.another()))[0]


async def test_compressed_files_are_read(exports: Exports) -> None:
    """By their own pattern."""
    plain = exports.write("plain", "p-1")
    (exports.folder / "a.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))

    assert ["p-1"] == (await exports.read("", exports.another(pattern="*.csv.gz")))[0]


async def test_a_bad_row_is_its_own_affair(exports: Exports) -> None:
    """A row without the header's shape is an entry too, to be rejected; the others are payments."""
    path = exports.write("a.csv", "p-1")
    path.write_text(path.read_text() + "one,two\n" + ",".join(payment("p-2").values()) + "\n")

    entries, _ = await settled(exports, exports.source)

    assert [("a.csv:2", "p-1"), ("a.csv:3", "one,two"), ("a.csv:4", "p-2")] == [
        (entry.id, entry.fields.get("payment_id") or entry.fields["row"]) for entry in entries
    ]


def _cut_off(path: Path) -> None:
    path.write_text(path.read_text().removesuffix("\n"))


def _cut_off_gzip(path: Path) -> None:
    path.write_bytes(gzip.compress(path.read_bytes() * 50)[:-10])


def _without_header(path: Path) -> None:
    path.write_text("p-1,c,49.90\n")


def _binary(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0\0\n")


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def _dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("nowhere"))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_cut_off, "b.csv does not end with a line end"),
        (_cut_off_gzip, "b.csv is cut off"),
        (_without_header, "expected the columns"),
        (_binary, "NUL byte"),
        (lambda path: path.write_bytes(b""), "b.csv is empty"),
        (_directory, "b.csv is a folder"),
        (_pipe, "b.csv is no file"),
        (_loop, "b.csv cannot be looked at"),
        (_dangling, "b.csv is a link to nothing"),
    ],
)
async def test_a_file_that_is_not_whole_is_said(exports: Exports, spoil: Callable[[Path], None], sentence: str) -> None:
    """The others are read; the read then fails with its name, so that no export goes missing quietly."""
    exports.write("a.csv", "p-1")
    spoil(exports.write("b.csv", "p-2"))
    exports.write("c.csv", "p-3")
    await _quiet(exports.source)
    exports.clock.pass_s(SETTLED_S)

    first = await exports.source.read("")
    second = await exports.source.read(first.position)
    with pytest.raises(Permanent, match=sentence):
        await exports.source.read(second.position)

    assert ["p-1", "p-3"] == ids_of([*first.entries, *second.entries])
    assert first.more
    assert second.more


async def _quiet(source: PaymentSource) -> None:
    try:
        await source.read("")
    except CallError:
        return


async def test_a_file_that_changes_amid_reading_is_read_again(exports: Exports) -> None:
    """The part that was read stays counted; the file is read from its top when it lies still."""
    path = exports.write("a.csv", *(f"p-{number}" for number in range(12)))
    await exports.source.read("")
    exports.clock.pass_s(SETTLED_S)
    first = await exports.source.read("")
    exports.write("a.csv", *(f"q-{number}" for number in range(3)))

    ids, _ = await exports.read(first.position)

    assert path.exists()
    assert ["q-0", "q-1", "q-2"] == ids


async def test_a_file_that_changes_under_the_hand_is_not_taken(
    exports: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read of it may be of two files: nothing of it is handed over."""
    path = exports.write("a.csv", "p-1")
    await exports.source.read("")
    exports.clock.pass_s(SETTLED_S)

    def changing(*arguments: Any) -> Iterator[tuple[int, Entry]]:
        yield from entries_of(*arguments)
        path.write_text(path.read_text() * 2)

    monkeypatch.setattr("adapters.sources.folder.reading.entries_of", changing)
    with pytest.raises(Transient, match=r"a.csv changed while it was read"):
        await exports.source.read("")


async def test_an_unreadable_file_is_said(exports: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permission refused is no empty export."""
    path = exports.write("a.csv", "p-1")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("root reads everything")
    await exports.source.read("")
    exports.clock.pass_s(SETTLED_S)

    with pytest.raises(Permanent, match="Permission denied"):
        await exports.source.read("")


async def test_too_many_files_are_refused(exports: Exports) -> None:
    """More than files_max is rather a mistake in the path."""
    for number in range(4):
        exports.write(f"{number}.csv", "p-1")

    with pytest.raises(Permanent, match="more than files_max, 3, files"):
        await exports.another(files_max=3).read("")


async def test_a_missing_folder_may_come_back(exports: Exports) -> None:
    """A disk that is not mounted yet."""
    await exports.hide()
    with pytest.raises(Transient, match="No such file or directory"):
        await exports.source.read("")


def test_a_path_as_pattern_is_refused(exports: Exports) -> None:
    """One folder, not a tree."""
    with pytest.raises(SourceUnusableError, match="found a path"):
        exports.another(pattern="x/*.csv")
