"""`reload`: read the plan's file again and approve it."""

from __future__ import annotations

import msgspec

from config.errors import PlanError
from config.loading import plan_from_text
from config.plan import Plan
from machines.events import (
    AttestationEnded,
    Attested,
    FreezeChanged,
    LevelHeld,
    LevelHoldEnded,
    PaymentsRecorded,
    PlanAdopted,
    ThresholdEnded,
    ThresholdSet,
)
from machines.state.operators import Operators
from tests.deciding.months import UNIT
from tests.machines.histories import COLD, HOT, NOW, SHOP, WARM, acting, walked, with_component
from tests.revenue.payment_values import counted
from tests.verbs.benches import bench, refused, told

RENAMED = msgspec.structs.replace(SHOP, name="Renamed")
CHECKED = msgspec.structs.replace(SHOP, checklist={"audited": "the auditor signed"})
RENAMED_CHECKED = msgspec.structs.replace(CHECKED, name="Renamed")
DOLLARS = msgspec.structs.replace(SHOP, currency="USD")
BERLIN = msgspec.structs.replace(SHOP, timezone="Europe/Berlin", name="Berlin")
SAME = PlanAdopted(SHOP, "Shop EUR")

CHANGED = FreezeChanged("plan_changed", frozen=True, reason="the file differs")
PAID = PaymentsRecorded("payments", "1-0", NOW, (counted("2024-05-10T00:00:00Z", 100),))


def adopted(plan: Plan, fingerprint: str) -> PlanAdopted:
    """What a reload records: another plan, whose prices count from now on."""
    return PlanAdopted(plan, fingerprint, recosts=True)


def test_a_changed_plan_is_adopted_and_thawed() -> None:
    """It decides from now on, with its fingerprint."""
    judged = told("reload", bench(acting(SAME, CHANGED), plan=RENAMED))

    assert ("done", "the plan shop decides from now on") == (judged.outcome, judged.reason)
    assert (adopted(RENAMED, "Renamed EUR"), FreezeChanged("plan_changed", frozen=False)) == judged.events


def test_a_plan_that_did_not_freeze_thaws_nothing() -> None:
    """Other freezes stay as they are."""
    clock = FreezeChanged("clock", frozen=True)

    assert (adopted(RENAMED, "Renamed EUR"),) == told("reload", bench(acting(SAME, clock), plan=RENAMED)).events


def test_an_unchanged_plan_is_not_adopted_again() -> None:
    """Where it was changed back, the freeze ends."""
    unchanged = told("reload", bench(acting(SAME)))

    assert ("the plan is unchanged", ()) == (unchanged.reason, unchanged.events)
    assert (FreezeChanged("plan_changed", frozen=False),) == told("reload", bench(acting(SAME, CHANGED))).events


def broken_plan() -> PlanError:
    """The error of a plan's file that says nothing."""
    try:
        plan_from_text("", "plan.yaml")
    except PlanError as error:
        return error
    raise AssertionError("an empty plan was accepted")


def test_a_plan_that_cannot_be_read_is_refused() -> None:
    """With all that the reader says of it."""
    error = broken_plan()

    refused("reload", bench(acting(SAME), plan=error), f"plan: {error}")


def test_currency_and_time_zone_stay_once_payments_were_counted() -> None:
    """Recorded sums are in one currency and one zone."""
    state = acting(SAME, PAID)

    refused("reload", bench(state, plan=DOLLARS), "currency: the journal counts in EUR; start a new state directory")
    refused(
        "reload", bench(state, plan=BERLIN), "timezone: the journal's months are of UTC; start a new state directory"
    )


def test_before_the_first_payment_anything_may_change() -> None:
    """There is nothing to contradict."""
    assert [adopted(DOLLARS, "Shop USD")] == list(told("reload", bench(acting(SAME), plan=DOLLARS)).events)
    assert [adopted(BERLIN, "Berlin EUR")] == list(told("reload", bench(acting(SAME), plan=BERLIN)).events)


def test_reload_takes_no_path() -> None:
    """The file is the one that the daemon was started with."""
    refused("reload", bench(acting()), "path: reload takes by, prices, reason", path="other.yaml")


DEARER = msgspec.structs.replace(with_component(SHOP, "cache", monthly_cost_micros=101 * UNIT), name="Dearer")
STRANGE = "cache.monthly_cost: 20.00 before, 101.00 now"


def test_a_price_five_times_the_old_one_is_refused() -> None:
    """The sentence has both figures, and what to do."""
    reason = (
        f"plan: {STRANGE}: changed by more than a factor of 5; mend the plan, or send reload with prices=accept and a"
        " reason"
    )
    refused("reload", bench(acting(SAME, CHANGED), plan=DEARER), reason)
    refused("reload", bench(acting(SAME, CHANGED), plan=DEARER), reason, reason="it is right")


