"""The application's script: never more than the month's budget, exact, once for each request."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis
from redis import exceptions as redis_exceptions
from redis.asyncio import Redis as AsyncRedis

from adapters.provisioners.budget.scripts import RECORD_KEPT_MS
from config.provisioner_options.budget import BUDGET_MICROS_MAX
from machines.ports.provisioner import Resource
from tests.provisioners.budget.budget_world import SPEND, UNIT, BudgetWorld

LATER_MS = 9_000_000_000_000
CENTS_15 = 150_000


async def switched_on(world: BudgetWorld, **options: object) -> Resource:
    """A budget that serves."""
    resource = world.resource("voice", **options)
    await world.walk(resource, "warm", "activate")
    return resource


async def test_a_spend_is_counted_exactly(world: BudgetWorld) -> None:
    """4,000 minutes at 0.15 are 600; a minute and a half costs 0.225."""
    resource = await switched_on(world)

    assert [1, "counted", 225_000, 599_775_000, 0] == world.spend(resource, 1_500_000, mode="units")
    assert ("600000000", "225000") == tuple(world.fields(resource)[f"{name}_micros"] for name in ("budget", "spent"))


async def test_the_last_micro_can_be_spent_and_no_more(world: BudgetWorld) -> None:
    """What is asked beyond the rest is refused whole and counts nothing; the rest itself is allowed."""
    resource = await switched_on(world)

    assert [0, "spent", 0, 600 * UNIT, 0] == world.spend(resource, 600 * UNIT + 1)
    assert [1, "counted", 600 * UNIT - 1, 1, 1] == world.spend(resource, 600 * UNIT - 1)
    assert [1, "counted", 1, 0, 0] == world.spend(resource, 1)
    assert [0, "spent", 0, 0, 0] == world.spend(resource, 1)


async def test_nothing_can_be_spent_while_it_is_not_on(world: BudgetWorld) -> None:
    """Absent, warm, switched off again and removed: the next spend is refused."""
    resource = world.resource("voice")
    for step in ("", "warm", "activate", "deactivate", "decommission"):
        await world.walk(resource, *filter(None, (step,)))
        expected = "counted" if step == "activate" else "off"

        assert expected == world.spend(resource, 1)[1]


async def test_a_retried_request_is_counted_once(world: BudgetWorld) -> None:
    """The same id at the same price is allowed and costs nothing more; at another price it is refused."""
    resource = await switched_on(world)
    world.spend(resource, CENTS_15, "call-1")

    assert [1, "repeated", 0, 599_850_000, 0] == world.spend(resource, CENTS_15, "call-1")
    assert [0, "mismatch", 0, 599_850_000, 0] == world.spend(resource, CENTS_15 + 1, "call-1")


async def test_a_refused_request_may_be_tried_again(world: BudgetWorld) -> None:
    """A refusal is not remembered under its id."""
    resource = await switched_on(world)
    world.spend(resource, 601 * UNIT, "call-1")

    assert "counted" == world.spend(resource, 1, "call-1")[1]


async def test_requests_are_forgotten_after_a_day(world: BudgetWorld) -> None:
    """An id older than the window counts as new, and old ids are removed with their prices."""
    resource = await switched_on(world)
    world.spend(resource, 1, "old")
    world.spend(resource, 1, "older")
    for request in ("old", "older"):
        world.redis.zincrby(f"{world.key(resource)}:requests", -86_400_000, request)

    assert "counted" == world.spend(resource, 5, "old")[1]
    assert ["old"] == world.redis.zrange(f"{world.key(resource)}:requests", 0, -1)
    assert {"old": "5"} == world.redis.hgetall(f"{world.key(resource)}:charges")


async def test_it_warns_exactly_once_a_month(world: BudgetWorld) -> None:
    """The one spend that reaches 80 % is told, over a switching off and a removal."""
    resource = await switched_on(world)

    warnings = [world.spend(resource, 60 * UNIT)[4] for _ in range(9)]
    await world.walk(resource, "deactivate", "decommission", "warm", "activate")

    assert [0, 0, 0, 0, 0, 0, 0, 1, 0] == warnings
    assert 0 == world.spend(resource, 1)[4]


async def test_a_new_month_begins_full(world: BudgetWorld) -> None:
    """By the server's clock alone: nothing spent, warned anew, and what was left does not come along."""
    resource = await switched_on(world)
    present = world.fields(resource)["period"]
    world.redis.hset(
        world.key(resource),
        mapping={"period": "2020-01", "period_ends_at_ms": "1", "spent_micros": 599 * UNIT, "warned": "1"},
    )
    world.redis.hset(world.key(resource), "calendar", f"2020-01=1 {present}={LATER_MS}")

    assert [1, "counted", 600 * UNIT, 0, 1] == world.spend(resource, 600 * UNIT)
    fields = world.fields(resource)
    assert (present, str(LATER_MS)) == (fields["period"], fields["period_ends_at_ms"])


