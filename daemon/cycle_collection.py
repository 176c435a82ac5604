"""Python's cycle collector in a process that runs for months."""

from __future__ import annotations

import gc
from typing import Final

YOUNG_OBJECTS: Final = 700
"""Python's own bound: so many new objects are looked through at once."""
YOUNG_ROUNDS: Final = 10
"""Python's own: what outlived so many such rounds is looked through together."""
OLD_ROUNDS: Final = 1
"""Python waits for 10: then dead connections of ten minutes wait together, each a cycle of asyncio's transport."""


def set_start_aside() -> None:
    """Look no more at what the start made: modules, the plan and the folded state live as long as the process.

    Python collects everything only once a quarter is new. Beside 150,000 objects of a start that takes an hour and
    more, in which memory rises by what small cycles leave behind, and then a tenth of a second in which nothing else
    runs; a large plan makes both longer. Without them a full collection is of what came since, and takes no time.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # so that the quarter is one of what is left
    gc.set_threshold(YOUNG_OBJECTS, YOUNG_ROUNDS, OLD_ROUNDS)
