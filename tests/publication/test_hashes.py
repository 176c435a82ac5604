"""What `redis-cli HGETALL` shows."""

from __future__ import annotations

import asyncio

import msgspec

from config.money import amount_text
from daemon.publication.changes import Changes
from daemon.publication.hashes import component_fields, level_fields, revenue_fields, status_fields
from machines.events import BreakerChanged, BreakerStatus, FreezeChanged, PlanAdopted, Recorded
from machines.lifecycle_states import ComponentState
from machines.moving import wanted_states
from machines.ports.journal import JournalIdentity
from machines.state.components import ComponentRecord
from machines.state.whole import State, fold
from tests.publication.folded import NOW, folded, history, plan, recorded
from tests.publication.publishing import Publishing, freeze
from tests.simulation.virtual_loop import run

IDENTITY = JournalIdentity("journal-1", 2)


def test_a_component_shows_its_open_intent() -> None:
    """State, cost, what is under way, and why it waits."""
    state = folded(history())

    fields = component_fields(state, "alb", ComponentState.HOT)

    shown = {name: fields[name] for name in ("state", "target", "cost", "breaker", "generation", "token", "parked")}
    assert {
        "state": "WARMING",
        "target": "HOT",
        "cost": "20.00",
        "breaker": "open",
        "generation": "1",
        "token": "t-alb",
        "parked": "no answer for an hour",
    } == shown
    assert ["warm", "1", "2024-03-01T01:00:00Z", "ambiguous"] == [
        fields[name] for name in ("intent", "intent_attempt", "intent_deadline", "intent_answered")
    ]


def test_an_idle_component_has_no_intent() -> None:
    """The fields are there and empty, so that a reader need not know what may be missing."""
    fields = component_fields(folded(history()), "rds_single", None)

    assert ("HOT", "", "", "") == (fields["state"], fields["intent"], fields["intent_deadline"], fields["parked"])


def test_pins_and_found_resources_are_shown() -> None:
    """What an operator holds, and what somebody else made."""
    state = folded(history())

    assert "COLD until unpinned by night: too dear" == component_fields(state, "hume_ai_budget", None)["pinned"]
    assert state.components.records["waf"].unmanaged is not None
    assert state.components.records["waf"].unmanaged.value == component_fields(state, "waf", None)["unmanaged"]


def test_the_level_says_what_the_next_one_lacks() -> None:
    """Level 2 needs 1,183 / 0.90 = 1,314.44 although its range begins at 800 (RESOLUTIONS 2)."""
    fields = level_fields(folded(history()))

    assert ("1", "level_1_bootstrap", "0") == (fields["level"], fields["level_id"], fields["level_reached"])
    assert ("2", "0", "2") == (fields["next_level"], fields["next_months_met"], fields["next_months_required"])
    assert ("150.00", "664.444445") == (fields["next_minimum_missing"], fields["next_missing"])


def test_revenue_shows_the_gauge_and_the_closed_months() -> None:
    """The live figure beside the last closed month, its growth and the projection (RESOLUTIONS 25)."""
    fields = revenue_fields(folded(history()))

    assert ("650.00", "good", "2024-02") == (fields["mrr"], fields["quality"], fields["last_month"])
    assert ("650.00", "0.083333", "826.417824", "0.812500") == (
        fields["revenue_last_month"],
        fields["growth"],
        fields["projected_3m"],
        fields["progress"],
    )
    assert "" == fields["average_3m"]


def test_unknown_is_empty_and_not_zero() -> None:
    """Before the first payment no figure is claimed."""
    state = folded(history()[:2])
    revenue, level = revenue_fields(state), level_fields(state)
    status = status_fields(state, IDENTITY, {})

    figures = ("mrr", "as_of", "month_to_date", "revenue_last_month", "growth", "projected_3m", "progress")
    assert {""} == {revenue[name] for name in figures}
    assert ("unknown", "0", "", "") == (revenue["quality"], level["level"], level["decided_at"], level["next_missing"])
    assert ("", "") == (status["cap"], status["cost_ratio"])


def test_the_status_says_what_holds_everything_back() -> None:
    """Mode, freezes, pause, cost beside the cap, and whose journal this is."""
    fields = status_fields(folded(history()), IDENTITY, {"pid": "4711"})

    assert ("4711", "act", "the wall clock jumped", "clock", "up") == (
        fields["pid"],
        fields["mode"],
        fields["frozen"],
        fields["frozen_by"],
        fields["paused"],
    )
    assert ("230.00", "585.00", "0.353846") == (fields["committed_cost"], fields["cap"], fields["cost_ratio"])
    assert ("journal-1", "2", "component:alb", "a-1") == (
        fields["journal_id"],
        fields["epoch"],
        fields["breakers_open"],
        fields["approvals_waiting"],
    )


