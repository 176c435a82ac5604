"""Guards of how components look: what a look may give back, and that there is always a next one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tests.mutations.mutation import Mutation

_LOOKING: Final = "daemon/actors/looking.py"
_SETTLING: Final = "daemon/actors/settling.py"
_SETTLEMENTS: Final = "daemon/actors/settlements.py"
_GIVEN_UP: Final = "tests/simulation/test_given_up.py"
_STALE: Final = "tests/simulation/test_stale_looks.py"
_CUT_OFF: Final = "tests/faults/kinds/test_cut_off.py"
_LATE_WAYS: Final = "tests/faults/kinds/test_late_ways.py"
_TOGETHER: Final = "tests/actors/test_settlements.py"
_ALWAYS: Final = "tests/simulation/test_always_looks.py"

OF_LOOKING: Final[Sequence[Mutation]] = (
    Mutation(
        "unknown is no answer: AWS, cut off",
        "adapters/provisioners/aws/clients.py",
        'made.meta.events.register("before-parse", require_whole)',
        "pass",
        (
            f"{_CUT_OFF}::test_every_change_of_a_life_is_done_once_though_each_reply_is_lost[aws_ecr-ended]",
            f"{_CUT_OFF}::test_a_look_that_is_cut_shows_nothing_rather_than_absence[aws_ecr-ended]",
        ),
    ),
    Mutation(
        "unknown is no answer: Kubernetes, lost",
        "adapters/provisioners/kubernetes/calls.py",
        'raise Ambiguous(f"the answer to {what} was lost: {error}") from error',
        'raise Transient(f"the answer to {what} was lost: {error}") from error',
        (f"{_CUT_OFF}::test_every_change_of_a_life_is_done_once_though_each_reply_is_lost[kubernetes-before]",),
    ),
    Mutation(
        "unknown is not zero: a proxy's 404",
        "adapters/provisioners/kubernetes/calls.py",
        "if not _is_of_a_server(answer):",
        "if False:",
        ("tests/provisioners/kubernetes/test_unusable_answers.py::test_a_proxys_404_is_no_absence",),
    ),
    Mutation(
        "unknown is no refusal: Kubernetes, hung up",
        "adapters/provisioners/kubernetes/calls.py",
        "if _is_cut(error):",
        "if False:",
        (f"{_CUT_OFF}::test_who_hangs_up_at_once_is_no_reason_to_give_up[kubernetes-tls]",),
    ),
    Mutation(
        "no step is asked of an agent after its deadline",
        "adapters/provisioners/mqtt/exchange.py",
        "            limit_s = self._limit_s(options, question, deadline_at)  # only now: to connect takes time\n",
        "            limit_s = float(options.answer_timeout_s)\n",
        (f"{_LATE_WAYS}::test_an_agent_is_not_asked_after_the_deadline_however_long_it_took_to_reach_it",),
    ),
    Mutation(
        "drift is confirmed by two looks",
        "daemon/actors/component.py",
        "if (sight, record.resource_name) != self._doubted:",
        "if False:",
        ("tests/simulation/test_confirmed_twice.py::test_one_look_is_no_drift",),
    ),
    Mutation(
        "a cost is given back after two looks",
        _SETTLING,
        "if self._shown != (intent.sequence, shown):",
        "if False:",
        (
            f"{_STALE}::test_one_look_that_shows_nothing_finds_no_lowering_done",
            f"{_STALE}::test_one_look_that_shows_nothing_gives_no_raise_up",
        ),
    ),
    Mutation(
        "a raise of which nothing is seen counts until the slow view was waited out",
        _SETTLING,
        "if self._may_be_given_back(intent, Resolution.ABANDON):",
        "if True:",
        (
            f"{_GIVEN_UP}::test_what_was_begun_and_is_not_shown_yet_counts",
            f"{_GIVEN_UP}::test_what_never_began_is_given_back_after_the_slow_view",
            f"{_GIVEN_UP}::test_who_begins_anew_waits_anew",
        ),
    ),
    Mutation(
        "a lowering is found done once the slow view of the last raise was waited out",
        _SETTLING,
        "        left_s = self._slow_view_left_s()\n        if left_s > 0:\n",
        "        left_s = self._slow_view_left_s()\n        if left_s > 0 and shown is Resolution.ABANDON:\n",
        (
            f"{_STALE}::test_a_lowering_that_never_began_is_not_found_done_in_the_past",
            f"{_STALE}::test_who_begins_anew_does_not_believe_it_either",
            f"{_STALE}::test_a_lowering_that_was_done_is_found_after_the_grace",
        ),
    ),
    Mutation(
        "after a restart the slow view is waited out anew",
        _LOOKING,
        "raised_at_s = self._began_at_s if self._raised_at_s is None else self._raised_at_s",
        "raised_at_s = -1e9 if self._raised_at_s is None else self._raised_at_s",
        (
            f"{_GIVEN_UP}::test_who_begins_anew_waits_anew",
            f"{_STALE}::test_who_begins_anew_does_not_believe_it_either",
        ),
    ),
    Mutation(
        "how long ago a raise was is not asked of a clock that steps",
        _LOOKING,
        "if self._raised_at_s is not None and self._slow_view_left_s() > 0:",
        "if False:",
        (f"{_STALE}::test_a_clock_that_steps_back_makes_no_drift_of_a_stale_look",),
    ),
    Mutation(
        "what is refused for good counts while an earlier call may show later",
        _SETTLING,
        "if seen is not None and may_show_the_past and not shows_what_stood(granted.step, granted.attempt, seen):",
        "if False:",
        (
            f"{_GIVEN_UP}::test_what_was_begun_counts_though_the_next_attempt_is_refused_for_good",
            f"{_STALE}::test_a_lowering_refused_for_good_keeps_what_a_stale_look_does_not_show",
        ),
    ),
    Mutation(
        "what was confirmed HOT is shown by HOT alone",
        "machines/stepping.py",
        "            return seen.state is ResourceState.HOT\n",
        "            return seen.state is not ResourceState.ABSENT\n",
        (f"{_STALE}::test_a_lowering_refused_for_good_keeps_what_a_stale_look_does_not_show",),
    ),
    Mutation(
        "who is told that nobody wants a raise does not ask again and again",
        _SETTLING,
        "case Resolution.RETRY if self._withdrawn == (intent.sequence, self._target):",
        "case Resolution.RETRY if False:",
        (f"{_GIVEN_UP}::test_what_never_began_is_given_back_after_the_slow_view",),
    ),
    Mutation(
        "a raise that is wanted again goes on",
        "daemon/actors/component.py",
        "                    self._withdrawn = None  # it is wanted again\n",
        "                    pass\n",
        (f"{_GIVEN_UP}::test_what_is_wanted_again_in_the_meantime_is_not_given_up",),
    ),
    Mutation(
        "every round of a component at work ends with a look to come",
        "daemon/actors/component.py",
        "                self._look_at_last()\n",
        "                pass\n",
        (
            f"{_ALWAYS}::test_who_may_not_act_for_a_while_goes_on_looking",
            f"{_ALWAYS}::test_who_only_observes_looks_on_at_what_a_predecessor_began",
        ),
    ),
    Mutation(
        "what could not be recorded is looked at again soon",
        _SETTLING,
        "if isinstance(reply, NotRecorded):",
        "if False:",
        (f"{_ALWAYS}::test_a_journal_that_is_away_for_a_moment_stops_no_looks",),
    ),
    Mutation(
        "no wish of a provider hides a deadline",
        _LOOKING,
        "if left_s > 0 else delay_s",
        "if False else delay_s",
        (f"{_ALWAYS}::test_no_announcement_hides_a_deadline",),
    ),
    Mutation(
        "what a provider announces is waited for an hour at most",
        "daemon/actors/component_times.py",
        "min(announced_s or 0.0, RETRY_AFTER_S_MAX)",
        "announced_s or 0.0",
        (f"{_ALWAYS}::test_a_day_without_an_intent_is_looked_at_after_an_hour",),
    ),
    Mutation(
        "a raise that somebody took further counts what stands",
        "machines/outcomes.py",
        "max(after.committed_micros, standing_found(component, seen).committed_micros)",
        "after.committed_micros",
        ("tests/machines/test_raised_further.py::test_a_warming_that_is_found_hot_counts_as_hot",),
    ),
    Mutation(
        "a provider's wish is followed for an hour at most",
        "machines/ports/faults.py",
        "min(max(0.0, seconds), RETRY_AFTER_S_MAX)",
        "seconds",
        ("tests/machines/test_retry_after.py::test_a_wish_is_followed_for_an_hour_at_most",),
    ),
    Mutation(
        "a breaker counts each failure of those that came together",
        _SETTLEMENTS,
        "while not group[-1].teaches and (judged",
        "while (judged",
        (f"{_TOGETHER}::test_a_breaker_counts_each_failure_of_those_that_came_together",),
    ),
    Mutation(
        "an intent ends once, though it is settled twice together",
        _SETTLEMENTS,
        "if told is None or any(told.component == one.told.component for one in group):",
        "if told is None:",
        (f"{_TOGETHER}::test_a_component_is_judged_by_what_was_said_of_it_before",),
    ),
    Mutation(
        "what is told too late ends no later attempt",
        _SETTLEMENTS,
        " or record.intent.sequence != told.intent:",
        ":",
        (f"{_TOGETHER}::test_what_is_told_too_late_ends_no_later_attempt",),
    ),
    Mutation(
        "a supervisor that restarts takes no step back",
        "daemon/actors/supervisor.py",
        "        self._seen = ()  # what waits already",
        "        pass  # what waits already",
        ("tests/actors/test_who_may_move.py::test_a_supervisor_that_restarts_takes_no_step_back",),
    ),
    Mutation(
        "costs are counted by the plan that decides by then",
        _SETTLEMENTS,
        "still=lambda: self._recorder.state.plan is plan",
        "still=lambda: True or plan",
        (f"{_TOGETHER}::test_costs_are_counted_by_a_plan_that_came_first",),
    ),
    Mutation(
        "a row that is given again freezes nothing anew",
        "daemon/actors/source_watch.py",
        "(event.key in state.freezes or event.key not in fields)",
        "event.key in state.freezes",
        ("tests/simulation/test_sources.py::test_a_row_without_a_rate_freezes_once",),
    ),
)
