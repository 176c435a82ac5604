"""One read of a folder: some rows of the oldest file that was not taken yet, once it is whole and lies still.

The position says which files were taken as one digest, and how far the one in progress was: a folder may hold ten
thousand. Where the digest fits nothing that lies there, as after files were moved away while nobody ran, everything is
read again; payments already counted are duplicates.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from adapters.blocking_calls import BlockingCalls
from adapters.payments_file_lines import UnreadableFileError
from adapters.sources.folder.looking import Found, Look, digest_of, digests_of, look_at, why_not_whole
from adapters.sources.folder.rows import entries_of
from config.settings import FolderSource
from config.unreadable import UNREADABLE
from machines.ports.clock import Clock
from machines.ports.faults import Permanent, Transient
from machines.ports.sources import Entry, SourceRead

READ_LIMIT_S: Final = 600
"""A file is read to its end before a row of it counts: so long a disk may take for one."""
FAULTS_NAMED_MAX: Final = 3


class Progress(msgspec.Struct, frozen=True, omit_defaults=True):
    """The position of a folder."""

    taken: str = ""
    """The digest of the files that were taken whole."""
    file: str = ""
    """The digest of the one in progress."""
    row: int = 0
    newest_ns: int = 0
    """The newest time of writing among the files that were taken: what is no newer is no news, whoever touched it."""


class FolderPayments:
    """The payments of the files of one folder."""

    def __init__(self, name: str, settings: FolderSource, clock: Clock) -> None:
        self.name = name
        self._settings = settings
        self._folder = Path(settings.path).absolute()
        self._clock = clock
        self._calls = BlockingCalls("the disk", clock, threads_max=1, call_limit_s=READ_LIMIT_S, place_wait_s=1)
        self._seen: dict[Found, float] = {}
        """Since when each file lies there unchanged, by our own clock and not by the disk's."""
        self._at = ""
        """The position that our memory belongs to."""
        self._taken: set[Found] = set()
        self._whole: set[Found] = set()
        """Files that were read to their end and found well."""
        self._open: tuple[Found, int, Iterator[tuple[int, Entry]]] | None = None
        """The file in progress, and up to which row it was handed out."""

    async def read(self, position: str) -> SourceRead:
        """The rows that follow."""
        now_s = self._clock.monotonic_s()
        return await self._calls.call("a look", lambda: self._read(position, now_s))

    async def close(self) -> None:
        """Let go of the thread and of the file."""
        self._calls.close()
        self._open = None

    def _read(self, position: str, now_s: float) -> SourceRead:
        """In a thread, one at a time."""
        look = look_at(self._folder, self._settings.pattern, self._settings.files_max)
        self._seen = {each: self._seen.get(each, now_s) for each in look.files}
        self._whole &= set(look.files)
        progress = _progress_of(position)
        self._recall(position, progress, look)
        faults = dict(look.faults)
        waiting = self._waiting(look, now_s)
        for file in waiting:
            if fault := self._fault(file):
                faults[file.name] = fault
                continue
            return self._rows(file, progress, look, now_s)
        if faults:
            raise _faults_text(self._folder, faults)
        return SourceRead((), position, is_news=False)

    def _waiting(self, look: Look, now_s: float) -> list[Found]:
        """What lies still and was not taken, the oldest first."""
        still_s = self._settings.settled_s
        return [each for each in look.files if each not in self._taken and now_s - self._seen[each] >= still_s]

    def _fault(self, file: Found) -> str:
        if file in self._whole:
            return ""
        fault = why_not_whole(self._folder / file.name)
        if not fault:
            self._whole.add(file)
        return fault

    def _recall(self, position: str, progress: Progress, look: Look) -> None:
        """Which files the position means: those of our memory, or the first so many that fit its digest."""
        if position == self._at:
            self._taken &= set(look.files)  # what is gone needs no memory
            return
        self._at, self._taken, self._open = position, set(), None
        for count, digest in enumerate(digests_of(look.files), start=1):
            if digest == progress.taken:
                self._taken = set(look.files[:count])
                return

    def _rows(self, file: Found, progress: Progress, look: Look, now_s: float) -> SourceRead:
        path, digest = self._folder / file.name, digest_of((file,))
        row = progress.row if progress.file == digest else 0
        if self._open is None or self._open[:2] != (file, row):
            self._open = (file, row, entries_of(path, file.shown, row))
        rows = self._open[2]
        try:
            taken = list(islice(rows, self._settings.rows_max))
        except UnreadableFileError as error:
            raise self._changed(file, str(error)) from None
        if not self._lies_still(file):
            raise self._changed(file, f"{file.shown} changed while it was read; it is read again when it lies still")
        entries = tuple(entry for _, entry in taken)
        if len(taken) == self._settings.rows_max:
            row = taken[-1][0]
            self._open = (file, row, rows)
            self._at = _position_of(self._taken, progress.newest_ns, digest, row)
            return SourceRead(entries, self._at, more=True, is_news=False)
        self._open = None
        self._taken.add(file)
        self._at = _position_of(self._taken, max(progress.newest_ns, file.written_ns))
        more = bool(look.faults or self._waiting(look, now_s))
        return SourceRead(entries, self._at, more=more, is_news=file.written_ns > progress.newest_ns)

    def _lies_still(self, file: Found) -> bool:
        try:
            facts = (self._folder / file.name).stat()
        except OSError:
            return False
        return (facts.st_ctime_ns, facts.st_size, facts.st_mtime_ns) == (file.changed_ns, file.size, file.written_ns)

    def _changed(self, file: Found, reason: str) -> Transient:
        self._open = None
        self._whole.discard(file)
        return Transient(reason)


def _progress_of(position: str) -> Progress:
    if not position:
        return Progress()
    try:
        return msgspec.json.decode(position, type=Progress)
    except UNREADABLE:
        raise Permanent(
            "the position in the journal is none of a folder: was the source's kind changed under its name?"
        ) from None


def _position_of(taken: set[Found], newest_ns: int, file: str = "", row: int = 0) -> str:
    return msgspec.json.encode(Progress(digest_of(taken), file, row, newest_ns)).decode()


def _faults_text(folder: Path, faults: dict[str, str]) -> Permanent:
    named = [f"{name.encode(errors='backslashreplace').decode()} {why}" for name, why in sorted(faults.items())]
    more = f" and {len(named) - FAULTS_NAMED_MAX} more" if len(named) > FAULTS_NAMED_MAX else ""
    return Permanent(f"in {folder}: {'; '.join(named[:FAULTS_NAMED_MAX])}{more}; mend or move them")
