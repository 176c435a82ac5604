"""The manifests that come with solvent, in `config/manifests`: any plan may name one, as `shipped:vault_ha.yaml`."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

SHIPPED: Final = "shipped:"
_PACKAGE: Final = "config"
_FOLDER: Final = "manifests"


def shipped_manifests() -> tuple[str, ...]:
    """The names of the files, such as `vault_ha.yaml`."""
    entries = (files(_PACKAGE) / _FOLDER).iterdir()
    return tuple(sorted(each.name for each in entries if each.name.endswith(".yaml")))


def shipped_bytes(path: str) -> bytes:
    """What a file holds, by the path that a plan writes; it must be one of `shipped_manifests`."""
    return (files(_PACKAGE) / _FOLDER / path.removeprefix(SHIPPED)).read_bytes()
