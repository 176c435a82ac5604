"""What a long run leaves behind in cycles does not wait for a quarter of everything."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from daemon.cycle_collection import OLD_ROUNDS, YOUNG_OBJECTS, YOUNG_ROUNDS, set_start_aside


class Linked:
    """Refers to itself, as a transport of asyncio does."""

    __slots__ = ("__weakref__", "itself")

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collector() -> Iterator[None]:
    """Python's collector as it was, once the test is over."""
    before = gc.get_threshold()
    was_enabled = gc.isenabled()
    gc.enable()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)
    if not was_enabled:
        gc.disable()


@pytest.mark.usefixtures("collector")
def test_what_the_start_made_is_set_aside() -> None:
    """Hardly anything is left that a full collection has to look through."""
    made = [Linked() for _ in range(50_000)]
    set_start_aside()
    assert 50_000 == len(made) <= gc.get_freeze_count()
    assert len(gc.get_objects(generation=2)) < 5_000


@pytest.mark.usefixtures("collector")
def test_an_old_cycle_that_died_is_collected_soon() -> None:
    """It had grown old before it died; a start of 200,000 objects does not make it wait for 50,000 more."""
    made = [Linked() for _ in range(200_000)]
    set_start_aside()
    connection = Linked()
    gc.collect()  # it is old now
    gone = weakref.ref(connection)
    del connection
    came_since = [Linked() for _ in range((YOUNG_OBJECTS + 1) * (YOUNG_ROUNDS + 2) * (OLD_ROUNDS + 2))]
    assert len(came_since) < len(made) // 4
    assert gone() is None