def test_only_what_changed_is_written() -> None:
    """After everything was written, an event makes stale what it touches and nothing else."""
    state = folded(history())
    changes = Changes(state)
    changes.forget_written()
    everything = changes.take(IDENTITY, {}, 1_000)
    nothing = changes.take(IDENTITY, {}, 1_000)
    changes.note(history()[-1].event)
    state.freezes.clear()
    state.sequence += 1

    assert {"level", "revenue", "status", *(f"component:{each}" for each in plan().components)} == everything.keys()
    assert {} == nothing
    assert {"status", "component:ecr_storage"} == changes.take(IDENTITY, {}, 1_000).keys()


def test_a_providers_breaker_shows_on_each_of_its_components() -> None:
    """The worse of the two breakers is shown, and a change at the provider makes all of its components stale."""
    state = folded(history())
    changes = Changes(state)
    changes.forget_written()
    changes.take(IDENTITY, {}, 1_000)
    kind = plan().components["rds_single"].provisioner
    opened = BreakerChanged(f"provider:{kind}", BreakerStatus.OPEN, (NOW,), NOW, 30)
    changed = _folded_on(state, changes, recorded(state.sequence + 1, opened, NOW))
    users = {f"component:{each.id}" for each in plan().components.values() if each.provisioner == kind}

    assert users == {name for name in changed if name.startswith("component:")}
    assert ("open", "open") == (changed["component:rds_single"]["breaker"], changed["component:alb"]["breaker"])


def test_many_components_are_written_piece_by_piece() -> None:
    """No write holds more components than asked, and all are written in the end."""
    changes = Changes(folded(history()))
    changes.forget_written()
    pieces = []
    while changes.components_wait:
        pieces.append([name for name in changes.take(IDENTITY, {}, 8) if name.startswith("component:")])

    assert [8, 8, 5] == [len(piece) for piece in pieces]
    assert sorted(f"component:{each}" for each in plan().components) == sorted(
        name for piece in pieces for name in piece
    )


def test_a_dropped_component_loses_its_hash() -> None:
    """Once no plan knows it, its hash is removed; the targets of all others are still right."""
    state = folded(history()[:2])
    state.components.records["waf"] = ComponentRecord("waf")
    changes = Changes(state)
    changes.forget_written()
    changes.take(IDENTITY, {}, 1_000)
    shop = plan()
    levels = tuple(
        msgspec.structs.replace(level, components=tuple(each for each in level.components if each != "waf"))
        for level in shop.levels
    )
    components = {key: value for key, value in shop.components.items() if key != "waf"}
    smaller = msgspec.structs.replace(shop, components=components, levels=levels)
    adopted = recorded(state.sequence + 1, PlanAdopted(smaller, "e" * 64), NOW)
    changed = _folded_on(state, changes, adopted)

    assert {} == changed["component:waf"]
    wanted = wanted_states(smaller, state)
    assert {each: wanted[each].value for each in wanted} == {
        each: changed[f"component:{each}"]["target"] for each in wanted
    }


def _folded_on(state: State, changes: Changes, adopted: Recorded) -> dict[str, dict[str, str]]:
    fold(state, adopted)
    changes.note(adopted.event)
    return {name: dict(fields) for name, fields in changes.take(IDENTITY, {}, 1_000).items()}


def test_hashes_follow_the_events() -> None:
    """Once an event is published its consequence can be read, and what the process says stands beside it."""

    async def scenario() -> tuple[dict[str, str], dict[str, str]]:
        house = Publishing(about={"pid": "12"})
        await house.start()
        await house.record_published([freeze("clock")])
        frozen = house.server.hash_fields("status")
        await house.record_published([FreezeChanged("clock", frozen=False)])
        thawed = house.server.hash_fields("status")
        await asyncio.sleep(1)
        await house.stop()
        return frozen, thawed

    frozen, thawed = run(scenario, 1)

    assert ("because of clock", "1", "12") == (frozen["frozen"], frozen["sequence"], frozen["pid"])
    assert ("", "2") == (thawed["frozen"], thawed["sequence"])


def test_money_is_written_exactly() -> None:
    """The committed cost is the ledger's figure to the last micro."""
    state = folded(history())
    state.components.committed_micros = 12_345_678

    assert amount_text(12_345_678) == status_fields(state, IDENTITY, {})["committed_cost"]
