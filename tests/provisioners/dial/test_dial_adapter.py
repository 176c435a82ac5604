"""What a dial's key shows, step by step, and who may set it."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from random import SystemRandom

import pytest

from adapters.provisioners.dial import DialObserver, RedisDialBoard
from adapters.provisioners.registry import Surroundings, preflight_of
from config.instants import instant_from_text
from machines.observations import ResourceState
from machines.ports.dials import DialSeen, DialSetting
from machines.ports.faults import Permanent
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import TOKEN
from tests.provisioners.dial.dial_world import DialWorld

AT = instant_from_text("2026-01-01T00:00:00Z")
SETTING = DialSetting(80, 95, "level 2 asks for 95 % self-hosted", AT)
NOBODY = "redis://127.0.0.1:1"


def surroundings(world: DialWorld, url: str) -> Surroundings:
    """What the adapter is constructed with."""
    return Surroundings(Path(), world.clock, SystemRandom().randrange, os.environ, url, world.instance)


async def test_a_warm_dial_stands_at_the_api(world: DialWorld) -> None:
    """Switched off, at 0, with the order of the providers."""
    resource = world.resource()
    await world.walk(resource, "warm")

    assert {
        "plan": "shop",
        "token": TOKEN,
        "generation": "1",
        "state": "off",
        "providers": "openai,anthropic",
        "share_percent": "0",
        "wished_percent": "",
        "reasons": "",
        "turned_at": "",
    } == world.fields(resource)


async def test_a_dial_that_is_on_is_set(world: DialWorld) -> None:
    """What is shown is what is seen again."""
    resource, board = world.resource(), world.board()
    await world.walk(resource, "warm", "activate")

    assert await board.show("web", TOKEN, SETTING)

    assert DialSeen(TOKEN, SETTING) == await board.look("web")
    assert ("80", "95", "2026-01-01T00:00:00Z") == tuple(
        world.fields(resource)[name] for name in ("share_percent", "wished_percent", "turned_at")
    )


@pytest.mark.parametrize(
    ("steps", "token"),
    [((), TOKEN), (("warm",), TOKEN), (("warm", "activate"), "svanother"), (("warm", "activate", "deactivate"), TOKEN)],
)
async def test_no_other_dial_is_set(world: DialWorld, steps: tuple[str, ...], token: str) -> None:
    """One that is gone, off or of another token stays as it is."""
    await world.walk(world.resource(), *steps)
    before = world.image()

    assert not await world.board().show("web", token, SETTING)
    assert before == world.image()


async def test_switching_off_goes_to_the_api(world: DialWorld) -> None:
    """Whoever reads nothing but the share is right."""
    resource = world.resource()
    await world.walk(resource, "warm", "activate")
    await world.board().show("web", TOKEN, SETTING)

    await world.walk(resource, "deactivate")

    assert ("off", "0") == (world.fields(resource)["state"], world.fields(resource)["share_percent"])


async def test_other_providers_are_a_difference(world: DialWorld) -> None:
    """Activating again writes the plan's order and leaves the share where it stands."""
    await world.walk(world.resource(), "warm", "activate")
    await world.board().show("web", TOKEN, SETTING)
    resource = world.resource(providers=["anthropic"])
    seen = await world.provisioner().observe(resource)

    await world.walk(resource, "activate")

    assert ("providers is 'openai,anthropic' instead of 'anthropic'",) == seen.differences
    assert ("anthropic", "80") == (world.fields(resource)["providers"], world.fields(resource)["share_percent"])


async def test_an_accuracy_has_its_age(world: DialWorld) -> None:
    """By Redis's own clock."""
    world.measure(world.resource(), "0.79", age_s=3_600)

    seen = await world.board().look("web")

    assert Decimal("0.79") == seen.accuracy
    assert 3_600 <= seen.accuracy_age_s <= 3_605


@pytest.mark.parametrize(
    ("accuracy", "at", "said"),
    [
        ("93 %", "1", "expected accuracy from 0 to 1 such as 0.93"),
        ("1.01", "1", "expected accuracy from 0 to 1"),
        ("nan", "1", "expected accuracy from 0 to 1"),
        ("0.9", "yesterday", "expected measured_at as seconds since 1970"),
        ("0.9", "", "expected measured_at"),
    ],
)
async def test_what_cannot_be_read_is_unknown(world: DialWorld, accuracy: str, at: str, said: str) -> None:
    """With a sentence that says what was expected, and where."""
    key = f"{world.key(world.resource())}:measured"
    world.redis.hset(key, mapping={"accuracy": accuracy, "measured_at": at})

    seen = await world.board().look("web")

    assert seen.accuracy is None
    assert said in seen.unread
    assert key in seen.unread


@pytest.mark.parametrize("damage", [{"state": "half"}, {"share_percent": "101"}, {"share_percent": ""}, {"plan": ""}])
async def test_a_damaged_dial_is_broken(world: DialWorld, damage: dict[str, str]) -> None:
    """What no daemon wrote is nothing that serves."""
    resource = world.resource()
    await world.walk(resource, "warm", "activate")
    world.redis.hset(world.key(resource), mapping=damage)

    assert ResourceState.BROKEN is (await world.provisioner().observe(resource)).state


async def test_another_plans_dial_is_refused(world: DialWorld) -> None:
    """With what to do."""
    await world.walk(world.resource(), "warm")

    with pytest.raises(Permanent, match="belongs to the plan shop, not to bakery: rename the component"):
        await world.provisioner().observe(Resource("bakery", "web", world.resource().options))


async def test_measurements_are_no_dials(world: DialWorld) -> None:
    """The list has the key of the component alone."""
    await world.walk(world.resource(), "warm")
    world.measure(world.resource(), "0.9")
    world.measure(world.resource("other"), "0.9")

    assert ["web"] == [each.component for each in await world.provisioner().list_resources("shop", ())]


async def test_the_preflight_of_a_reached_redis_is_silent(world: DialWorld) -> None:
    """Nothing to say, and nothing written."""
    assert () == await preflight_of("dial", (world.resource(),), surroundings(world, world.url))
    assert {} == world.image()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "dials are kept in Redis and the daemon has none: let --redis or SOLVENT_REDIS name one"),
        (NOBODY, "cannot be reached"),
    ],
)
async def test_a_redis_that_is_away_fails_the_preflight(world: DialWorld, url: str, sentence: str) -> None:
    """One sentence, however many dials."""
    (found,) = await preflight_of("dial", (world.resource("one"), world.resource("two")), surroundings(world, url))

    assert sentence in found


async def test_a_redis_without_scripts_fails_the_preflight(world: DialWorld, fake_redis_url: str) -> None:
    """The embedded imitation knows no EVAL without lupa."""
    (found,) = await preflight_of("dial", (world.resource(),), surroundings(world, fake_redis_url))

    assert "dials are changed by a Lua script and this Redis knows no EVAL" in found


async def test_options_of_another_kind_are_refused(world: DialWorld) -> None:
    """What no plan can have stated is no dial."""
    with pytest.raises(Permanent, match="the options of shop/web are not those of a dial"):
        await world.provisioner().observe(Resource("shop", "web", {"units_per_month": "1"}))


async def test_what_observes_cannot_set(world: DialWorld) -> None:
    """The half that a dry run constructs has no way to change a key, and the board is no part of it."""
    observer = DialObserver(world.url, world.instance, world.clock)
    await observer.close()

    assert [] == [name for name in ("take", "remove", "show") if hasattr(observer, name)]
    assert hasattr(RedisDialBoard, "show")
