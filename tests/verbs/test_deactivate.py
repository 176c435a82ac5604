"""`deactivate`: take down and hold."""

from __future__ import annotations

from machines.events import PinSet
from tests.machines.histories import COLD, WARM, acting, risen
from tests.verbs.benches import bench, refused, told


def test_a_component_is_held_cold() -> None:
    """It costs nothing then."""
    judged = told("deactivate", bench(acting(*risen("cache"))), component="cache", reason="too dear")

    assert ("done", "pinned cache COLD") == (judged.outcome, judged.reason)
    assert (PinSet("cache", COLD, None, "too dear", "ann"),) == judged.events


def test_what_is_stateful_keeps_its_data() -> None:
    """It is held WARM; never destroyed without an explicit order."""
    judged = told("deactivate", bench(acting(*risen("database"))), component="database")

    assert (PinSet("database", WARM, None, "", "ann"),) == judged.events


def test_deactivating_what_is_cold_brings_nothing_up() -> None:
    """A stateful component without a resource has no data to keep: it is held COLD."""
    assert (PinSet("database", COLD, None, "", "ann"),) == told(
        "deactivate", bench(acting()), component="database"
    ).events


def test_the_floor_stays() -> None:
    """Level 0 is always on."""
    expected = "component: files belongs to level 0, which is always on"

    refused("deactivate", bench(acting()), expected, component="files")
