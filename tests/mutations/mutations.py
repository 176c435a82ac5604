"""Every guard on which a promise rests, and the tests that fail as soon as it is gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tests.mutations.mutation import Mutation
from tests.mutations.mutations_of_bounds import OF_BOUNDS
from tests.mutations.mutations_of_leading import OF_LEADING
from tests.mutations.mutations_of_looking import OF_LOOKING
from tests.mutations.mutations_of_places import OF_PLACES
from tests.mutations.mutations_of_relying import OF_RELYING

_BEHIND: Final = "tests/simulation/test_streams_behind.py"
_ANSWERED: Final = "tests/simulation/test_answered.py"
_CHAOS: Final = "tests/simulation/test_chaos.py"
_DURABLE: Final = "tests/simulation/test_durable_first.py"
_REPLY: Final = "tests/simulation/test_one_reply.py::test_every_command_has_exactly_one_reply"
_WHOLE: Final = "tests/machines/test_state_whole.py"
_APPENDED: Final = "            recorded = await self.journal.append(group, payments)\n"
_EARLY: Final = (
    "            from machines.events import Recorded as R\n"
    "            now, at = self.clock.wall(), self.state.sequence\n"
    "            early = [R(at + n, now, now, p.actor, p.cause, p.event) for n, p in enumerate(group, 1)]\n"
)

MUTATIONS: Final[Sequence[Mutation]] = (
    *OF_LEADING,
    *OF_LOOKING,
    *OF_PLACES,
    *OF_RELYING,
    *OF_BOUNDS,
    # --- payments, and what is known of them ---
    Mutation(
        "dedupe of payments",
        "machines/revenue/classify.py",
        "if seen is not None and not (completed and not seen.counted):",
        "if seen is not None and not completed:",
        (
            "tests/revenue/test_classify.py::test_the_same_row_again_is_a_duplicate",
            "tests/machines/test_intake.py::test_a_contradiction_is_rejected_and_the_first_stands",
        ),
    ),
    Mutation(
        "dedupe within one read",
        "machines/intake.py",
        "remembered.get(payment.payment_id) or seen.get(payment.payment_id)",
        "seen.get(payment.payment_id)",
        ("tests/machines/test_intake.py::test_the_same_payment_twice_in_one_batch_counts_once",),
    ),
    Mutation(
        "unknown is not zero: a silent source closes no month",
        "machines/revenue/closing.py",
        "if source.heard_at is None or source.heard_at < end_at:",
        "if source.heard_at is None:",
        ("tests/revenue/test_closing.py::test_a_source_silent_since_the_end_leaves_the_month_open_and_freezes",),
    ),
    Mutation(
        "unknown is not zero: what was forgotten has no sum",
        "machines/revenue/recent.py",
        "if start < self.kept_from:",
        "if False:",
        ("tests/revenue/test_book_closing.py::test_a_close_forgets_what_can_never_matter_again",),
    ),
    Mutation(
        "unknown is not zero: nothing is decided on what is frozen",
        "daemon/actors/planner.py",
        "if state.frozen:",
        "if False:",
        ("tests/simulation/test_frozen.py::test_a_month_that_closes_while_frozen_is_judged_once_it_thaws",),
    ),
    Mutation(
        "unknown is not zero: days behind an import's end",
        "machines/judging.py",
        "known_through = min(known_through, revenue.known_through or 0)",
        "pass",
        ("tests/differential/test_agreement.py::test_days_behind_an_imports_end_are_unknown",),
    ),
    Mutation(
        "no day is judged before its month's predecessor closed",
        "machines/judging.py",
        "return min(known_through, closes_at - 1)",
        "return known_through",
        ("tests/differential/test_agreement.py::test_no_day_is_judged_before_the_month_in_front_of_it_closed",),
    ),
    Mutation(
        "a watermark of the future waits for the clock",
        "machines/revenue/closing.py",
        "if source.watermark is not None and end_at <= min(source.watermark, source.now):",
        "if source.watermark is not None and end_at <= source.watermark:",
        ("tests/revenue/test_closing.py::test_a_watermark_ahead_of_the_clock_waits_for_the_clock",),
    ),
    Mutation(
        "history closes by watermark only",
        "machines/revenue/closing.py",
        "if source.first_heard_at is not None and end_at <= source.first_heard_at:",
        "if False:",
        ("tests/simulation/test_chaos.py::test_a_late_watermark_is_the_only_way_to_close_history",),
    ),
    # --- levels and money ---
    Mutation(
        "amounts are written in the digits 0 to 9",
        "config/money.py",
        "if not text.isascii():",
        "if False:",
        ("tests/revenue/test_reading_fields.py::test_a_wrong_field_is_named",),
    ),
    Mutation(
        "debounce",
        "machines/deciding/conditions.py",
        "return self.months_met >= self.months_required",
        "return self.months_met >= min(1, self.months_required)",
        ("tests/deciding/test_debounce.py::test_a_level_rises_at_the_close_that_completes_its_debounce",),
    ),
    Mutation(
        "cap check",
        "machines/permits.py",
        "cap_micros is not None and after > cap_micros and not override",
        "cap_micros is not None and after > 2 * cap_micros and not override",
        ("tests/machines/test_permits.py::test_a_raise_never_passes_the_cap",),
    ),
    Mutation(
        "permit reservation",
        "machines/granting.py",
        "committed_micros=reservation.committed_micros,",
        "committed_micros=record.committed_micros,",
        ("tests/machines/test_granting.py::test_a_granted_step_is_an_intent_with_its_reservation",),
    ),
    Mutation(
        "principal of an approval",
        "daemon/verbs/approve.py",
        "if asked.asked_by == command.principal:",
        "if False:",
        ("tests/verbs/test_approve.py::test_exceeding_the_cap_needs_another_operator",),
    ),
    # --- the journal ---
    Mutation(
        "intent before act",
        "daemon/actors/supervisor.py",
        "                recorded = await self._recorder.record(NAME, judged.events, cause=cause, still=still)\n",
        "                work = self._recorder.record(NAME, judged.events, cause=cause, still=still)\n"
        '                self._kernel.tasks.start(work, name="an intent", owner=NAME)\n'
        "                return granted(judged.intent, self._recorder.state.sequence + 1)\n",
        (f"{_CHAOS}::test_a_full_disk_takes_nothing_and_acts_on_nothing",),
    ),
    Mutation(
        "a step does not follow what forbids it",
        "daemon/recorder.py",
        "holds = first.still is None or first.still()",
        "holds = True",
        (
            "tests/simulation/test_overtaken.py::test_what_must_still_hold_is_asked_once_everything_before_it_is_folded",
            "tests/simulation/test_regressions.py::test_a_step_does_not_follow_the_decision_that_forbids_it",
        ),
    ),
    Mutation(
        "a grant says what must still hold",
        "daemon/actors/supervisor.py",
        "events, cause=cause, still=still)",
        "events, cause=cause)",
        ("tests/simulation/test_regressions.py::test_a_step_does_not_follow_the_decision_that_forbids_it",),
    ),
    Mutation(
        "durable before folded",
        "daemon/recorder.py",
        _APPENDED,
        _EARLY
        + "            for one in early:\n"
        + "                fold(self.state, one)\n"
        + _APPENDED
        + "            self.state.sequence -= len(group)\n",
        (f"{_DURABLE}::test_nothing_is_folded_before_it_is_durable",),
    ),
    Mutation(
        "durable before told",
        "daemon/recorder.py",
        _APPENDED,
        _EARLY
        + "            for one in early:\n"
        + "                for listener in self._listeners:\n"
        + "                    listener(one)\n"
        + _APPENDED,
        (f"{_DURABLE}::test_nobody_is_told_before_it_is_durable",),
    ),
    Mutation(
        "durable before answered",
        "daemon/recorder.py",
        _APPENDED,
        _EARLY
        + "            for waiting in taken:\n"
        + "                if not waiting.done.done():\n"
        + "                    waiting.done.set_result(early)\n"
        + _APPENDED,
        (f"{_DURABLE}::test_nobody_is_answered_before_it_is_durable",),
    ),
    Mutation(
        "intent before act, where the call is made",
        "daemon/actors/settling.py",
        "        reply = await self._ask(StepAsked(self._component_id, step))\n",
        "        early = StepGranted(1, step, 'early', 1, self._around.clock.wall() + 60_000_000, 1)\n"
        "        await self._around.actuator.perform(self._plan_id(), component, early, '')\n"
        "        reply = await self._ask(StepAsked(self._component_id, step))\n",
        (f"{_DURABLE}::test_no_call_goes_out_before_its_intent_is_durable",),
    ),
    Mutation(
        "cursor in the transaction of its payments",
        "machines/state/whole.py",
        "case events.PaymentsRecorded() | events.WatermarkReached():\n            state.cursors",
        "case events.WatermarkReached():\n            state.cursors",
        (f"{_WHOLE}::test_the_position_moves_with_its_effect",),
    ),
    Mutation(
        "cursor in the transaction of its command",
        "machines/state/whole.py",
        "            state.cursors[event.stream] = event.entry_id",
        "            pass",
        (f"{_WHOLE}::test_the_position_moves_with_its_effect",),
    ),
    Mutation(
        "hash chain: the content",
        "adapters/journal_rows/chain.py",
        "if event_hash(previous, row) != row.hash:",
        "if False:",
        ("tests/journal/test_damage.py::test_a_changed_event_in_the_middle_is_refused_by_number_and_time",),
    ),
    Mutation(
        "hash chain: gaps",
        "adapters/journal_rows/chain.py",
        "if row.sequence != after + 1:",
        "if row.sequence < after + 1:",
        ("tests/journal/test_damage.py::test_a_missing_event_in_the_middle_is_refused",),
    ),
    Mutation(
        "snapshot digest",
        "adapters/journal_rows/reading.py",
        "whole = sha256(row.state).digest() == row.digest",
        "whole = True",
        ("tests/journal/test_damage.py::test_a_damaged_snapshot_is_passed_over",),
    ),
    Mutation(
        "retention drops only what snapshots cover",
        "adapters/journal_rows/transactions.py",
        "\n             AND sequence <= (SELECT min(sequence) FROM snapshots)",
        "",
        ("tests/journal/test_group_commit.py::test_retention_drops_what_is_old_and_covered",),
    ),
    # --- commands and what is published ---
    Mutation(
        "command age",
        "daemon/verbs/table.py",
        "if bench.stamped_now - sent_at > age_max_s * SECOND:",
        "if False:",
        ("tests/verbs/test_table.py::test_a_command_that_is_too_old_is_refused",),
    ),
    Mutation(
        "a command is carried out once",
        "daemon/actors/commands.py",
        "await self._take(message.stream, unread(message.entries, cursor))",
        "await self._take(message.stream, list(message.entries))",
        ("tests/simulation/test_regressions.py::test_a_full_disk_between_two_commands_does_not_repeat_the_first",),
    ),
    Mutation(
        "a command is carried out once, though its stream is read again by another process",
        "machines/state/cursors.py",
        "        read_before[event.stream] = before\n",
        "        pass\n",
        (f"{_BEHIND}::test_answered_commands_are_left_alone_by_the_next_process_too",),
    ),
    Mutation(
        "a command is carried out once, though the clock of Redis is ahead",
        "daemon/actors/answered.py",
        "(found_older and oldest < since)",
        "oldest < since",
        (f"{_ANSWERED}::test_an_answer_is_found_however_far_the_clock_of_redis_is_ahead",),
    ),
    Mutation(
        "one reply a command: none is missing",
        "daemon/actors/commands.py",
        "return [*judged.events, answered]",
        "return [*judged.events, CursorMoved(stream, command.entry_id, answered.reason)]",
        (_REPLY,),
    ),
    Mutation(
        "one reply a command: none is doubled",
        "daemon/actors/commands.py",
        "return [*judged.events, answered]",
        "return [*judged.events, answered, answered]",
        (_REPLY,),
    ),
    Mutation(
        "one reply a command: none is left out of what is published",
        "daemon/publication/entries.py",
        "if not isinstance(event, events.CommandAnswered):",
        'if not isinstance(event, events.CommandAnswered) or event.outcome == "refused":',
        (_REPLY,),
    ),
    Mutation(
        "the id of an entry is its event's number",
        "daemon/publication/entries.py",
        "_MICROSECONDS_PER_MILLISECOND}-{recorded.sequence}",
        "_MICROSECONDS_PER_MILLISECOND}-{recorded.sequence % 3}",
        ("tests/publication/test_entries.py::test_the_id_is_milliseconds_and_sequence",),
    ),
    Mutation(
        "publication goes on behind the newest entry",
        "daemon/publication/outlet.py",
        "fresh = [each for each in events if each.sequence > self.position]",
        "fresh = list(events)",
        ("tests/publication/test_exactly_once.py::test_a_process_killed_anywhere_leaves_neither_hole_nor_double",),
    ),
    # --- breakers, tokens, and what the world shows ---
    Mutation(
        "breaker persistence",
        "machines/state/whole.py",
        "state.breakers[event.breaker] = Breaker(",
        "_ = Breaker(",
        (f"{_WHOLE}::test_a_breakers_memory_is_that_of_its_newest_event",),
    ),
    Mutation(
        "half-open lets one probe through",
        "machines/breaker.py",
        "if breaker.status is _OPEN and wait_micros(breaker, now) <= 0:",
        "if wait_micros(breaker, now) <= 0:",
        ("tests/machines/test_breaker.py::test_while_a_probe_is_under_way_nobody_else_goes",),
    ),
    Mutation(
        "epoch in tokens",
        "machines/tokens.py",
        "component, str(generation), str(epoch)",
        "component, str(generation)",
        ("tests/machines/test_tokens.py::test_every_part_of_the_key_matters",),
    ),
    Mutation(
        "generation in tokens",
        "machines/tokens.py",
        "component, str(generation), str(epoch)",
        "component, str(epoch)",
        ("tests/machines/test_tokens.py::test_two_generations_never_share_a_token",),
    ),
    Mutation(
        "a newer plan gives back nothing of what waits for its repair",
        "machines/state/whole.py",
        "ComponentState.HOT if _is_kept(record, old) else record.state",
        "record.state",
        (f"{_WHOLE}::test_what_waits_for_its_repair_counts_the_newer_plans_full_price",),
    ),
    Mutation(
        "an orphan is confirmed by two reads",
        "machines/sweeping.py",
        "if key in first.orphans and key not in known",
        "if key not in known",
        ("tests/orphans/test_sweep.py::test_what_only_the_second_read_found_waits_for_the_next_sweep",),
    ),
)
