"""Lines that repeat are counted instead of written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from structlog import DropEvent

from adapters.log_repeats import SUBJECTS_MAX, RepeatLimits, Repeats


class Desk:
    """A limiter of two lines in ten seconds, with a clock to set and what was said of lines left out."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.said: list[Mapping[str, Any]] = []
        self.repeats = Repeats(RepeatLimits(2, 10), lambda: self.now_s, self.said.append)

    def write(self, event: str, **fields: Any) -> bool:
        """Whether the line was written."""
        try:
            self.repeats(None, "info", {"event": event, **fields})
        except DropEvent:
            return False
        return True


@pytest.fixture
def desk() -> Desk:
    """A fresh limiter."""
    return Desk()


def test_the_first_lines_are_written(desk: Desk) -> None:
    """Up to the limit each line is written, one more is left out."""
    assert [True, True, False] == [desk.write("look_failed", component="rds") for _ in range(3)]


def test_each_subject_counts_for_itself(desk: Desk) -> None:
    """A component that repeats itself does not silence another."""
    for _ in range(3):
        desk.write("look_failed", component="rds")

    assert desk.write("look_failed", component="alb")


def test_what_was_left_out_is_said_once(desk: Desk) -> None:
    """When the window has ended one line tells how many there were, and of what."""
    for _ in range(5):
        desk.write("look_failed", component="rds")
    desk.now_s = 10
    desk.write("thawed", key="clock")
    desk.write("thawed", key="clock")

    assert [{"of": "look_failed", "subject": "rds", "lines": 3, "window_s": 10}] == desk.said
    assert {"look_failed": 3} == desk.repeats.counts


def test_a_new_window_writes_again(desk: Desk) -> None:
    """After the window the same line is written again."""
    for _ in range(3):
        desk.write("look_failed", component="rds")
    desk.now_s = 10

    assert desk.write("look_failed", component="rds")


def test_a_decisions_story_is_never_cut(desk: Desk) -> None:
    """A line with a decision is written however often it comes."""
    assert all(desk.write("step_ended", component="rds", decision=41) for _ in range(50))


def test_strange_subjects_do_not_fill_the_memory(desk: Desk) -> None:
    """No more subjects are remembered than the limit, and what was left out of a forgotten one is said."""
    for _ in range(3):
        desk.write("look_failed", component="first")
    for index in range(SUBJECTS_MAX):
        desk.write("look_failed", component=f"other {index}")

    assert [{"of": "look_failed", "subject": "first", "lines": 1, "window_s": 10}] == desk.said
