"""Backups that were cut, changed or swapped: all of the journal comes back, or a sentence why not."""

from __future__ import annotations

import gzip
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

import pyrage

from adapters.backups.errors import BackupError
from adapters.backups.packing import unpack
from config.secret import Secret
from tests.fuzzing.target import Answer, Target, require_told

_CONTENT: Final = bytes(range(256)) * 40
_BOMB: Final = gzip.compress(b"\0" * 50_000_000, 9, mtime=0)


@cache
def _key() -> pyrage.x25519.Identity:
    return pyrage.x25519.Identity.generate()


@cache
def _encrypted() -> bytes:
    return bytes(pyrage.encrypt(gzip.compress(_CONTENT, mtime=0), [_key().to_public()]))


def plain(data: bytes) -> Answer:
    """A backup that is not encrypted."""
    return _unpacked(data, None)


def encrypted(data: bytes) -> Answer:
    """An edit of an encrypted one: `data` is what is laid over its bytes, from the place its first two bytes name."""
    whole = bytearray(_encrypted())
    at = int.from_bytes(data[:2], "big") % len(whole)
    if len(data) % 3 == 0:
        del whole[at:]
    whole[at : at + len(data) - 2] = data[2:]
    return _unpacked(bytes(whole), Secret(str(_key())))


def _unpacked(data: bytes, identity: Secret | None) -> Answer:
    with tempfile.TemporaryDirectory() as folder:
        packed, target = Path(folder) / "packed", Path(folder) / "back"
        packed.write_bytes(data)
        try:
            unpack(packed, target, len(_CONTENT), identity)
        except BackupError as error:
            require_told(str(error))
            assert not target.exists() or target.stat().st_size <= len(_CONTENT), "more was written than may be"
            return Answer("refused")
        assert target.stat().st_size == len(_CONTENT)
        assert identity is None or target.read_bytes() == _CONTENT, "what was changed was taken for the backup"
    return Answer("taken")


ARCHIVES: Final = Target("archives", (gzip.compress(_CONTENT, mtime=0), _BOMB), plain, share=10, examples=25)
ENCRYPTED: Final = Target(
    "encrypted_archives",
    (b"\x00\x10changed", b"\x01\x00" + bytes(64), b"\x00\x00age-encryption.org/v1\n"),
    encrypted,
    share=6,
    examples=20,
)
