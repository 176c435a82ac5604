"""Guards of what a daemon relies on: the lead before each write, the journal under it, answers that are unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tests.mutations.mutation import Mutation

_WATCHED: Final = "tests/standby/test_watching.py"
_LED_PORTS: Final = "tests/simulation/leading/test_led_ports.py"
_ENDING: Final = "tests/journal/test_unknown_outcome.py"
_GUARDING: Final = "tests/journal/test_guarding.py"
_IF_NOT_LEADING: Final = "        if not self._leadership.leads():\n            raise Transient(NOT_LEADING)\n"
_NOT_FOLDED: Final = "tests/journal/test_not_folded.py"

OF_RELYING: Final[Sequence[Mutation]] = (
    Mutation(
        "leads() before every write to a dial",
        "daemon/leading/led.py",
        _IF_NOT_LEADING + "        return await self._board",
        "        return await self._board",
        (f"{_LED_PORTS}::test_a_daemon_that_leads_no_longer_turns_no_dial",),
    ),
    Mutation(
        "leads() before every write to a broker",
        "daemon/leading/led.py",
        _IF_NOT_LEADING + "        await self._session",
        "        await self._session",
        (f"{_LED_PORTS}::test_a_daemon_that_leads_no_longer_retains_no_topic",),
    ),
    Mutation(
        "a lease counts from the question",
        "daemon/leading/watching.py",
        "sent_at_s=sent_at_s,",
        "sent_at_s=self._now_s(),",
        (f"{_WATCHED}::test_a_lease_counts_from_before_it_was_asked_for",),
    ),
    Mutation(
        "a fenced journal ends the daemon",
        "daemon/journal_ending.py",
        "            self._end(fenced)",
        "            pass",
        (f"{_ENDING}::test_a_fenced_journal_ends_the_daemon",),
    ),
    Mutation(
        "a damaged journal ends the daemon that asks which payments it has seen",
        "daemon/journal_ending.py",
        "        with self._watched():\n            return await self._journal.payments_seen(payment_ids)",
        "        return await self._journal.payments_seen(payment_ids)",
        (f"{_ENDING}::test_a_damaged_journal_ends_the_daemon",),
    ),
    Mutation(
        "who was overtaken knows it from what another wrote",
        "adapters/postgres_journal/claiming.py",
        "is_ours = taken.rowcount == 1",
        "is_ours = True",
        ("tests/journal/test_postgres_fencing.py::test_who_finds_the_next_ones_events_is_fenced_not_damaged",),
    ),
    Mutation(
        "the sessions of a leader before are ended",
        "adapters/postgres_journal/opening.py",
        '    end_older_writers(batch, application_name(place, "journal"))\n',
        "",
        ("tests/journal/test_postgres_fencing.py::test_a_leader_at_work_in_the_server_does_not_hold_up_its_successor",),
    ),
    Mutation(
        "a Redis that says it is a replica is left",
        "adapters/redis_streams/sentinels.py",
        "if said != PRIMARY:",
        "if False:",
        ("tests/streams/test_sentinels.py::test_a_replica_that_sentinels_take_for_the_primary_is_not_even_read",),
    ),
    Mutation(
        "no budget is set without the lead, or after a stop",
        "daemon/actuator.py",
        "                return refused\n            answer = await self._answer(call, mandate)",
        "                pass\n            answer = await self._answer(call, mandate)",
        ("tests/costs/test_reconciling.py::test_a_daemon_that_stops_or_leads_no_longer_sets_no_budget",),
    ),
    Mutation(
        "unknown is no refusal: an adapter's defect",
        "daemon/actuator.py",
        'return Answer(StepOutcome.AMBIGUOUS, f"the provisioner failed',
        'return Answer(StepOutcome.PERMANENT, f"the provisioner failed',
        ("tests/orphans/test_actuator.py::test_a_defect_of_an_adapter_is_unknown_and_no_refusal",),
    ),
    Mutation(
        "a caller that stopped waiting harms no neighbour",
        "adapters/journal_rows/writer.py",
        "if future.done():",
        "if False:",
        ("tests/journal/test_group_commit.py::test_who_stops_waiting_harms_no_neighbour",),
    ),
    Mutation(
        "the open file: its id",
        "adapters/sqlite_journal/guarding.py",
        'if meta(connection, "journal_id") != self._journal_id:',
        "if False:",
        (f"{_GUARDING}::test_the_same_events_under_another_id_are_another_journal",),
    ),
    Mutation(
        "the open file: its log",
        "adapters/sqlite_journal/guarding.py",
        "shrank = now.size_bytes < noted.size_bytes",
        "shrank = False",
        (f"{_GUARDING}::test_a_log_that_was_cut_short_is_found",),
    ),
    Mutation(
        "the open file: its pages",
        "adapters/sqlite_journal/guarding.py",
        "            self._prove_pages(connection)\n",
        "",
        (f"{_GUARDING}::test_a_page_that_holds_no_event_is_looked_at_too",),
    ),
    Mutation(
        "a full journal parks no intake at the gate",
        "daemon/roots/gate.py",
        "        except JournalRefusedError as refused:\n            self._lead",
        "        except InterruptedError as refused:\n            self._lead",
        ("tests/simulation/test_streams_behind.py::test_a_full_disk_over_a_restored_journal_parks_no_intake",),
    ),
    Mutation(
        "who is behind and cannot say so does nothing",
        "daemon/roots/gate.py",
        "            self._lead.kept_out = reason\n            raise StreamsAwayError",
        "            raise StreamsAwayError",
        ("tests/publication/test_gate.py::test_while_the_journal_takes_no_pause_nobody_passes",),
    ),
    Mutation(
        "a journal that refuses ends no audit",
        "daemon/roots/audit.py",
        "except JournalRefusedError as refused:",
        "except InterruptedError as refused:",
        ("tests/audit/test_audit_root.py::test_a_journal_that_refuses_ends_no_audit",),
    ),
    Mutation(
        "a full disk ends no standby",
        "daemon/leading/following.py",
        "except (JournalRefusedError, OSError) as refused:",
        "except JournalRefusedError as refused:",
        ("tests/standby/test_following.py::test_an_error_of_the_system_ends_no_following",),
    ),
    Mutation(
        "a daemon serves where it cannot say where it is found",
        "daemon/assembly/leading.py",
        "    except OSError as error:\n        text =",
        "    except InterruptedError as error:\n        text =",
        ("tests/standby/test_state_directory_away.py::test_a_daemon_serves_without_saying_where_it_is_found",),
    ),
    Mutation(
        "a breaker outlasts no step of the clock",
        "machines/breaker.py",
        "return 0 if left > 2 * cooldown else max(0, min(left, cooldown))",
        "return max(0, left)",
        (
            "tests/machines/test_breaker.py::test_no_step_of_the_clock_outlasts_the_cool_down",
            "tests/machines/test_granting.py::test_a_raise_comes_back_after_the_cool_down_at_the_latest",
            "tests/machines/test_granting.py::test_a_probe_under_way_is_waited_for_no_longer_than_the_cool_down",
        ),
    ),
    Mutation(
        "who could not fold what is durable ends",
        "daemon/recorder.py",
        "        self._kernel.end(failure)\n",
        "",
        (
            f"{_NOT_FOLDED}::test_a_fold_that_fails_ends_the_daemon",
            f"{_NOT_FOLDED}::test_a_listener_that_fails_ends_the_daemon",
        ),
    ),
    Mutation(
        "nothing is written by a state that is not the journal's",
        "daemon/recorder.py",
        "        if self._not_folded:\n",
        "        if False:\n",
        (f"{_NOT_FOLDED}::test_a_fold_that_fails_ends_the_daemon",),
    ),
    Mutation(
        "a question that fails is answered",
        "daemon/recorder.py",
        "            _fail(first.done, defect)\n            return []\n",
        "            raise\n",
        (f"{_NOT_FOLDED}::test_a_question_that_fails_is_the_failure_of_who_asked",),
    ),
    Mutation(
        "what was saved of a journal before is kept",
        "adapters/sqlite_journal/saved.py",
        "    while free.exists():\n",
        "    while False:\n",
        ("tests/journal/test_guarding.py::test_what_was_saved_before_is_kept",),
    ),
    Mutation(
        "no journal is begun beside what was saved of one",
        "adapters/sqlite_journal/opening.py",
        "    if saved is not None:\n",
        "    if False:\n",
        ("tests/journal/test_saved.py::test_no_journal_is_made_beside_what_was_saved_of_one",),
    ),
    Mutation(
        "what was saved is put back without the log of another",
        "adapters/sqlite_journal/saved.py",
        "    if present:\n",
        "    if False:\n",
        ("tests/journal/test_saved.py::test_the_command_moves_the_log_of_another_aside",),
    ),
    Mutation(
        "what follows a commit ends no writer",
        "adapters/sqlite_journal/guarding.py",
        "        except OSError:\n            return\n",
        "        except OSError:\n            raise\n",
        ("tests/journal/test_guarding.py::test_a_folder_that_cannot_be_looked_at_for_a_moment_ends_no_writer",),
    ),
)
