"""What lies in the folder: the files that count, and what is wrong with the others."""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import zlib
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import msgspec

from adapters.payments_csv import PaymentsFile
from adapters.payments_file_lines import PaymentsLines, UnreadableFileError
from machines.ports.faults import Permanent, Transient

_BLOCK_BYTES: Final = 65_536
_GZIP_MAGIC: Final = b"\x1f\x8b"
_DIGEST_CHARACTERS: Final = 32


class Found(msgspec.Struct, frozen=True, order=True):
    """A file as it lay there: another size or time is another file."""

    changed_ns: int
    """When it came here under this name; what a copy keeps of its times does not count."""
    name: str
    size: int
    written_ns: int

    @property
    def shown(self) -> str:
        """Its name, as something that can be written down."""
        return self.name.encode(errors="backslashreplace").decode()


class Look(msgspec.Struct, frozen=True):
    """One look at the folder."""

    files: tuple[Found, ...]
    """In the order in which they came."""
    faults: Mapping[str, str]
    """What matches the pattern and is no file that can be read, with the reason."""


def look_at(folder: Path, pattern: str, files_max: int) -> Look:
    """Everything that matches. Raises `Transient` for a folder that cannot be listed, `Permanent` for one too full."""
    files, faults = list[Found](), dict[str, str]()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or not fnmatchcase(entry.name, pattern):
                    continue
                if len(files) + len(faults) >= files_max:
                    raise Permanent(
                        f"{folder} holds more than files_max, {files_max}, files such as {pattern}: see the path, or "
                        "move old exports away"
                    )
                _sort_in(entry, files, faults)
    except OSError as error:
        raise Transient(f"the folder {folder} cannot be listed: {error.strerror or error}") from None
    return Look(tuple(sorted(files)), faults)


def _sort_in(entry: os.DirEntry[str], files: list[Found], faults: dict[str, str]) -> None:
    try:
        facts = entry.stat()
    except FileNotFoundError:
        if entry.is_symlink():
            faults[entry.name] = "is a link to nothing"
        return  # else it was taken away while we looked
    except OSError as error:
        faults[entry.name] = f"cannot be looked at: {error.strerror or error}"
        return
    if stat.S_ISREG(facts.st_mode):
        files.append(Found(facts.st_ctime_ns, entry.name, facts.st_size, facts.st_mtime_ns))
    else:
        faults[entry.name] = "is a folder" if stat.S_ISDIR(facts.st_mode) else "is no file"


def digests_of(files: Iterable[Found]) -> Iterator[str]:
    """After each file, in their order, the digest of all so far."""
    digest = hashlib.sha256()
    for each in sorted(files):
        digest.update(repr((each.name, each.size, each.changed_ns, each.written_ns)).encode(errors="backslashreplace"))
        yield digest.copy().hexdigest()[:_DIGEST_CHARACTERS]


def digest_of(files: Collection[Found]) -> str:
    """The digest of a set of files; "" of none."""
    return deque(digests_of(files), maxlen=1).pop() if files else ""


def why_not_whole(path: Path) -> str:
    """Why a file cannot be taken, "" where it can: it is read to its end before a row of it counts."""
    try:
        for _ in PaymentsFile(path):
            break  # the header is right
        for _ in PaymentsLines(path).blocks():
            pass
        if _last_byte(path) != b"\n":
            return "does not end with a line end: it is still being written, or was cut off; end its last row with one"
    except UnreadableFileError as error:
        return str(error).removeprefix(f"{path} ").removeprefix(f"cannot read {path}: ")
    except (OSError, EOFError, zlib.error) as error:
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"
    return ""


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        if not (path.name.endswith(".gz") or file.read(2) == _GZIP_MAGIC):
            file.seek(-1, os.SEEK_END)
            return file.read(1)
    last = b""
    with gzip.open(path) as content:
        while block := content.read(_BLOCK_BYTES):
            last = block[-1:]
    return last
