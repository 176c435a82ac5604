"""What systemd answers, and what solvent makes of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from adapters.clocks import AcceleratedClock
from adapters.provisioners.registry import Surroundings, preflight_of
from adapters.provisioners.systemd import SystemdProvisioner
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Ambiguous, CallError, Permanent, Transient
from machines.ports.provisioner import Resource, StepBegun
from tests.contracts.provisioner_harness import ORIGIN, TOKEN
from tests.provisioners.systemd.fake_systemd import FakeSystemd, FakeUnit, Fault
from tests.provisioners.systemd.private_bus import private_bus
from tests.provisioners.systemd.systemd_world import SystemdWorld


async def test_a_job_at_work_is_changing_until_it_ends(harness: SystemdWorld) -> None:
    """A start is begun, is seen changing while its job lasts, and hot after it."""
    web = harness.resource()
    await harness.walk(web, "warm")
    harness.systemd.slow_jobs = True

    begun = await harness.provisioner().take(Step.ACTIVATE, harness.order(web))
    meanwhile = await harness.provisioner().observe(web)
    harness.systemd.end_jobs()
    after = await harness.provisioner().observe(web)

    assert isinstance(begun, StepBegun)
    assert (ResourceState.CHANGING, ResourceState.HOT) == (meanwhile.state, after.state)


async def test_a_failed_unit_is_broken_with_its_result(harness: SystemdWorld) -> None:
    """A unit that failed is broken under its token, and systemd's reason is in the detail."""
    web = harness.resource()
    await harness.walk(web, "warm", "activate")
    harness.unit(web).active_state, harness.unit(web).result = "failed", "oom-kill"

    seen = await harness.provisioner().observe(web)

    assert (ResourceState.BROKEN, (TOKEN,)) == (seen.state, seen.tokens)
    assert "oom-kill" in seen.detail


async def test_the_limits_and_the_description_come_from_the_plan(harness: SystemdWorld) -> None:
    """Warming sets the limits in systemd's units; decommissioning gives the operator's description back."""
    web = harness.resource()
    await harness.walk(web, "warm")
    limits = (harness.unit(web).memory_max, harness.unit(web).cpu_quota)

    await harness.walk(web, "decommission")

    assert limits == (512 * 1_048_576, 500_000)
    assert harness.unit(web).description == "The web of the shop"


async def test_a_limit_changed_by_hand_is_a_difference_and_is_put_right(harness: SystemdWorld) -> None:
    """A foreign MemoryMax is named in a sentence, and activating again sets it without starting anything."""
    web = harness.resource()
    await harness.walk(web, "warm", "activate")
    harness.unit(web).memory_max = 100 * 1_048_576

    seen = await harness.provisioner().observe(web)
    harness.systemd.calls.clear()
    await harness.walk(web, "activate")

    assert seen.differences == ("MemoryMax of web.service is 100 MiB, not 512 MiB",)
    assert harness.unit(web).memory_max == 512 * 1_048_576
    assert ("StartUnit", "web.service") not in harness.systemd.calls


async def test_a_running_unit_without_a_mark_is_there_without_a_token(harness: SystemdWorld) -> None:
    """What the operator started himself is hot with the token "", and activating it puts the mark on."""
    web = harness.resource()
    harness.unit(web).active_state = "active"

    seen = await harness.provisioner().observe(web)
    await harness.walk(web, "activate")

    assert (ResourceState.HOT, ("",)) == (seen.state, seen.tokens)
    assert [TOKEN] == harness.tokens(web)


async def test_a_unit_of_another_component_is_refused(harness: SystemdWorld) -> None:
    """Two components cannot share one unit; the sentence names the other."""
    await harness.walk(harness.resource(), "warm")
    rival = Resource("shop", "rival", {"unit": "web.service"})

    with pytest.raises(Permanent, match="belongs to shop/web"):
        await harness.provisioner().observe(rival)


