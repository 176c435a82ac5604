"""Packing a bundle: redacted, named with its digest, readable by its owner only."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from config.redaction import redacted, redacted_value

FILE_CHARACTERS_MAX: Final = 50_000_000
_CUT: Final = "\n[cut here: the file is longer]\n"


class Values(msgspec.Struct, frozen=True):
    """A file of JSON."""

    value: Any
    lines: bool = False
    """One value a line."""
    by_strangers: bool = False
    """Whether names in it are somebody's own: what they call a secret is one."""


Made = str | Values
_ENCODER: Final = msgspec.json.Encoder(decimal_format="string", order="deterministic")


class Packed(msgspec.Struct, frozen=True):
    """One file of the bundle."""

    name: str
    size_bytes: int
    sha256: str


async def pack(files: AsyncIterator[tuple[str, Made]], to: Path, known: Iterable[str], made_at_s: int) -> list[Packed]:
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
            async for name, made in files:
                packed.append(_add(bundle, f"{_folder(to)}/{name}", _text(made, secrets), made_at_s))
        os.link(fresh, to)  # refuses to replace, as a rename would not
    finally:
        fresh.unlink(missing_ok=True)
    return packed


def _text(made: Made, known: Sequence[str]) -> str:
    """Values are redacted before they are written, so that what is JSON stays JSON."""
    if isinstance(made, str):
        shown = made if len(made) <= FILE_CHARACTERS_MAX else made[:FILE_CHARACTERS_MAX] + _CUT
        return redacted(shown, known)
    clean = redacted_value(made.value, known, by_name=made.by_strangers)
    if made.lines:
        return "".join(f"{_ENCODER.encode(each).decode()}\n" for each in clean)
    return msgspec.json.format(_ENCODER.encode(clean), indent=2).decode() + "\n"


def _add(bundle: tarfile.TarFile, name: str, text: str, made_at_s: int) -> Packed:
    data = text.encode("utf-8", "replace")
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(data), 0o600, made_at_s
    bundle.addfile(member, io.BytesIO(data))
    return Packed(name, len(data), hashlib.sha256(data).hexdigest())


def _folder(to: Path) -> str:
    return to.name.removesuffix(".tar.gz")
