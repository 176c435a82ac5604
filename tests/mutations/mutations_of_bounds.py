"""Guards of what waits: no queue grows with what arrives, and nobody leads on what it cannot read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tests.mutations.mutation import Mutation

OF_BOUNDS: Final[Sequence[Mutation]] = (
    Mutation(
        "a bound: the mailbox of an actor",
        "daemon/kernel/kernel.py",
        "if taken >= ref.policy.mailbox_items_max:",
        "if False:",
        ("tests/kernel/test_mail.py::test_a_full_mailbox_refuses_and_counts",),
    ),
    Mutation(
        "a bound: a place in a mailbox is given once",
        "daemon/kernel/kernel.py",
        " + (0 if ref.turns is None else ref.turns.given)",
        "",
        ("tests/kernel/test_turns.py::test_a_place_that_was_given_is_nobody_elses",),
    ),
    Mutation(
        "a bound: the groups that wait for the recorder",
        "daemon/recorder.py",
        "if len(self._waiting) >= self._waiting_groups_max:",
        "if False:",
        ("tests/faults/test_bounds.py::test_groups_beyond_the_bound_are_refused_and_the_others_are_recorded",),
    ),
    Mutation(
        "a bound: the groups that wait for the journal's thread",
        "adapters/journal_rows/writer.py",
        "asyncio.Semaphore(limits.waiting_groups_max)",
        "asyncio.Semaphore(1_000_000)",
        ("tests/journal/test_group_commit.py::test_closing_leaves_nobody_waiting_for_a_place",),
    ),
    Mutation(
        "a bound: the events that wait for Redis",
        "daemon/publication/tail.py",
        "deque(maxlen=events_max)",
        "deque()",
        ("tests/publication/test_tail.py::test_what_is_older_than_the_tail_holds_is_read_from_the_journal",),
    ),
    Mutation(
        "a bound: what an intake reads at once",
        "daemon/roots/intake.py",
        "self._streams.read(cursors, self._limits.entries_max, self._limits.block_ms)",
        "self._streams.read(cursors, 1_000_000, self._limits.block_ms)",
        ("tests/simulation/test_slow_intake.py::test_no_batch_is_read_before_the_one_before_it_is_durable",),
    ),
    Mutation(
        "a slow journal slows the intake",
        "daemon/roots/intake.py",
        "        await self._tell(root, EntriesArrived(stream, tuple(entries)))\n",
        "        self._kernel.tell(self._actor, EntriesArrived(stream, tuple(entries)))\n",
        ("tests/simulation/test_slow_intake.py::test_no_batch_is_read_before_the_one_before_it_is_durable",),
    ),
    Mutation(
        "a bound: the connections of a page",
        "daemon/roots/http_listener.py",
        "if connections() >= self._limits.connections_max:",
        "if False:",
        ("tests/http/test_endpoints.py::test_silent_connections_do_not_use_the_places_up",),
    ),
    Mutation(
        "a bound: what a script prints",
        "adapters/processes/output.py",
        "if size_bytes > OUTPUT_BYTES_MAX:",
        "if False:",
        ("tests/provisioners/test_command_scripts.py::test_an_endless_observation_is_unknown",),
    ),
    Mutation(
        "what an actor could not record is brought again",
        "daemon/roots/telling.py",
        "            if not isinstance(reply, NotRecorded):\n",
        "            if True:\n",
        ("tests/faults/test_bounds.py::test_what_an_actor_cannot_take_now_waits_for_it",),
    ),
    Mutation(
        "nobody leads on a journal that it cannot read",
        "daemon/standing_by.py",
        "if not self.following.unreadable and not self._is_hindered:",
        "if not self._is_hindered:",
        ("tests/standby/test_standing_by.py::test_who_cannot_read_the_journal_leaves_the_lead_free",),
    ),
)