async def test_a_unit_is_adopted_by_its_name(harness: SystemdWorld) -> None:
    """With the bus before it, as lists give it, or without; on another bus than the options' it is refused."""
    harness.systemd.units["theirs.service"] = FakeUnit("Theirs", active_state="active")
    named = [
        msgspec.structs.replace(harness.resource(), name=f"{bus}theirs.service") for bus in ("", "system/", "user/")
    ]

    seen = [(await harness.provisioner().observe(each)).state for each in named[:2]]
    with pytest.raises(Permanent, match="not on the bus system of its options"):
        await harness.provisioner().observe(named[2])

    assert [ResourceState.HOT, ResourceState.HOT] == seen
    assert await harness.provisioner().list_resources("shop", named) == ()


async def test_a_slice_has_limits_too(harness: SystemdWorld) -> None:
    """A slice goes the same way, by its own interface."""
    harness.systemd.units["shop.slice"] = FakeUnit("All of the shop")
    pool = Resource("shop", "pool", {"unit": "shop.slice", "memory_max_mib": 64})

    await harness.walk(pool, "warm", "activate")

    assert (await harness.provisioner().observe(pool)).state is ResourceState.HOT
    assert harness.systemd.units["shop.slice"].memory_max == 64 * 1_048_576


@pytest.mark.parametrize(
    ("name", "word", "says"),
    [
        ("org.freedesktop.systemd1.NoSuchUnit", Permanent, "daemon-reload"),
        ("org.freedesktop.DBus.Error.AccessDenied", Permanent, "org.freedesktop.systemd1.manage-units"),
        ("org.freedesktop.systemd1.UnitMasked", Permanent, "unmask"),
        ("org.freedesktop.DBus.Error.ServiceUnknown", Transient, "for now"),
        ("org.freedesktop.DBus.Error.Timeout", Ambiguous, "no clear answer"),
        ("System.Error.EIO", Ambiguous, "System.Error.EIO"),
    ],
)
async def test_each_error_has_its_word(harness: SystemdWorld, name: str, word: type[CallError], says: str) -> None:
    """The error names of systemd become the port's three words, with what to do."""
    web = harness.resource()
    harness.systemd.faults["SetUnitProperties", "web.service"] = (Fault.ERROR, name)

    with pytest.raises(word, match=says):
        await harness.provisioner().take(Step.WARM, harness.order(web))


async def test_no_bus_is_transient(tmp_path: Path) -> None:
    """Where nothing listens, nothing was asked."""
    clock = AcceleratedClock(ORIGIN, 1.0)
    provisioner = SystemdProvisioner(tmp_path, clock, {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/none"})

    with pytest.raises(Transient, match="no bus at"):
        await provisioner.observe(Resource("shop", "web", {"unit": "web.service"}))


async def test_a_bus_that_dies_in_the_middle_is_ambiguous(tmp_path: Path) -> None:
    """Whether systemd did what it was asked, nobody knows."""
    systemd = FakeSystemd()
    with private_bus() as (address, process):
        await systemd.start(address)
        world = SystemdWorld(tmp_path, address, systemd)
        web = world.resource()
        systemd.faults["SetUnitProperties", "web.service"] = (Fault.NO_REPLY, "")
        async with asyncio.TaskGroup() as group:
            warming = group.create_task(_word_of(world, web))
            await world.begun()
            process.kill()
    await systemd.stop()

    assert warming.result() is Ambiguous


async def test_preflight_names_what_is_missing(harness: SystemdWorld, tmp_path: Path) -> None:
    """A unit without a file and a oneshot that never stays active get a sentence each; a good one gets none."""
    harness.systemd.units["once.service"] = FakeUnit("Once", service_type="oneshot")
    resources = [Resource("shop", name, {"unit": f"{name}.service"}) for name in ("web", "nothing", "once")]
    environment = {"DBUS_SYSTEM_BUS_ADDRESS": harness.address}
    surroundings = Surroundings(tmp_path, harness.clock, lambda below: 0, environment)

    found = await preflight_of("systemd", resources, surroundings)
    unreachable = await preflight_of(
        "systemd",
        resources,
        msgspec.structs.replace(surroundings, environment={"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/none"}),
    )

    assert ["shop/nothing", "shop/once"] == [sentence.partition(":")[0] for sentence in found]
    assert len(unreachable) == 1


async def _word_of(world: SystemdWorld, resource: Resource) -> type[CallError] | None:
    try:
        await world.provisioner().take(Step.WARM, world.order(resource))
    except CallError as error:
        return type(error)
    return None
