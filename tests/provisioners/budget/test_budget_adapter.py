"""What the budget adapter does beside the contract: rivals, differences, faults, the bill and the preflight."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from adapters.provisioners.budget import BudgetObserver, BudgetProvisioner, Reconciled, reconcile
from adapters.provisioners.budget.recipe import BUDGETS
from adapters.provisioners.registry import Surroundings, preflight_of
from adapters.redis_keys import KeyConnection
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Ambiguous, Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import Resource, StepDone
from tests.contracts.provisioner_harness import TOKEN
from tests.provisioners.budget.budget_world import UNIT, BudgetWorld

NOBODY = "redis://127.0.0.1:1"


@pytest.fixture
async def connection(world: BudgetWorld) -> AsyncIterator[KeyConnection]:
    """What reconciling is given."""
    connection = KeyConnection(BUDGETS, world.url, world.instance, world.clock)
    yield connection
    await connection.close()


def surroundings(world: BudgetWorld, url: str) -> Surroundings:
    """Of a daemon on this Redis."""
    return Surroundings(Path("nowhere"), world.clock, lambda _: 0, {}, url, world.instance)


async def test_the_key_says_what_the_application_may_read(world: BudgetWorld) -> None:
    """Its fields are the public ones, money in millionths."""
    resource = world.resource("voice")
    await world.walk(resource, "warm", "activate")

    fields = world.fields(resource)

    stated = {name: fields[name] for name in fields if name not in ("calendar", "period", "period_ends_at_ms")}
    assert stated == {
        "plan": "shop",
        "token": TOKEN,
        "generation": "1",
        "state": "on",
        "api": "hume-ai",
        "unit": "minute",
        "budget_micros": "600000000",
        "unit_price_micros": "150000",
        "warn_percent": "80",
        "warn_at_micros": "480000000",
        "timezone": "UTC",
        "spent_micros": "0",
        "warned": "0",
    }
    assert fields["calendar"].startswith(f"{fields['period']}={fields['period_ends_at_ms']} ")


async def test_a_look_says_what_is_spent_and_what_it_may_cost(world: BudgetWorld) -> None:
    """Hot, a month costs its whole budget at most; warm it costs nothing."""
    resource = world.resource("voice")
    await world.walk(resource, "warm")
    warm = await world.provisioner().observe(resource)
    await world.walk(resource, "activate")
    world.spend(resource, 12 * UNIT)
    hot = await world.provisioner().observe(resource)

    assert (0, 600 * UNIT) == (warm.cost_micros, hot.cost_micros)
    assert f"12.00 of 600.00 spent in {world.fields(resource)['period']}" == hot.detail


async def test_a_look_after_the_month_shows_nothing_spent(world: BudgetWorld) -> None:
    """And changes nothing: the next spend begins the month."""
    resource = world.resource("voice")
    await world.walk(resource, "warm", "activate")
    world.redis.hset(world.key(resource), mapping={"period": "2020-01", "period_ends_at_ms": "1"})
    image = world.image()

    seen = await world.provisioner().observe(resource)

    assert "nothing spent of 600.00 since 2020-01 ended" == seen.detail
    assert image == world.image()


async def test_other_options_are_a_difference_that_activation_mends(world: BudgetWorld) -> None:
    """A changed price is named, activating writes it, and what was spent stays."""
    await world.walk(world.resource("voice"), "warm", "activate")
    changed = world.resource("voice", unit_price="0.30")
    world.spend(changed, UNIT)
    seen = await world.provisioner().observe(changed)

    await world.walk(changed, "activate")

    assert "unit_price_micros is '150000' instead of '300000'" in seen.differences
    assert () == (await world.provisioner().observe(changed)).differences
    assert [1, "counted", 300_000, 1_198_700_000, 0] == world.spend(changed, UNIT, mode="units")


async def test_months_that_run_out_are_a_difference(world: BudgetWorld) -> None:
    """With fewer than three months written ahead, activating writes 25 again."""
    resource = world.resource("voice")
    await world.walk(resource, "warm", "activate")
    world.redis.hset(world.key(resource), "calendar", "2020-01=1 2098-01=9000000000000")
    seen = await world.provisioner().observe(resource)

    await world.walk(resource, "activate")

    assert ("only 1 months are written ahead, after which every spend is refused",) == seen.differences
    assert 25 == len(world.fields(resource)["calendar"].split())


async def test_a_damaged_key_is_broken_and_mended_by_the_same_step(world: BudgetWorld) -> None:
    """Unreadable numbers serve nobody; taking the step again writes them, the spent sum from the month's record."""
    resource = world.resource("voice")
    await world.walk(resource, "warm", "activate")
    world.spend(resource, 7 * UNIT)
    world.redis.hset(world.key(resource), mapping={"spent_micros": "much", "budget_micros": ""})
    seen = await world.provisioner().observe(resource)

    await world.walk(resource, "activate")

    assert ResourceState.BROKEN is seen.state
    assert [1, "counted", 1, 593 * UNIT - 1, 0] == world.spend(resource, 1)


