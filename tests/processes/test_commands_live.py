"""Operators' commands as real stream entries: each takes effect once and is answered once."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.instants import HOUR
from machines.events import CommandAnswered, PauseSet, PinSet, ResourceAdopted, StepIntended
from machines.lifecycle_states import ComponentState
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.operating import answer, earn, rise
from tests.processes.redis_place import Keys, RedisServer
from tests.processes.waiting import until

SETTINGS = {
    "SOLVENT_COMMANDS__PRINCIPALS": "operator,alice",
    "SOLVENT_BREAKER__FAILURES_MAX": "2",
    "SOLVENT_BREAKER__COOLDOWN_INITIAL_S": "3600",
}


@pytest.fixture
def daemon(redis_server: RedisServer, keys: Keys, shop: FileShop, tmp_path: Path) -> Iterator[DaemonProcess]:
    """A running daemon that may act; commands are sent on the stream of one of its named operators."""
    keys.commands_stream = "commands:operator"
    with DaemonProcess(tmp_path / "state", shop.plan_path, redis_server.url, "--act", settings=SETTINGS) as daemon:
        yield daemon


def stands(daemon: DaemonProcess, component: str, state: ComponentState) -> bool:
    """Whether the component rests in this state."""
    record = daemon.journal.state().components.of(component)
    return record.state is state and record.idle


def redis_cli() -> str:
    """The program `redis-cli`, from PATH or beside the interpreter."""
    found = shutil.which("redis-cli") or shutil.which("redis-cli", path=Path(sys.executable).parent)
    if found is None:
        pytest.skip("no redis-cli on PATH: the same command is sent with redis-py in the other tests")
    return found


def test_the_pin_of_the_documents_works_as_it_is_typed(redis_server: RedisServer, keys: Keys, tmp_path: Path) -> None:
    """`redis-cli XADD solvent:commands '*' verb pin …` on the shipped plan pins, moves, is answered and is shown."""
    typed = ["verb", "pin", "component", "rds_single", "state", "WARM", "reason", "migration", "ttl", "2h"]
    with DaemonProcess(tmp_path / "state", "autobroker", redis_server.url, "--act") as daemon:
        sent = subprocess.run(
            [redis_cli(), "-p", str(redis_server.port), "XADD", "solvent:commands", "*", *typed],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        replied = answer(keys, sent.stdout.strip().strip('"'))
        (pin,) = daemon.journal.events(PinSet)
        recorded_at = next(each.recorded_at for each in daemon.journal.recorded() if each.event == pin)
        until(lambda: keys.hash("component:rds_single").get("state") == "WARM", "the component to be shown WARM")

    assert ("done", "pinned rds_single WARM") == (replied["outcome"], replied["reason"])
    assert ("rds_single", ComponentState.WARM, "migration") == (pin.component, pin.state, pin.reason)
    assert pin.until is not None
    assert abs(pin.until - recorded_at - 2 * HOUR) < HOUR // 60


def test_deactivate_holds_a_component_down_and_unpin_lets_it_rise(
    daemon: DaemonProcess, shop: FileShop, keys: Keys
) -> None:
    """What `deactivate` took down stays down until `unpin`; what another stands on is not taken away under it."""
    rise(daemon, keys)
    kept = answer(keys, keys.command("pin", component="database", state="WARM", reason="maintenance"))
    down = answer(keys, keys.command("deactivate", component="web", reason="maintenance"))
    until(lambda: stands(daemon, "web", ComponentState.COLD), "web to be COLD")
    assert {} == shop.live("web")
    up = answer(keys, keys.command("unpin", component="web"))
    until(lambda: stands(daemon, "web", ComponentState.HOT), "web to be HOT again")

    assert ("refused", "component: web requires database and is HOT; deactivate that first") == (
        kept["outcome"],
        kept["reason"],
    )
    assert ["done", "done"] == [down["outcome"], up["outcome"]]
    assert ["hot"] == list(shop.live("web").values())


def test_activate_above_the_cap_needs_another_operators_approval(
    daemon: DaemonProcess, shop: FileShop, keys: Keys
) -> None:
    """Whoever asked cannot approve; another one with a reason can, and the step names the approval."""
    rise(daemon, keys)
    asked = answer(keys, keys.command("activate", component="search", reason="a launch"))
    approval_id = until(lambda: next(iter(daemon.journal.state().operators.approvals), None), "the question")
    own = answer(keys, keys.command("approve", id=approval_id, reason="it is mine"))
    unreasoned = answer(keys, keys.add("commands:alice", {"verb": "approve", "id": approval_id}))
    assert not stands(daemon, "search", ComponentState.HOT)
    given = {"verb": "approve", "id": approval_id, "reason": "paid by marketing", "ttl": "1h"}
    approved = answer(keys, keys.add("commands:alice", given))
    until(lambda: stands(daemon, "search", ComponentState.HOT), "search to be HOT")

    assert ["done", "refused", "refused", "done"] == [each["outcome"] for each in (asked, own, unreasoned, approved)]
    assert "needs another operator" in own["reason"]
    assert unreasoned["reason"].startswith("reason: missing")
    assert "alice" == approved["by"]
    steps = [each for each in daemon.journal.events(StepIntended) if each.component == "search"]
    assert ["", approval_id] == [each.override for each in steps]
    assert ["hot"] == list(shop.live("search").values())


def test_where_operators_are_named_nobody_speaks_without_a_name(daemon: DaemonProcess, keys: Keys) -> None:
    """The stream without a name would be a second person for whoever asked on one's own; it is told how."""
    replied = answer(keys, keys.add("commands", {"verb": "pause", "reason": "who am I"}))

    assert ("refused", "stream") == (replied["outcome"], replied["reason"].partition(":")[0])
    assert "operator, alice (XADD …:commands:NAME, or solvent with --as NAME)" in replied["reason"]
    assert [] == daemon.journal.events(PauseSet)


