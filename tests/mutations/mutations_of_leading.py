"""Guards of who leads: the lease, what a standby believes, and what is asked right before a call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tests.mutations.mutation import Mutation

_LED: Final = "tests/simulation/leading/test_guards.py"
_ENDED: Final = "test_no_request_changes_anything_once_the_lead_has_ended"
_MEMORY: Final = "tests/provisioners/kubernetes/test_memory_contract.py::TestMemoryContract"
_KUBERNETES: Final = "tests/provisioners/kubernetes/test_fencing.py"
_WATCHED: Final = "tests/standby/test_watching.py"
_TWO: Final = "tests/publication/test_two_leaders.py"
_FOLLOWED: Final = "tests/standby/test_following_histories.py"

OF_LEADING: Final[Sequence[Mutation]] = (
    Mutation(
        "fencing check of an append, in memory",
        "adapters/memory_journal.py",
        "if self._fencing < (newest := self.store.fencing()):",
        "if (newest := self.store.fencing()) < 0:",
        (f"{_LED}::test_an_append_under_an_older_token_is_refused",),
    ),
    Mutation(
        "fencing check of an append, in PostgreSQL",
        "adapters/postgres_journal/claiming.py",
        '"""WHEN (SELECT fencing FROM held) IS DISTINCT FROM ?',
        '"""WHEN (SELECT fencing FROM held) IS DISTINCT FROM ? AND false',
        ("tests/journal/test_postgres_fencing.py::test_the_old_leader_writes_nothing_after_a_takeover",),
    ),
    Mutation(
        "a later leader is seen in Redis right before a call",
        "daemon/actuator.py",
        "            await self._confirm()\n",
        "            pass\n",
        (f"{_LED}::test_another_leader_that_shows_right_before_a_call_keeps_it_from_being_made",),
    ),
    Mutation(
        "a later leader that is seen in Redis ends this one",
        "daemon/roots/gate.py",
        "        if self._entered:\n            self._lead.lose(reason)\n",
        "        if self._entered:\n            return\n",
        (f"{_TWO}::test_a_leader_that_sees_a_later_one_ends",),
    ),
    Mutation(
        "who owns the keys is the later leader",
        "machines/ports/streams.py",
        "(self.epoch, self.fencing) > (standing.epoch, standing.fencing)",
        "self.fencing > 0",
        (f"{_TWO}::test_a_start_under_no_higher_token_is_paused",),
    ),
    Mutation(
        "a leader of a wrong copy stays out however often it starts",
        "daemon/roots/gate.py",
        "            if self._was_kept_out():\n",
        "            if False:\n",
        (f"{_TWO}::test_tokens_that_rise_with_each_start_do_not_win",),
    ),
    Mutation(
        "what a leader did not publish ends it",
        "daemon/roots/gate.py",
        "if found and self._entered and not self._is_behind and self._owner.fencing:",
        "if False:",
        (f"{_TWO}::test_what_this_leader_did_not_publish_ends_it",),
    ),
    Mutation(
        "a claim whose reply was lost is new the next time",
        "adapters/redis_streams/streams.py",
        "is_new = mark == self._mark\n",
        "is_new = False\n",
        ("tests/streams/test_redis_faults.py::test_a_lost_reply_does_not_lose_a_claim",),
    ),
    Mutation(
        "fencing check of a provider",
        "adapters/provisioners/simulated/acting.py",
        "    refuse_fenced(name, Mandate(fencing), standing.fencing)\n",
        "",
        (f"{_LED}::test_the_world_takes_nothing_under_an_older_token",),
    ),
    Mutation(
        "leads() before every call",
        "daemon/actuator.py",
        "if not self._leadership.leads():",
        "if False:",
        (f"{_LED}::test_a_daemon_that_leads_no_longer_calls_nobody",),
    ),
    Mutation(
        "leads() before every request of a call",
        "machines/ports/mandate.py",
        "        if self._leads():\n",
        "        if True:\n",
        (f"{_LED}::test_a_step_ends_where_the_lead_does",),
    ),
    Mutation(
        "the mandate of a request to AWS",
        "adapters/provisioners/aws/calls.py",
        "            if changes:\n",
        "            if False:\n",
        (f"tests/provisioners/aws/test_ecr_contract.py::TestEcrContract::{_ENDED}",),
    ),
    Mutation(
        "the mandate of a request to Kubernetes",
        "adapters/provisioners/kubernetes/calls.py",
        "            if mandate is not None:\n",
        "            if False:\n",
        (f"{_MEMORY}::{_ENDED}",),
    ),
    Mutation(
        "Kubernetes: the number outlives the record",
        "adapters/provisioners/kubernetes/stepping.py",
        "        await fence.raise_to_own()\n        live = await",
        "        live = await",
        (f"{_MEMORY}::test_the_number_outlives_the_resource",),
    ),
    Mutation(
        "Kubernetes: a newer leader's number on each object",
        "adapters/provisioners/kubernetes/stepping.py",
        "if await fence.seal(_owned(group, live)):",
        "if False:",
        (f"{_KUBERNETES}::test_a_late_write_to_what_the_new_leader_found_in_order_is_refused[memory]",),
    ),
    Mutation(
        "Kubernetes: what is made late is taken away",
        "adapters/provisioners/kubernetes/fence.py",
        "            if made is not None:\n",
        "            if False:\n",
        (f"{_KUBERNETES}::test_what_a_late_request_makes_is_taken_away_again[memory]",),
    ),
    Mutation(
        "Kubernetes: what was not there is made only where nothing stands",
        "adapters/provisioners/kubernetes/fence.py",
        '        return {**body, "metadata": {**body["metadata"], "resourceVersion": NEVER}}\n',
        "        return body\n",
        (f"{_KUBERNETES}::test_a_late_creation_spares_what_the_new_leader_made[memory]",),
    ),
    Mutation(
        "Kubernetes: what stands after all is sealed before it is changed",
        "adapters/provisioners/kubernetes/fence.py",
        "        if one is not None and await self.seal([(path, one)]):\n",
        "        if False:\n",
        (f"{_KUBERNETES}::test_what_a_late_request_made_is_spared_once_the_new_leader_took_it[memory]",),
    ),
    Mutation(
        "Kubernetes: what a creation owns is handed to the apply",
        "adapters/provisioners/kubernetes/fence.py",
        "                if seen is not None and is_created(seen):\n",
        "                if False:\n",
        (f"{_KUBERNETES}::test_a_service_whose_maker_ended_while_making_it_is_taken_over[memory]",),
    ),
    Mutation(
        "Kubernetes: a removal names what was seen",
        "adapters/provisioners/kubernetes/fence.py",
        'await self.changes.delete(path, uid, one["metadata"]["resourceVersion"])',
        "await self.changes.delete(path, uid)",
        (f"{_KUBERNETES}::test_a_late_removal_spares_what_the_new_leader_lets_serve[memory]",),
    ),
    Mutation(
        "leads() before every write to a stream",
        "daemon/leading/streams.py",
        "if not self._leadership.leads():",
        "if False:",
        (f"{_LED}::test_a_daemon_that_leads_no_longer_writes_to_no_stream",),
    ),
    Mutation(
        "a standby goes on from the event that it folded",
        "daemon/leading/following.py",
        "                if recorded != awaited:\n                    break\n",
        "",
        (f"{_FOLLOWED}::test_what_a_fail_over_forgot_is_forgotten_though_as_much_was_written_since",),
    ),
    Mutation(
        "a standby folds over no gap",
        "daemon/leading/following.py",
        "elif recorded.sequence == self.state.sequence + 1:",
        "elif recorded.sequence > self.state.sequence:",
        ("tests/standby/test_following.py::test_a_standby_folds_over_no_gap",),
    ),
    Mutation(
        "a standby leads with a state of this journal alone",
        "daemon/leading/following.py",
        "return state if recorded == newest else None",
        "return state",
        (f"{_FOLLOWED}::test_a_state_that_ends_with_an_event_of_another_history_is_not_used",),
    ),
    Mutation(
        "a resume folds over no gap",
        "daemon/resume.py",
        "if recorded.sequence != state.sequence + 1:",
        "if recorded.sequence <= state.sequence:",
        ("tests/standby/test_following.py::test_a_gap_is_never_folded_over",),
    ),
    Mutation(
        "a lease's time is watched",
        "daemon/leading/watching.py",
        "return self._seen_for_s >= wait_s",
        "return True",
        (
            f"{_WATCHED}::test_a_silent_leaders_time_is_waited_out",
            f"{_WATCHED}::test_a_step_of_the_stores_clock_changes_nothing",
        ),
    ),
    Mutation(
        "a lease is taken as it was seen, in memory",
        "adapters/memory_lease.py",
        "if (store.fencing, store.renewals, store.wanted) != (*seen.sign, seen.wanted):",
        "if False:",
        (f"{_WATCHED}::test_an_old_question_that_arrives_late_changes_nothing",),
    ),
    Mutation(
        "a lease is taken as it was seen, in PostgreSQL",
        "adapters/postgres_journal/lease.py",
        "WHERE fencing = %(seen_fencing)s AND renewals = %(seen_renewals)s AND wanted = %(seen_wanted)s",
        "WHERE %(seen_fencing)s + %(seen_renewals)s >= 0 AND %(seen_wanted)s >= ''",
        ("tests/standby/test_postgres_lease.py::TestPostgresLease::test_each_renewal_is_another_sign",),
    ),
    Mutation(
        "a hand-over that began is not called off",
        "adapters/postgres_journal/lease.py",
        " WHERE NOT handing_over",
        "",
        ("tests/standby/test_postgres_lease.py::TestPostgresLease::test_a_wish_is_taken_back",),
    ),
    Mutation(
        "a standby that stops gives back what it was not told of",
        "daemon/standing_by.py",
        "release(self.candidate, None)\n            await self._desk.leave(",
        "leave(self.candidate)\n            await self._desk.leave(",
        ("tests/standby/test_standing_by.py::test_an_answer_that_never_comes_is_not_waited_for",),
    ),
    Mutation(
        "a stop begins no call",
        "daemon/actuator.py",
        "            return Answer(StepOutcome.TRANSIENT, STOPPING, begun=False)",
        "            pass",
        (f"{_LED}::test_a_daemon_that_stops_calls_nobody",),
    ),
    Mutation(
        "a lead that failed is no takeover that failed",
        "daemon/leading/hindrances.py",
        "        if served:\n",
        "        if False:\n",
        (
            "tests/standby/test_leading_again.py::test_a_lead_that_served_did_not_fail_at_the_takeover",
            "tests/standby/test_leading_again.py::test_what_hindered_is_told_as_it_was",
        ),
    ),
    Mutation(
        "a hand-over is done when the standby's start is in the journal",
        "daemon/cli/handing_over.py",
        "        if shown:\n",
        "        if True:\n",
        (
            "tests/standby/test_handing_over.py::test_a_standby_leads_once_it_has_begun_to_serve",
            "tests/standby/test_handing_over.py::test_another_ones_start_is_not_the_standbys",
            "tests/standby/test_handing_over.py::test_a_takeover_that_failed_is_no_success",
        ),
    ),
    Mutation(
        "a start under another token is not the standby's",
        "daemon/cli/journal_starts.py",
        "        return fencing in self._tokens",
        "        return bool(self._tokens)",
        ("tests/standby/test_handing_over.py::test_another_ones_start_is_not_the_standbys",),
    ),
    Mutation(
        "a wish that another overrode is not waited for",
        "daemon/cli/handing_over.py",
        "        if holder and view.wanted != self._name:",
        "        if False:",
        ("tests/standby/test_handing_over.py::test_another_wish_is_not_taken_back",),
    ),
    Mutation(
        "a standby says what keeps it from leading",
        "daemon/standing_by.py",
        "self.following.folded_sequence, self.fault)",
        "self.following.folded_sequence)",
        ("tests/standby/test_standing_by.py::test_who_cannot_read_the_journal_leaves_the_lead_free",),
    ),
    Mutation(
        "a standby that says a fault is not promoted",
        "daemon/cli/promote.py",
        "    if standby.fault:\n",
        "    if False:\n",
        ("tests/standby/test_handing_over.py::test_who_cannot_take_over_is_not_asked",),
    ),
    Mutation(
        "a standby tells that its plan is not the journal's",
        "daemon/leading/own_plan.py",
        "same = plan_fingerprint(own) == followed.plan_fingerprint",
        "same = True",
        ("tests/standby/test_own_plan.py::test_another_plan_is_said_once_and_then_that_it_is_the_same",),
    ),
    Mutation(
        "the doctor does not call nobody who leads well",
        "daemon/doctor/lead.py",
        "return several or view.leader is not None or bool(view.standbys)",
        "return False",
        ("tests/doctor/test_lead.py::test_a_lease_that_ran_out_is_a_problem",),
    ),
)