def test_an_operator_may_accept_it_with_a_reason() -> None:
    """Whoever looked says so, and why; the answer stands in the journal."""
    before = bench(acting(SAME), plan=DEARER)

    refused("reload", before, "reason: missing; expected why these prices are right", prices="accept")
    assert (adopted(DEARER, "Dearer EUR"),) == told(
        "reload", bench(acting(SAME), plan=DEARER), prices="accept", reason="a larger cache"
    ).events


def test_nothing_but_accept_is_taken() -> None:
    """A slip in the word is no consent."""
    refused("reload", bench(acting(SAME), plan=DEARER), "prices: expected accept, found 'yes'", prices="yes")


def test_accepting_is_allowed_where_no_price_is_strange() -> None:
    """It takes nothing away."""
    assert "done" == told("reload", bench(acting(SAME), plan=RENAMED), prices="accept").outcome


def test_what_stands_is_not_left_behind_at_another_place() -> None:
    """A component that is not COLD keeps its kind and the options that say where it is."""
    at_home = with_component(SHOP, "cache", provisioner="aws_ecr", options={"region": "eu-central-1"})
    away = with_component(SHOP, "cache", provisioner="aws_ecr", options={"region": "eu-west-1"})
    at_first = PlanAdopted(at_home, "Shop EUR")

    refused(
        "reload",
        bench(acting(at_first, *walked("cache", COLD, HOT)), plan=msgspec.structs.replace(away, name="Away")),
        "plan: cache has region 'eu-west-1' instead of 'eu-central-1', and stands at the former place: nobody would "
        "look for it there. Let it go COLD first, or give the new one another id",
    )
    refused(
        "reload",
        bench(acting(SAME, *walked("cache", COLD, WARM)), plan=msgspec.structs.replace(away, name="Away")),
        "plan: cache has provisioner 'aws_ecr' instead of 'simulated', and stands at the former place: nobody would "
        "look for it there. Let it go COLD first, or give the new one another id",
    )
    assert "done" == told("reload", bench(acting(adopted), plan=msgspec.structs.replace(away, name="Away"))).outcome


def test_what_stands_keeps_its_plans_name() -> None:
    """The tags of what stands carry the plan's id: under another one solvent would make everything again."""
    other = msgspec.structs.replace(RENAMED, id="store")

    refused(
        "reload",
        bench(acting(SAME, *walked("cache", COLD, WARM)), plan=other),
        "plan: it is called store and what stands (cache) carries the name shop: keep the name, let all of it go COLD "
        "first, or start a new state directory",
    )
    assert "done" == told("reload", bench(acting(SAME), plan=other)).outcome


HELD = LevelHeld(2, None, "a fair", "ann")
THRESHOLD = ThresholdSet(2, 700 * UNIT, 600 * UNIT, None, "a trial", "ann")
SIGNED = Attested("audited", None, "a report", "ann")


def test_a_changed_plan_ends_what_was_set_beside_the_old_one() -> None:
    """Its own minima hold; a level and an item that it does not have are let go, each logged with why."""
    smaller = msgspec.structs.replace(SHOP, levels=SHOP.levels[:2], name="Smaller")
    before = acting(PlanAdopted(CHECKED, "Shop EUR"), HELD, THRESHOLD, SIGNED)

    judged = told("reload", bench(before, plan=smaller))
    assert (
        ThresholdEnded(2, 600 * UNIT, "another plan decides"),
        LevelHoldEnded("another plan decides: level 2 is not large in it"),
        AttestationEnded("audited", "another plan decides: it does not ask for this"),
        adopted(smaller, "Smaller EUR"),
    ) == judged.events
    after = acting(PlanAdopted(CHECKED, "Shop EUR"), HELD, THRESHOLD, SIGNED, *judged.events)
    assert (smaller, Operators()) == (after.plan, after.operators)


def test_what_the_new_plan_has_too_goes_on() -> None:
    """A held level and an attested item of the same name stand; minima are the file's again."""
    judged = told("reload", bench(acting(PlanAdopted(CHECKED, "Shop EUR"), HELD, SIGNED), plan=RENAMED_CHECKED))

    assert (adopted(RENAMED_CHECKED, "Renamed EUR"),) == judged.events


def test_an_unchanged_plan_ends_nothing() -> None:
    """The fingerprint is the file's, whatever was set beside it."""
    unchanged = told("reload", bench(acting(SAME, HELD, THRESHOLD)))

    assert ("the plan is unchanged", ()) == (unchanged.reason, unchanged.events)
