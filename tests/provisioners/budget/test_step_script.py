"""The script of a step acts only on what the daemon saw: between its look and its act a rival may have been faster."""

from __future__ import annotations

import pytest

from adapters.provisioners.budget.scripts import RECORD_KEPT_MS, STEP
from tests.contracts.provisioner_harness import TOKEN
from tests.provisioners.budget.budget_world import BudgetWorld

WRITTEN = ("state", "on", "calendar", "2098-01=9000000000000")


@pytest.mark.parametrize(
    ("plan", "token", "state"),
    [
        ("shop", TOKEN, "on"),
        ("shop", "another-token", "off"),
        ("another-plan", TOKEN, "off"),
        ("shop", "another-token", "any"),
        ("shop", "", "-"),
    ],
)
@pytest.mark.parametrize("written", [WRITTEN, ()], ids=["write", "remove"])
async def test_a_key_that_changed_since_the_look_is_left_alone(
    world: BudgetWorld, plan: str, token: str, state: str, written: tuple[str, ...]
) -> None:
    """Warm under our token, and another plan, token or state was seen: neither written nor removed."""
    resource = world.resource("voice")
    await world.walk(resource, "warm")
    image = world.image()

    done = world.redis.eval(STEP, 1, world.key(resource), "step", plan, token, state, RECORD_KEPT_MS, *written)

    assert 0 == done
    assert image == world.image()


@pytest.mark.parametrize("state", ["off", "on", "any"])
async def test_a_key_that_vanished_since_the_look_is_not_made(world: BudgetWorld, state: str) -> None:
    """It was there and is gone: only a step that saw it absent makes it."""
    key = world.key(world.resource("voice"))

    done = world.redis.eval(STEP, 1, key, "activate", "shop", TOKEN, state, RECORD_KEPT_MS, *WRITTEN)

    assert (0, {}) == (done, world.image())


async def test_a_key_that_shows_what_was_seen_is_written(world: BudgetWorld) -> None:
    """The step is done, whole."""
    resource = world.resource("voice")
    await world.walk(resource, "warm")

    done = world.redis.eval(STEP, 1, world.key(resource), "activate", "shop", TOKEN, "off", RECORD_KEPT_MS, *WRITTEN)

    assert (1, "on") == (done, world.fields(resource)["state"])
