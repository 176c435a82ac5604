"""Payments from CSV exports that somebody puts into a folder. Nothing in it is changed."""

from __future__ import annotations

from adapters.sources.construction import Constructed, SourceSurroundings, SourceUnusableError
from adapters.sources.folder.reading import FolderPayments
from config.settings import FolderSource

__all__ = ["FolderPayments", "construct"]


def construct(name: str, settings: FolderSource, surroundings: SourceSurroundings) -> Constructed:
    """The source `[sources.NAME]` of the kind folder. Raises `SourceUnusableError`."""
    if "/" in settings.pattern:
        raise SourceUnusableError(f"sources.{name}.pattern: expected a pattern of names such as *.csv, found a path")
    return Constructed(asked=FolderPayments(name, settings, surroundings.clock))
