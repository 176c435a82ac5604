"""What the document tells applications to do works as it stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.dials import DialPolicy
from config.instants import instant_from_text
from config.loading import plan_from_text
from config.provisioner_options.dial import dial_policy
from machines.ports.dials import DialSetting
from tests.config.plan_text import changed
from tests.contracts.provisioner_harness import TOKEN
from tests.provisioners.dial.dial_world import DialWorld

DOCUMENT = Path(__file__).parents[3] / "docs" / "provisioners" / "dial.md"
SIMULATED = "    provisioner: simulated\n    options: {warm_s: 2, faults: {warm: [transient, 3]}}\n"


def blocks(language: str) -> list[str]:
    """The document's examples in a language."""
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def example(world: DialWorld) -> Iterator[dict[str, Any]]:
    """The names that the example defines, on the test's own Redis and key."""
    (text,) = blocks("python")
    key = world.key(world.resource("llm_share"))
    names: dict[str, Any] = {}
    exec(text.replace("redis://127.0.0.1:6379", world.url).replace("solvent:dial:llm_share", key), names)
    yield names
    names["redis"].close()


def served_by(example: dict[str, Any], request: str, *down: str) -> str:
    """Who answers a request while these are down."""

    def client(name: str) -> Any:
        def ask(request_id: str) -> str:
            if name in down:
                raise example["ProviderDown"]
            return name

        return ask

    return str(
        example["answer"](request, client("own"), {"openai": client("openai"), "anthropic": client("anthropic")})
    )


async def turned_to(world: DialWorld, share: int) -> None:
    """A dial that is on and stands there."""
    await world.walk(world.resource("llm_share"), "warm", "activate")
    setting = DialSetting(share, share, "", instant_from_text("2026-01-01T00:00:00Z"))
    assert await world.board().show("llm_share", TOKEN, setting)


async def test_the_share_is_served_self_hosted(world: DialWorld, example: dict[str, Any]) -> None:
    """Of a thousand requests about eight hundred, and always the same ones."""
    await turned_to(world, 80)

    served = [served_by(example, f"request-{number}") for number in range(1_000)]

    assert 750 < served.count("own") < 850
    assert served.count("own") + served.count("openai") == 1_000
    assert served == [served_by(example, f"request-{number}") for number in range(1_000)]


async def test_without_a_dial_the_share_is_nothing(world: DialWorld, example: dict[str, Any]) -> None:
    """A dial that is off has its providers and no share."""
    await world.walk(world.resource("llm_share"), "warm")

    assert {"openai"} == {served_by(example, f"request-{number}") for number in range(20)}


async def test_providers_fall_back_in_order(world: DialWorld, example: dict[str, Any]) -> None:
    """From one's own model to the first API, from that to the second, and then nobody is left."""
    await turned_to(world, 100)

    assert "openai" == served_by(example, "request", "own")
    assert "anthropic" == served_by(example, "request", "own", "openai")
    with pytest.raises(example["ProviderDown"], match="no provider answers"):
        served_by(example, "request", "own", "openai", "anthropic")


async def test_the_accuracy_that_is_told_is_read(world: DialWorld, example: dict[str, Any]) -> None:
    """Exact to four places, and fresh."""
    example["tell_accuracy"](0.8125)

    seen = await world.board().look("llm_share")

    assert ("0.8125", "") == (str(seen.accuracy), seen.unread)
    assert 0 <= seen.accuracy_age_s <= 5


def test_the_plan_example_states_the_defaults() -> None:
    """All of it but the providers."""
    (text,) = blocks("yaml")
    options = text.partition("    options:\n")[2]
    plan = plan_from_text(changed(SIMULATED, f"    provisioner: dial\n    options:\n{options}"), "plan.yaml")

    assert DialPolicy(providers=("openai", "anthropic")) == dial_policy(plan.components["database"].options)