def test_a_pause_holds_moves_back_until_resume(daemon: DaemonProcess, shop: FileShop, keys: Keys) -> None:
    """Level 1 is decided under a pause and nothing moves; `resume` lets it rise."""
    until(lambda: stands(daemon, "files", ComponentState.HOT), "the floor to stand")
    paused = answer(keys, keys.command("pause", scope="up", reason="a freeze for the holidays"))
    earn(keys, 1, "250.00")
    until(lambda: daemon.journal.decided() == 1, "level 1 to be decided")
    shown = until(lambda: keys.hash("level").get("level") == "1" and keys.hash("status"), "the level to be shown")
    assert ["warm.files", "activate.files"] == shop.calls()
    resumed = answer(keys, keys.command("resume"))
    until(daemon.journal.at_rest, "level 1 to stand")

    assert ["done", "done"] == [paused["outcome"], resumed["outcome"]]
    assert any("a freeze for the holidays" in text for text in shown.values())
    assert ["a freeze for the holidays"] == [event.reason for event in daemon.journal.events(PauseSet)]


@pytest.mark.parametrize(("verb", "rises"), [("approve", True), ("deny", False)])
def test_a_level_that_waits_for_approval_follows_the_answer(
    redis_server: RedisServer, keys: Keys, tmp_path: Path, *, verb: str, rises: bool
) -> None:
    """With manual activation nothing rises until `approve`, and nothing after `deny`."""
    shop = FileShop(tmp_path / "shop", approval="manual")
    with DaemonProcess(tmp_path / "state", shop.plan_path, redis_server.url, "--act") as daemon:
        until(daemon.journal.at_rest, "the floor to stand")
        earn(keys, 1, "250.00")
        approval_id = until(lambda: next(iter(daemon.journal.state().operators.approvals), None), "the question")
        calls = shop.calls()
        replied = answer(keys, keys.command(verb, id=approval_id, reason="seen"))
        again = answer(keys, keys.command(verb, id=approval_id))
        until(daemon.journal.at_rest, "all components to rest")

        assert ["done", "refused"] == [replied["outcome"], again["outcome"]]
        assert again["reason"].startswith("id: ")
        assert rises is stands(daemon, "web", ComponentState.HOT)
        assert rises is (shop.calls() != calls)


def test_adopt_takes_over_what_was_found(redis_server: RedisServer, keys: Keys, shop: FileShop, tmp_path: Path) -> None:
    """A resource of somebody else's is costed and untouched; adopted, it is held; unpinned, it goes like any other."""
    found = shop.world / "search" / "live" / "made-by-hand"
    found.mkdir(parents=True)
    (shop.world / "search" / "snapshots").mkdir()
    (found / "state").write_text("hot\n")
    with DaemonProcess(tmp_path / "state", shop.plan_path, redis_server.url, "--act") as daemon:
        until(lambda: daemon.journal.state().components.of("search").unmanaged, "the resource to be found")
        until(lambda: stands(daemon, "files", ComponentState.HOT), "the floor to stand")
        assert 300_000_000 == daemon.journal.state().components.of("search").committed_micros
        assert {"made-by-hand": "hot"} == shop.live("search")
        early = answer(keys, keys.command("adopt", component="web"))
        adopted = answer(keys, keys.command("adopt", component="search", reason="it was always ours"))
        until(lambda: stands(daemon, "search", ComponentState.HOT), "search to be ours")
        answer(keys, keys.command("unpin", component="search"))
        until(lambda: stands(daemon, "search", ComponentState.COLD), "search to be COLD")

    assert ["refused", "done"] == [early["outcome"], adopted["outcome"]]
    assert ["made-by-hand"] == [event.token for event in daemon.journal.events(ResourceAdopted)]
    assert {} == shop.live("search")
    assert ["deactivate.search", "decommission.search"] == [call for call in shop.calls() if "search" in call]