async def test_a_clock_that_goes_back_refills_nothing(world: BudgetWorld) -> None:
    """A server whose clock shows an earlier month goes on with the month that it was in."""
    resource = await switched_on(world)
    world.spend(resource, 600 * UNIT)
    ahead = {"period": "2098-02", "calendar": f"2098-01={LATER_MS - 1} 2098-02={LATER_MS}"}
    world.redis.hset(world.key(resource), mapping=ahead)

    assert [0, "spent", 0, 0, 0] == world.spend(resource, 1)


async def test_after_the_written_months_everything_is_refused(world: BudgetWorld) -> None:
    """A key that nobody renewed for two years spends nothing."""
    resource = await switched_on(world)
    world.redis.hset(world.key(resource), "calendar", "2020-01=1 2020-02=2")

    assert [0, "calendar", 0, 0, 0] == world.spend(resource, 1)


@pytest.mark.parametrize("steps", [("deactivate", "activate"), ("deactivate", "decommission", "warm", "activate")])
async def test_off_and_on_again_refills_nothing(world: BudgetWorld, steps: tuple[str, ...]) -> None:
    """Within a month the spent sum survives every step."""
    resource = await switched_on(world)
    world.spend(resource, 599 * UNIT)

    await world.walk(resource, *steps)

    assert [0, "spent", 0, UNIT, 0] == world.spend(resource, 2 * UNIT)


async def test_a_lost_key_refills_nothing(world: BudgetWorld) -> None:
    """Removed behind our back and made again, it goes on from the month's record, which is kept for 400 days."""
    resource = await switched_on(world)
    world.spend(resource, 599 * UNIT)
    left_ms = world.redis.pttl(f"{world.key(resource)}:{world.fields(resource)['period']}")
    world.vanish(resource)

    await world.walk(resource, "warm", "activate")

    assert [0, "spent", 0, UNIT, 0] == world.spend(resource, 2 * UNIT)
    assert RECORD_KEPT_MS - 60_000 < left_ms <= RECORD_KEPT_MS


async def test_the_smallest_price_is_counted(world: BudgetWorld) -> None:
    """At a millionth a unit, a million units cost one; less than a millionth is rounded up, never down."""
    resource = await switched_on(world, units_per_month="1000000", unit_price="0.000001")

    assert [1, "counted", 999_999, 1, 1] == world.spend(resource, 999_999 * UNIT, mode="units")
    assert [1, "counted", 1, 0, 0] == world.spend(resource, 1, mode="units")


async def test_large_prices_are_exact(world: BudgetWorld) -> None:
    """Just below the limit of Lua's numbers every micro still counts."""
    resource = await switched_on(world, units_per_month="1", unit_price="8999999999.999999")

    assert [1, "counted", 8_999_991_000_000_000, 8_999_999_999, 1] == world.spend(resource, 999_999, mode="units")
    assert [1, "counted", 8_999_999_998, 1, 0] == world.spend(resource, 8_999_999_998)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("r", "amount", "0"), "from 1 to 9000000000000000"),
        (("r", "amount", "-1"), "from 1 to"),
        (("r", "amount", "1.5"), "from 1 to"),
        (("r", "amount", "1e3"), "from 1 to"),
        (("r", "amount", str(BUDGET_MICROS_MAX + 1)), "from 1 to"),
        (("r", "euros", "1"), "units or amount"),
        (("", "amount", "1"), "request id"),
        (("r" * 129, "amount", "1"), "request id"),
        (("r", "amount"), "three arguments"),
        (("r", "units", str(BUDGET_MICROS_MAX)), "cost at most"),
    ],
)
async def test_what_cannot_be_counted_is_an_error(world: BudgetWorld, arguments: tuple[str, ...], message: str) -> None:
    """Whatever else is asked is an error that says what was expected, and counts nothing."""
    resource = await switched_on(world, units_per_month="1", unit_price="8999999999")

    with pytest.raises(redis_exceptions.ResponseError, match=message):
        world.redis.eval(SPEND, 1, world.key(resource), *arguments)

    assert "0" == world.fields(resource)["spent_micros"]


