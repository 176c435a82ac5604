"""Packing a bundle: redacted, named with its digest, readable by its owner only."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Final

import msgspec

from config.redaction import redacted

FILE_CHARACTERS_MAX: Final = 50_000_000
_CUT: Final = "\n[cut here: the file is longer]\n"


class Packed(msgspec.Struct, frozen=True):
    """One file of the bundle."""

    name: str
    size_bytes: int
    sha256: str


async def pack(files: AsyncIterator[tuple[str, str]], to: Path, known: Iterable[str], made_at_s: int) -> list[Packed]:
    """Write the bundle (mode 0600); what is in it, in order. It appears under its name only when it is whole.

    `known` are secrets by value; `made_at_s` is the time of the files. Raises `OSError`, and `FileExistsError` where
    there is one of that name.
    """
    secrets = tuple(known)
    fresh = to.with_name(f".{to.name}.part")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    packed: list[Packed] = []
    try:
        with os.fdopen(descriptor, "wb") as out, tarfile.open(fileobj=out, mode="w:gz") as bundle:
            async for name, text in files:
                shown = text if len(text) <= FILE_CHARACTERS_MAX else text[:FILE_CHARACTERS_MAX] + _CUT
                packed.append(_add(bundle, f"{_folder(to)}/{name}", redacted(shown, secrets), made_at_s))
        os.link(fresh, to)  # refuses to replace, as a rename would not
    finally:
        fresh.unlink(missing_ok=True)
    return packed


def _add(bundle: tarfile.TarFile, name: str, text: str, made_at_s: int) -> Packed:
    data = text.encode("utf-8", "replace")
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(data), 0o600, made_at_s
    bundle.addfile(member, io.BytesIO(data))
    return Packed(name, len(data), hashlib.sha256(data).hexdigest())


def _folder(to: Path) -> str:
    return to.name.removesuffix(".tar.gz")
