"""The lines of a payments file, a block at a time, in bounded memory whatever the file holds."""

from __future__ import annotations

import gzip
import io
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Final, TypeAlias

import msgspec

LINE_BYTES_MAX: Final = 65_536
"""The longest row that is read; a longer line is passed over without being held in memory."""
BLOCK_BYTES: Final = LINE_BYTES_MAX
"""How much is read at once. Not above `LINE_BYTES_MAX`, so that only a line cut by a block's end needs measuring."""
SHOWN_BYTES: Final = 200
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_GZIP_MAGIC: Final = b"\x1f\x8b"

_Raw: TypeAlias = "io.BufferedReader[Any]"


class UnreadableFileError(Exception):
    """The file is no payments file, or it cannot be read to its end; the message is a sentence for the operator."""


class OverlongLine(msgspec.Struct, frozen=True):
    """Stands for a line longer than `LINE_BYTES_MAX`; `raw` is how it begins."""

    raw: str

    @property
    def reason(self) -> str:
        """What is wrong with it."""
        return f"expected a line of at most {LINE_BYTES_MAX} bytes, found a longer one"


class PaymentsLines:
    """The decoded lines of a file, without their ends (LF or CRLF) and without a byte order mark."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """`path` may be `-` for standard input; nothing is opened yet."""
        self._path = os.fspath(path)
        self.name = "standard input" if self._path == "-" else self._path
        self.bytes_total: int | None = None
        self.bytes_read = 0
        self._lines_done = 0

    def blocks(self) -> Iterator[list[str] | OverlongLine]:
        """Whole lines in order, many at a time or one that is too long. Raises `UnreadableFileError`."""
        carry = b""
        skipping = False
        for block in self._byte_blocks():
            rest = block
            if skipping:
                _, line_end, rest = block.partition(b"\n")
                if not line_end:
                    continue
                skipping = False
            first_line_end = rest.find(b"\n")
            if len(carry) + (len(rest) if first_line_end < 0 else first_line_end) > LINE_BYTES_MAX:
                self._lines_done += 1
                yield _overlong(carry + rest)
                carry, skipping = b"", first_line_end < 0
                rest = rest[first_line_end + 1 :] if first_line_end >= 0 else b""
            whole, line_end, carry = (carry + rest).rpartition(b"\n")
            if line_end:
                yield self._decoded(whole)
        if carry:
            yield self._decoded(carry)

    def _decoded(self, whole: bytes) -> list[str]:
        """The lines of some bytes that end between two lines."""
        if (nul := whole.find(b"\0")) >= 0:
            raise UnreadableFileError(
                f"{self.name} is no text file: it holds a NUL byte in line {self._line_of(whole, nul)}; "
                "expected CSV in UTF-8 (a spreadsheet's `Unicode text` is UTF-16: save it as UTF-8)"
            )
        try:
            text = whole.decode()
        except UnicodeDecodeError as error:
            line = self._line_of(whole, error.start)
            raise UnreadableFileError(
                f"{self.name}, line {line}: byte 0x{whole[error.start]:02x} is not UTF-8; save the file as UTF-8"
            ) from None
        lines = (text.replace("\r\n", "\n").removesuffix("\r") if "\r" in text else text).split("\n")
        self._lines_done += len(lines)
        return lines

    def _line_of(self, whole: bytes, place: int) -> int:
        """The number of the line that holds a byte of what is being decoded."""
        return self._lines_done + whole.count(b"\n", 0, place) + 1

    def _byte_blocks(self) -> Iterator[bytes]:
        """The content in blocks of at most `BLOCK_BYTES`, unpacked, translating every fault of reading."""
        try:
            with ExitStack() as stack:
                raw, content = self._open(stack)
                compressed = content is not raw
                beginning = True
                while block := content.read(BLOCK_BYTES):
                    self.bytes_read = raw.tell() if compressed and raw.seekable() else self.bytes_read + len(block)
                    yield block.removeprefix(_BYTE_ORDER_MARK) if beginning else block
                    beginning = False
        except EOFError:
            raise UnreadableFileError(
                f"{self.name} is cut off: the compressed data stops after line {self._lines_done} without its end; "
                "copy it again"
            ) from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise UnreadableFileError(
                f"{self.name} is damaged after line {self._lines_done}: {error}; expected a gzip file"
            ) from None
        except OSError as error:
            raise UnreadableFileError(f"cannot read {self.name}: {error.strerror or error}") from None

    def _open(self, stack: ExitStack) -> tuple[_Raw, _Raw | gzip.GzipFile]:
        """The file as it lies, and its content: the same, or the gzip inside."""
        if self._path == "-":
            raw: _Raw = io.BufferedReader(sys.stdin.buffer)
            stack.callback(raw.detach)  # standard input is not ours to close
        else:
            raw = io.BufferedReader(io.FileIO(self._path))
            stack.callback(raw.close)
            facts = os.fstat(raw.fileno())
            self.bytes_total = facts.st_size if stat.S_ISREG(facts.st_mode) else None
        if self._path.endswith(".gz") or raw.peek(2)[:2] == _GZIP_MAGIC:
            content = gzip.GzipFile(fileobj=raw)
            stack.callback(content.close)
            return raw, content
        return raw, raw


def _overlong(beginning: bytes) -> OverlongLine:
    return OverlongLine(beginning[:SHOWN_BYTES].decode(errors="replace"))
