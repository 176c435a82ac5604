"""Packing a file (gzip, then the age format) and unpacking it, in one pass and without a second copy.

What is packed can be read without solvent: `age --decrypt -i KEY FILE | gunzip`.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from adapters.backups.errors import BackupError
from config.extras import install_hint
from config.secret import Secret

_CHUNK_BYTES: Final = 1 << 20
_GZIP: Final = 31
"""The window of zlib that writes and reads gzip's header and checksum."""
_LEVEL: Final = 6


def pack(source: Path, target: Path, recipients: Sequence[str]) -> tuple[int, str]:
    """Write the packed file (mode 0600, synced); its size and its SHA-256.

    With recipients only they can read it; no secret is needed for that. Raises `BackupError` and `OSError`.
    """
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out, source.open("rb") as plain:
        writer, reader = _Counted(out), _Compressed(plain)
        if recipients:
            _encrypt(reader, writer, recipients)
        else:
            while chunk := reader.read(_CHUNK_BYTES):
                writer.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    return writer.bytes, writer.digest.hexdigest()


def unpack(source: Path, target: Path, journal_bytes: int, identity: Secret | None) -> None:
    """Write the file that was packed (mode 0600); `identity` is needed where it was encrypted.

    `journal_bytes` is its size, and no more is written. Raises `BackupError` where a byte is missing, changed or too
    many, or the key is another one.
    """
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out, source.open("rb") as packed:
        writer = _Decompressed(out, journal_bytes)
        if identity is None:
            while chunk := packed.read(_CHUNK_BYTES):
                writer.write(chunk)
        else:
            _decrypt(packed, writer, identity)
        writer.finish()
        out.flush()
        os.fsync(out.fileno())


def pyrage_package() -> Any:
    """The package that encrypts; raises `BackupError` where it is missing."""
    try:
        import pyrage  # noqa: PLC0415 - an extra, imported where it is wished
    except ModuleNotFoundError:
        raise BackupError(f"encrypted backups need the package pyrage: {install_hint('backup')}") from None
    return pyrage


def _encrypt(reader: _Compressed, writer: _Counted, recipients: Sequence[str]) -> None:
    pyrage = pyrage_package()
    try:
        keys = [pyrage.x25519.Recipient.from_str(each) for each in recipients]
    except pyrage.RecipientError as error:
        raise BackupError(f"backup.recipients has a key that is no age public key: {error}") from None
    try:
        pyrage.encrypt_io(reader, writer, keys)
    except (pyrage.EncryptError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise (writer.failed or BackupError(f"the backup could not be encrypted: {error}")) from None


def _decrypt(packed: BinaryIO, writer: _Decompressed, identity: Secret) -> None:
    pyrage = pyrage_package()
    lines = [line.strip() for line in identity.reveal().splitlines()]
    try:
        keys = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except pyrage.IdentityError:
        raise BackupError(
            "backup.identity holds no age secret key: it is the text that age-keygen wrote, AGE-SECRET-KEY-1…"
        ) from None
    try:
        pyrage.decrypt_io(packed, writer, keys)
    except (pyrage.DecryptError, OSError) as error:
        if writer.failed is not None:
            raise writer.failed from None
        if isinstance(error, OSError) and error.errno is not None:
            raise
        if "matching" in str(error):
            raise BackupError("the backup was encrypted for other keys than the one of backup.identity") from None
        why = " ".join(str(error).split())  # the library writes paragraphs
        raise BackupError(f"the backup is damaged or cut short: it does not decrypt ({why})") from None


class _Compressed:
    """A file, compressed while it is read."""

    def __init__(self, plain: BinaryIO) -> None:
        self._plain = plain
        self._compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        self._ready = b""
        self._ended = False

    def read(self, size: int = -1) -> bytes:
        while not self._ended and (size < 0 or len(self._ready) < size):
            chunk = self._plain.read(_CHUNK_BYTES)
            self._ended = not chunk
            self._ready += self._compressor.compress(chunk) if chunk else self._compressor.flush()
        size = len(self._ready) if size < 0 else size
        given, self._ready = self._ready[:size], self._ready[size:]
        return given


class _Counted:
    """A file that counts and hashes what is written; it keeps the error that a library turns into words."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.bytes = 0
        self.digest = hashlib.sha256()
        self.failed: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            self._out.write(data)
        except OSError as error:
            self.failed = error
            raise
        self.bytes += len(data)
        self.digest.update(data)
        return len(data)

    def flush(self) -> None:
        self._out.flush()


class _Decompressed:
    """A file that decompresses what is written to it."""

    def __init__(self, out: BinaryIO, bytes_max: int) -> None:
        self._out = out
        self._left = bytes_max
        self._decompressor = zlib.decompressobj(_GZIP)
        self.failed: Exception | None = None

    def write(self, data: bytes) -> int:
        try:
            self._take(bytes(data))
        except (OSError, BackupError) as error:
            self.failed = error
            raise
        return len(data)

    def flush(self) -> None:
        self._out.flush()

    def finish(self) -> None:
        """Write what is held back; raise `BackupError` unless everything was there."""
        self._put(self._decompressor.flush())
        if not self._decompressor.eof or self._left:
            raise BackupError("the backup is cut short: its end is missing")

    def _take(self, data: bytes) -> None:
        while data:
            if self._decompressor.eof:
                raise BackupError("the backup is damaged: something follows its end")
            try:
                plain = self._decompressor.decompress(data, _CHUNK_BYTES)
            except zlib.error as error:
                raise BackupError(f"the backup is damaged: it does not unpack ({error})") from None
            self._put(plain)
            data = self._decompressor.unconsumed_tail or self._decompressor.unused_data

    def _put(self, plain: bytes) -> None:
        self._left -= len(plain)
        if self._left < 0:
            raise BackupError("the backup is damaged: it unpacks to more than its manifest says")
        self._out.write(plain)
