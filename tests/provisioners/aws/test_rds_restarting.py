"""AWS starts a stopped instance after seven days: the look shows it hot, and the daemon's repair stops it again."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator

import pytest

from adapters.provisioners.aws.rds.looks import standing_of_instance
from config.provisioner_options.aws_rds import rds_options
from machines.drifting import compared
from machines.events import ComponentDrifted, Mode
from machines.lifecycle import next_step
from machines.lifecycle_states import ComponentState, Step
from machines.observations import ResourceState
from machines.outcomes import after_sight
from machines.state.components import ComponentRecord
from machines.stepping import compare
from tests.contracts.provisioner_harness import TOKEN
from tests.machines.histories import SHOP
from tests.provisioners.aws.rds_place import OPTIONS, RdsPlace

STARTED = dt.datetime(2026, 1, 8, 12, 30, tzinfo=dt.UTC)


@pytest.fixture
async def place(moto_port: int) -> AsyncIterator[RdsPlace]:
    """An empty account."""
    with RdsPlace(moto_port) as place:
        yield place
        await place.end()


async def test_a_restarted_instance_is_stopped_again(place: RdsPlace) -> None:
    """The look is held against the record as the daemon does it: drifted to HOT, and the step is DEACTIVATE."""
    resource, component = place.resource("web"), SHOP.components["web"]
    await place.walk(resource, "warm", "activate", "deactivate")
    record = ComponentRecord("web", ComponentState.WARM, token=TOKEN, generation=1)
    known, now, wanted = frozenset({TOKEN}), place.clock.wall(), ComponentState.WARM
    place.direct("rds").start_db_instance(DBInstanceIdentifier=place.name(resource))

    seen = await place.observer().observe(resource)
    said = compared(component, record, seen, known_tokens=known, wanted=wanted, mode=Mode.ACT, now=now)
    (drifted,) = after_sight(component, record, seen, compare(record, seen, known, wanted), now, wanted=wanted)
    assert isinstance(drifted, ComponentDrifted)
    step = next_step(drifted.to_state, wanted)
    assert step is Step.DEACTIVATE
    await place.walk(resource, step.value)

    assert (said.drifted, said.would) == (True, "record HOT, then deactivate it")
    assert (seen.state, drifted.contested) == (ResourceState.HOT, False)
    assert (await place.observer().observe(resource)).state is ResourceState.WARM


def test_a_look_says_when_aws_will_start_it() -> None:
    """The time at which AWS starts it by itself stands in the detail of a stopped instance."""
    instance = {
        "DBInstanceArn": "arn:aws:rds:eu-central-1:123456789012:db:shop",
        "DBInstanceStatus": "stopped",
        "Engine": "postgres",
        "EngineVersion": "16.4",
        "AllocatedStorage": 20,
        "StorageEncrypted": True,
        "AutomaticRestartTime": STARTED,
    }

    seen = standing_of_instance(rds_options(OPTIONS), instance).observation

    assert seen.detail == "the instance is stopped; AWS starts it by itself at 2026-01-08T12:30:00Z"
