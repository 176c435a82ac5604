"""The kinds of sources. Each is one package with a function `construct`, imported when settings name the kind."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final, cast

from adapters.secret_references import SecretMissingError
from adapters.sources.construction import Constructed, SourceSurroundings, SourceUnusableError
from config.extras import install_hint
from config.settings import SourceSettings, StreamSource

KINDS: Final[Mapping[str, str]] = {
    "stripe": "adapters.sources.stripe",
    "sql": "adapters.sources.sql",
    "post": "adapters.sources.post",
    "folder": "adapters.sources.folder",
}
"""The package of each kind. Its `construct(name, settings, surroundings)` raises `SourceUnusableError`."""
EXTRAS: Final[Mapping[str, str]] = {"stripe": "stripe", "sql": "sql", "post": "webhooks"}


def construct(name: str, settings: SourceSettings, surroundings: SourceSurroundings) -> Constructed:
    """The source `[sources.NAME]`; nothing is asked of it yet. Raises `SourceUnusableError`."""
    if isinstance(settings, StreamSource):
        return Constructed()  # the intake of the stream reads it
    kind = str(settings.__struct_config__.tag)
    try:
        package = import_module(KINDS[kind])
        return cast("Constructed", package.construct(name, settings, surroundings))
    except ModuleNotFoundError as missing:
        if kind not in EXTRAS or (missing.name or "").split(".")[0] in {"adapters", "config", "machines"}:
            raise
        raise SourceUnusableError(
            f"the source {name} is of the kind {kind}, which needs the package {missing.name}: "
            f"{install_hint(EXTRAS[kind])}"
        ) from missing
    except SecretMissingError as missing:
        raise SourceUnusableError(f"the source {name}: {missing}") from missing