async def test_another_plans_budget_is_left_alone(world: BudgetWorld) -> None:
    """One key for one plan: looking and acting are refused with the plan's name."""
    await world.walk(world.resource("voice"), "warm")
    other = Resource("bakery", "voice", world.resource().options)
    image = world.image()

    for refused in (world.provisioner().observe(other), world.provisioner().take(Step.WARM, world.order(other))):
        with pytest.raises(Permanent, match="belongs to the plan shop, not to bakery"):
            await refused
    assert image == world.image()


async def test_a_key_of_another_type_is_refused(world: BudgetWorld) -> None:
    """Somebody else's text under the key is named, and never absent."""
    resource = world.resource("voice")
    world.redis.set(world.key(resource), "mine")

    with pytest.raises(Permanent, match="something else under our key"):
        await world.provisioner().observe(resource)


async def test_two_daemons_that_switch_at_once_leave_one_state(world: BudgetWorld) -> None:
    """On and off at once: both end in a done step and the key shows one of the two, whole."""
    resource = world.resource("voice")
    await world.walk(resource, "warm", "activate")

    answers = await asyncio.gather(
        world.provisioner().take(Step.ACTIVATE, world.order(resource, "token-of-the-other-one")),
        world.provisioner().take(Step.DEACTIVATE, world.order(resource)),
    )

    assert all(isinstance(each, StepDone) for each in answers)
    fields = world.fields(resource)
    assert (fields["state"], fields["token"]) in {("on", "token-of-the-other-one"), ("off", TOKEN)}


async def test_a_hot_budget_can_be_removed_by_order(world: BudgetWorld) -> None:
    """An orphan is removed at once, and the month's record stays."""
    resource = world.resource("voice")
    await world.walk(resource, "warm", "activate")
    world.spend(resource, UNIT)
    (found,) = await world.provisioner().list_resources("shop", ())

    await world.provisioner().remove(found, Mandate())

    assert ("on", 1, []) == (found.detail, found.generation, world.tokens(resource))
    assert {str(UNIT)} == {
        world.redis.hget(key, "spent_micros") for key in world.redis.scan_iter(f"*{world.instance}*:2*")
    }


async def test_removal_asks_for_the_token(world: BudgetWorld) -> None:
    """What was made anew since the list is not removed."""
    resource = world.resource("voice")
    await world.walk(resource, "warm")
    (found,) = await world.provisioner().list_resources("shop", ())

    with pytest.raises(Permanent, match="no longer carries the token earlier"):
        await world.provisioner().remove(msgspec.structs.replace(found, token="earlier"), Mandate())

    assert [TOKEN] == world.tokens(resource)


async def test_a_redis_that_nobody_started_is_transient(world: BudgetWorld) -> None:
    """Nothing was sent, so nothing is unknown."""
    provisioner = BudgetProvisioner(NOBODY, world.instance, world.clock)

    with pytest.raises(Transient, match="cannot be reached"):
        await provisioner.take(Step.WARM, world.order(world.resource()))
    await provisioner.close()


async def test_a_passed_deadline_begins_nothing(world: BudgetWorld) -> None:
    """A step that comes too late is not sent."""
    resource = world.resource()

    with pytest.raises(Transient, match="the deadline passed before warm of shop/web"):
        await world.provisioner().take(Step.WARM, world.order(resource, within_s=0))

    assert [] == world.tokens(resource)


@pytest.mark.parametrize("url", ["", "http://127.0.0.1"])
async def test_no_redis_is_refused_for_good(world: BudgetWorld, url: str) -> None:
    """A daemon without one, or with an address that names none, says what to give."""
    observer = BudgetObserver(url, world.instance, world.clock)

    with pytest.raises(Permanent, match=r"--redis|redis://127"):
        await observer.observe(world.resource())


# The bill


async def test_a_higher_bill_is_taken_over(world: BudgetWorld, connection: KeyConnection) -> None:
    """What the provider billed beyond our count is gone from the budget."""
    resource = world.resource("voice")
    await world.walk(resource, "warm", "activate")
    world.spend(resource, 10 * UNIT)
    period = world.fields(resource)["period"]

    done = await reconcile(connection, "voice", period, 599 * UNIT, "", order="1", mandate=Mandate())

    assert Reconciled("voice", period, 10 * UNIT, 599 * UNIT) == done
    assert [0, "spent", 0, UNIT, 0] == world.spend(resource, UNIT + 1)


async def test_a_lower_bill_needs_a_reason(world: BudgetWorld, connection: KeyConnection) -> None:
    """Without one nothing changes; with one it is kept in the month's record."""
    resource = world.resource("voice")
    await world.walk(resource, "warm", "activate")
    world.spend(resource, 10 * UNIT)
    period = world.fields(resource)["period"]

    with pytest.raises(Permanent, match="give the reason"):
        await reconcile(connection, "voice", period, UNIT, "", order="1", mandate=Mandate())
    assert str(10 * UNIT) == world.fields(resource)["spent_micros"]
    await reconcile(connection, "voice", period, UNIT, "refunded by the provider", order="1", mandate=Mandate())

    record = world.redis.hgetall(f"{world.key(resource)}:{period}")
    assert (str(UNIT), str(UNIT)) == (record["spent_micros"], world.fields(resource)["spent_micros"])
    assert ("refunded by the provider", str(10 * UNIT)) == (
        record["reconciled_reason"],
        record["reconciled_from_micros"],
    )