def test_reset_breaker_lets_raising_calls_through_again(daemon: DaemonProcess, shop: FileShop, keys: Keys) -> None:
    """Two failures open both breakers, nothing is called any more, and the two resets let the level rise."""
    until(lambda: stands(daemon, "files", ComponentState.HOT), "the floor to stand")
    shop.ends_with(75, "warm", "database")
    earn(keys, 1, "250.00")

    def opened() -> bool:
        return {"open"} == {each.status.value for each in daemon.journal.state().breakers.values()}

    until(opened, "the breakers to open")
    shop.mend("warm", "database")
    calls = shop.calls()
    unknown = answer(keys, keys.command("reset-breaker", breaker="provider:simulated"))
    assert calls == shop.calls()
    resets = [
        answer(keys, keys.command("reset-breaker", breaker=name, reason="the provider is well"))
        for name in ("provider:command", "component:database")
    ]
    until(lambda: stands(daemon, "web", ComponentState.HOT), "level 1 to stand")

    assert 2 == calls.count("warm.database")
    assert ["refused", "done", "done"] == [each["outcome"] for each in (unknown, *resets)]


def test_resume_actor_lets_a_parked_component_go_on(daemon: DaemonProcess, shop: FileShop, keys: Keys) -> None:
    """A refusal for good parks the component, and what stands on it waits; mended and resumed, the level rises."""
    shop.ends_with(3, "warm", "database")
    earn(keys, 1, "250.00")
    parked = until(lambda: daemon.journal.state().components.of("database").parked, "database to be parked")
    early = answer(keys, keys.command("resume-actor", actor="component:web"))
    shop.mend("warm", "database")
    calls = shop.calls()
    resumed = answer(keys, keys.command("resume-actor", actor="component:database", reason="the region exists now"))
    until(lambda: stands(daemon, "web", ComponentState.HOT), "level 1 to stand")

    assert "the test said so" in parked
    assert ["refused", "done"] == [early["outcome"], resumed["outcome"]]
    assert 1 == calls.count("warm.database")
    assert "warm.web" not in calls


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"verb": "pni", "component": "web"}, "verb"),
        ({"component": "web"}, "verb"),
        ({"verb": "pin", "component": "wbe", "state": "WARM"}, "component"),
        ({"verb": "pin", "component": "server", "state": "WARM"}, "component"),
        ({"verb": "pin", "component": "web", "state": "LUKEWARM"}, "state"),
        ({"verb": "pin", "component": "web", "state": "WARM", "ttl": "soon"}, "ttl"),
        ({"verb": "pin", "component": "web", "state": "WARM", "ttl": "9999d"}, "ttl"),
        ({"verb": "pin", "component": "web", "state": "WARM", "until": "tomorrow"}, "until"),
        ({"verb": "pause", "scope": "sideways"}, "scope"),
        ({"verb": "resume", "reason": "r" * 1_000_000}, "reason"),
        ({"verb": b"\xff\xfe\x00pin", "component": b"\x80"}, "verb"),
    ],
    ids=[
        "wrong verb", "no verb", "unknown component", "the host", "wrong state", "unreadable ttl", "ttl too long",
        "unknown field", "wrong scope", "a megabyte", "binary",
    ],
)  # fmt: skip
def test_a_bad_command_is_refused_by_its_field(
    daemon: DaemonProcess, keys: Keys, fields: dict[str, str | bytes], field: str
) -> None:
    """The reply names the field at fault and what was expected; nothing else is recorded, and the next one works."""
    replied = answer(keys, keys.add(keys.commands_stream, fields))
    after = answer(keys, keys.command("pause", reason="the next one"))

    assert "refused" == replied["outcome"]
    assert replied["reason"].startswith(f"{field}: ")
    assert len(replied["reason"]) > len(f"{field}: ")
    assert "done" == after["outcome"]
    assert [] == daemon.journal.events(PinSet)


def test_a_command_too_old_is_refused(redis_server: RedisServer, keys: Keys, shop: FileShop, tmp_path: Path) -> None:
    """An entry of two hours ago is answered with its age, and not carried out."""
    two_hours_ago_ms = int(time.time() * 1_000) - 2 * 3_600_000
    entry_id = f"{two_hours_ago_ms}-0"
    keys.client.xadd(keys.key(keys.commands_stream), {"verb": "pause"}, id=entry_id)
    with DaemonProcess(tmp_path / "state", shop.plan_path, redis_server.url, "--act") as daemon:
        replied = answer(keys, entry_id)

        assert "refused" == replied["outcome"]
        assert replied["reason"].startswith("age: ")
        assert [] == daemon.journal.events(PauseSet)


def test_every_command_is_answered_once_over_kills(daemon: DaemonProcess, keys: Keys) -> None:
    """Forty commands, five of them followed by `kill -9`: as many replies, in the order of the commands."""
    chance = random.Random(40)
    sent: list[str] = []
    for number in range(40):
        sent.append(keys.command("pause" if number % 2 == 0 else "resume", reason=f"number {number}"))
        if number % 8 == 7:
            time.sleep(chance.uniform(0, 0.3))
            daemon.kill()
            daemon.start()
    until(lambda: len(keys.entries("replies")) >= len(sent), "all replies")
    assert 0 == daemon.stop()

    assert sent == [fields["id"] for _, fields in keys.entries("replies")]
    assert sent == [event.entry_id for event in daemon.journal.events(CommandAnswered)]
    assert {"done"} == {fields["outcome"] for _, fields in keys.entries("replies")}
