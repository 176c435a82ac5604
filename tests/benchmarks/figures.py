"""A measured figure beside its limit, and the one table in which all of them are printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

COLUMNS: Final = ("what", "measured", "limit in the same run", "ratio", "aim", "")


class Figure(msgspec.Struct, frozen=True):
    """One line of the table. `limit` is measured in the same run, in the same unit; None where there is none."""

    what: str
    measured: float
    unit: str
    limit: float | None = None
    limit_name: str = ""
    aim: str = ""
    """The aim in words; empty for a figure that is only reported."""
    met: bool | None = None

    @property
    def ratio(self) -> float | None:
        """Measured to limit."""
        return None if not self.limit else self.measured / self.limit

    def cells(self) -> tuple[str, ...]:
        """The line's texts in the order of `COLUMNS`."""
        limit = "" if self.limit is None else f"{number(self.limit)} {self.unit}  {self.limit_name}"
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        verdict = "" if self.met is None else "met" if self.met else "MISSED"
        return (self.what, f"{number(self.measured)} {self.unit}", limit, ratio, self.aim, verdict)


def at_least(figure: Figure, share: float, aim: str) -> Figure:
    """The figure with the aim that it is at least this share of its limit."""
    assert figure.ratio is not None
    return msgspec.structs.replace(figure, aim=aim, met=figure.ratio >= share)


def at_most(figure: Figure, most: float, aim: str) -> Figure:
    """The figure with the aim that it is at most so much, in its own unit."""
    return msgspec.structs.replace(figure, aim=aim, met=figure.measured <= most)


def number(value: float) -> str:
    """Three digits that mean something, and commas."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """A percentile of sorted values."""
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]


def table(figures: Sequence[Figure]) -> list[str]:
    """The lines of the table, columns as wide as their texts."""
    rows = [COLUMNS, *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [lines[0], "-" * max(map(len, lines)), *lines[1:]]