@pytest.mark.parametrize("billed", [UNIT, 10 * UNIT, 20 * UNIT])
async def test_an_order_that_is_repeated_takes_back_nothing(
    world: BudgetWorld, connection: KeyConnection, billed: int
) -> None:
    """What was spent since it was carried out stays counted; its answer is the one that was lost."""
    resource = world.resource("voice")
    await world.walk(resource, "warm", "activate")
    world.spend(resource, 10 * UNIT)
    period = world.fields(resource)["period"]
    first = await reconcile(connection, "voice", period, billed, "invoice 4711", order="1", mandate=Mandate())
    world.spend(resource, 5 * UNIT)

    again = await reconcile(connection, "voice", period, billed, "invoice 4711", order="1", mandate=Mandate())

    assert Reconciled("voice", period, 10 * UNIT, billed) == first == again
    assert str(billed + 5 * UNIT) == world.fields(resource)["spent_micros"]


async def test_another_order_of_the_same_bill_is_carried_out(world: BudgetWorld, connection: KeyConnection) -> None:
    """Only the same order is one and the same."""
    resource = world.resource("voice")
    await world.walk(resource, "warm", "activate")
    period = world.fields(resource)["period"]
    await reconcile(connection, "voice", period, 20 * UNIT, "invoice 4711", order="1", mandate=Mandate())
    world.spend(resource, 5 * UNIT)

    assert Reconciled("voice", period, 25 * UNIT, 20 * UNIT) == await reconcile(
        connection, "voice", period, 20 * UNIT, "invoice 4712", order="2", mandate=Mandate()
    )


async def test_a_bill_of_a_past_month_leaves_the_present_one(world: BudgetWorld, connection: KeyConnection) -> None:
    """A late bill changes that month's record only."""
    resource = world.resource("voice")
    await world.walk(resource, "warm", "activate")

    await reconcile(connection, "voice", "2020-01", 5 * UNIT, "", order="1", mandate=Mandate())

    assert "0" == world.fields(resource)["spent_micros"]
    assert str(5 * UNIT) == world.redis.hget(f"{world.key(resource)}:2020-01", "spent_micros")


@pytest.mark.parametrize(("period", "billed"), [("2020", 1), ("2020-13", 1), ("2020-01", -1), ("2020-01", 10**16)])
async def test_what_is_no_bill_is_refused(connection: KeyConnection, period: str, billed: int) -> None:
    """No month, or a sum that Lua cannot count."""
    with pytest.raises(Permanent, match="expected a"):
        await reconcile(connection, "voice", period, billed, "", order="1", mandate=Mandate())


# Before the first step


async def test_a_real_redis_passes_the_preflight(world: BudgetWorld) -> None:
    """Nothing to say, and nothing written."""
    assert () == await preflight_of("budget", (world.resource(),), surroundings(world, world.url))
    assert {} == world.image()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [("", "the daemon has none: let --redis or SOLVENT_REDIS name one"), (NOBODY, "cannot be reached")],
)
async def test_a_redis_that_is_away_fails_the_preflight(world: BudgetWorld, url: str, sentence: str) -> None:
    """One sentence, however many budgets."""
    resources = (world.resource("one"), world.resource("two"))

    (found,) = await preflight_of("budget", resources, surroundings(world, url))

    assert sentence in found


async def test_a_redis_without_scripts_fails_the_preflight(world: BudgetWorld, fake_redis_url: str) -> None:
    """The embedded imitation knows no EVAL without lupa."""
    (found,) = await preflight_of("budget", (world.resource(),), surroundings(world, fake_redis_url))

    assert "knows no EVAL: let --redis or SOLVENT_REDIS name a real Redis" in found


async def test_a_budget_of_another_plan_fails_the_preflight(world: BudgetWorld) -> None:
    """Found before the first step, with what to do."""
    await world.walk(world.resource("voice"), "warm")
    other = Resource("bakery", "voice", world.resource().options)

    (found,) = await preflight_of("budget", (other,), surroundings(world, world.url))

    assert "give each plan's daemon its own --instance or SOLVENT_INSTANCE" in found


async def test_a_silent_redis_is_ambiguous() -> None:
    """Whether a lost connection carried out the request is unknown."""
    closing = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    world_url = f"redis://127.0.0.1:{closing.sockets[0].getsockname()[1]}"
    world = BudgetWorld(world_url)

    with pytest.raises(Ambiguous):
        await world.provisioner().observe(world.resource())
    await world.close()
    closing.close()