async def test_a_damaged_budget_spends_nothing(world: BudgetWorld) -> None:
    """Where the spent sum cannot be read, the application gets an error and not an allowance."""
    resource = await switched_on(world)
    world.redis.hset(world.key(resource), "spent_micros", "much")

    with pytest.raises(redis_exceptions.ResponseError, match="damaged"):
        world.spend(resource, 1)


async def test_eight_clients_at_once_spend_the_budget_exactly(world: BudgetWorld) -> None:
    """Each tries 100 spends of 1.00, every one twice: 600 are counted, the rest refused, one is warned."""
    resource = await switched_on(world)

    async def client(number: int) -> list[Any]:
        redis: Any = AsyncRedis.from_url(world.url, protocol=2, decode_responses=True)
        replies = []
        for call in range(100):
            for _ in range(2):
                arguments = (world.key(resource), f"{number}-{call}", "amount", str(UNIT))
                replies.append(await redis.eval(SPEND, 1, *arguments))
        await redis.aclose()
        return replies

    replies = [reply for each in await asyncio.gather(*map(client, range(8))) for reply in each]

    assert 600 == sum(reply[1] == "counted" for reply in replies) == sum(reply[1] == "repeated" for reply in replies)
    assert 400 == sum(reply[1] == "spent" for reply in replies)
    assert (1, str(600 * UNIT)) == (sum(reply[4] for reply in replies), world.fields(resource)["spent_micros"])


SPENDS = st.lists(
    st.tuples(st.integers(0, 8), st.sampled_from(["units", "amount"]), st.integers(1, 3_000_000)), max_size=25
)


@settings(max_examples=100, deadline=None)
@given(price=st.integers(1, 2_000_000), budget=st.integers(1, 5_000_000), percent=st.integers(1, 100), spends=SPENDS)
def test_any_spends_stay_within_the_budget(
    redis_url: str, price: int, budget: int, percent: int, spends: list[tuple[int, str, int]]
) -> None:
    """Whatever is asked in whatever order, the sum is exact by whole-number arithmetic and never above the budget."""
    warn_at = -(-budget * percent // 100)
    redis: Any = Redis.from_url(redis_url, protocol=2, decode_responses=True)
    key = "solvent:any-spends:budget:voice"
    redis.delete(key, f"{key}:requests", f"{key}:charges", f"{key}:2098-01")
    mapping = {"state": "on", "budget_micros": budget, "unit_price_micros": price, "warn_at_micros": warn_at}
    redis.hset(key, mapping={**mapping, "period": "2098-01", "spent_micros": 0, "calendar": f"2098-01={LATER_MS}"})
    spent, counted, warnings = 0, dict[int, int](), 0
    for request, mode, number in spends:
        cost = number if mode == "amount" else -(-number * price // UNIT)
        reply = redis.eval(SPEND, 1, key, str(request), mode, str(number))
        if request in counted:
            expected = "repeated" if counted[request] == cost else "mismatch"
        else:
            expected = "counted" if spent + cost <= budget else "spent"
        if expected == "counted":
            spent, counted[request] = spent + cost, cost
        warnings += reply[4]
        assert [expected, budget - spent] == [reply[1], reply[3]]
    assert (str(spent), int(spent >= warn_at)) == (redis.hget(key, "spent_micros"), warnings)
    redis.close()
