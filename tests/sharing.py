"""A share of the tests that repeat one thing over many kinds, points or pages, for a run that must be quick.

`TEST_SHARE=2/3` leaves of those only every third, the second of each three by name; all other tests are run. CI
takes another share at every landing, `make test` takes all of them.
"""

from __future__ import annotations

import re
from typing import Final
from zlib import crc32

SHARED: Final = (
    "tests/provisioners/",
    "tests/benchmarks/",
    "tests/demo/test_demo_run.py::test_other_policies_agree",
    "tests/processes/test_bad_entries.py::test_a_bad_entry_between_good_ones",
    "tests/processes/test_commands_live.py::test_a_bad_command_is_refused",
    "tests/simulation/test_crash_sweep.py::test_a_crash_at_every_point",
    "tests/simulation/test_swarm.py::test_what_was_found_once_holds",
    "tests/simulation/test_swarm_watching.py::test_each_mishap_can_strike",
    "tests/simulation/test_thousand.py",
    "tests/documents/test_commands.py::test_the_commands_of_a_block_work",
    "tests/faults/kinds/",
    "tests/faults/postgres/",
    "tests/faults/redis/",
    "tests/faults/test_brokers.py",
    "tests/faults/test_disks.py",
    "tests/faults/test_journal_taken_away.py",
    "tests/fuzzing/test_fuzzing.py::test_what_is_bad_is_answered",
    "tests/journal_place/test_commands.py::test_a_command_says_the_same",
    "tests/journal_place/test_killed_moves.py",
    "tests/standby/test_promoting.py",
    "tests/standby/test_taking_over.py::test_a_leader_that_",
    "tests/standby/test_taking_over.py::test_without_standby",
    "tests/standby/test_upgrading.py",
)
"""Where such tests are: the beginnings of their names."""


def parts(text: str) -> tuple[int, int]:
    """`2/3` as numbers; raises `ValueError` for anything that is no share."""
    matched = re.fullmatch(r"([1-9]\d?)/([1-9]\d?)", text)
    if matched is None or int(matched[1]) > int(matched[2]):
        raise ValueError(f"TEST_SHARE: expected a share such as 2/3, found {text!r}")
    return int(matched[1]), int(matched[2])


def is_left_out(name: str, part: int, of: int) -> bool:
    """Whether the test of this name belongs to another share."""
    return name.startswith(SHARED) and crc32(name.encode()) % of != part - 1
