"""A whole daemon on a guarded Redis: it waits for what it may not do, takes a new password up, and tells no secret."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from machines.events import FreezeChanged, Started
from tests.console.guarded_redis import ADMINISTRATOR, GuardedRedis
from tests.processes.daemon_process import PROGRAM, DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.operating import answer, rise
from tests.processes.redis_place import Keys
from tests.processes.waiting import until

SECRET = "solvent-password"


@pytest.fixture
def shop(tmp_path: Path) -> FileShop:
    """The shop's plan and world."""
    return FileShop(tmp_path / "shop")


@pytest.fixture
def keys(guarded_redis: GuardedRedis) -> Iterator[Keys]:
    """The instance's keys, through the administrator's eyes."""
    with guarded_redis.client(ADMINISTRATOR) as client:
        yield Keys(client, "solvent")


def make_daemon(server: GuardedRedis, shop: FileShop, tmp_path: Path, **settings: str) -> DaemonProcess:
    """A daemon that may act, as the user `solvent`."""
    known = {**server.environment("solvent"), "SOLVENT_COMMANDS__PRINCIPALS": "alice,bob", **settings}
    return DaemonProcess(tmp_path / "state", shop.plan_path, server.url, "--act", settings=known)


def frozen(daemon: DaemonProcess) -> str:
    """Why decisions wait."""
    return daemon.journal.state().frozen or ""


def test_a_daemon_that_may_not_do_its_work_waits_and_says_why(
    guarded_redis: GuardedRedis, shop: FileShop, keys: Keys, tmp_path: Path
) -> None:
    """Without one command it starts, is frozen with the sentence, does not start again and again, and then goes on."""
    keys.client.execute_command("ACL", "SETUSER", "solvent", "-xread")
    with make_daemon(guarded_redis, shop, tmp_path) as daemon:
        said = until(lambda: frozen(daemon), "the freeze")
        keys.client.execute_command("ACL", "SETUSER", "solvent", "+xread")
        rise(daemon, keys)

        assert "does not permit XREAD solvent:payments to the user solvent; load that user's line of" in said
        assert 1 == len(daemon.journal.events(Started))
        assert 0 == daemon.stop()


def test_a_rotated_password_needs_no_restart(
    guarded_redis: GuardedRedis, shop: FileShop, keys: Keys, tmp_path: Path
) -> None:
    """Changed at the server it freezes the daemon with the reason; changed in the file too, the daemon goes on."""
    with make_daemon(guarded_redis, shop, tmp_path) as daemon:
        rise(daemon, keys)
        calls = shop.calls()
        keys.client.execute_command("ACL", "SETUSER", "solvent", "resetpass", ">changed")
        keys.client.execute_command("CLIENT", "KILL", "USER", "solvent")
        said = until(lambda: frozen(daemon), "the freeze")
        until(lambda: "refused the password of the user solvent" in daemon.log, "the reason in the log")
        guarded_redis.password_path("solvent").write_text("changed\n")
        until(lambda: not frozen(daemon), "the thaw")
        replied = answer(keys, keys.add("commands:alice", {"verb": "pause", "reason": "it hears us"}))

        assert said
        assert "done" == replied["outcome"]
        assert calls == shop.calls()
        assert [True, False] == [event.frozen for event in daemon.journal.events(FreezeChanged)]
        assert 1 == len(daemon.journal.events(Started))
        assert 0 == daemon.stop()


@pytest.mark.parametrize("where", ["reference", "address"])
def test_no_password_is_told_anywhere(
    guarded_redis: GuardedRedis, shop: FileShop, keys: Keys, tmp_path: Path, where: str
) -> None:
    """Not in the log, the run facts, the journal, the hashes, or what `solvent status` shows; nor is one in the URL."""
    url, environment = guarded_redis.url, guarded_redis.environment("solvent")
    if where == "address":
        url = url.replace("//", f"//solvent:{SECRET}@")
        environment = {"SOLVENT_REDIS_ACCESS__CA_FILE": guarded_redis.certificates.authority}
    state = tmp_path / "state"
    with DaemonProcess(state, shop.plan_path, None, "--act", settings={**environment, "SOLVENT_REDIS": url}) as daemon:
        rise(daemon, keys)
        until(lambda: keys.hash("status").get("pid"), "the state to be shown")
        guarded_redis.stop()
        until(lambda: frozen(daemon), "the freeze")
        shown = subprocess.run(
            [PROGRAM, "status", "--state-dir", str(state)], capture_output=True, text=True, check=True
        ).stdout
        written = b"".join(path.read_bytes() for path in state.glob("*") if path.is_file())

    assert guarded_redis.url.removeprefix("rediss://") in shown + written.decode(errors="replace")
    assert SECRET not in daemon.log + shown
    assert SECRET.encode() not in written


def test_commands_of_the_command_line_make_themselves_known(
    guarded_redis: GuardedRedis, shop: FileShop, keys: Keys, tmp_path: Path
) -> None:
    """`import`, and `adopt` as an operator, work with variables or a settings file; without, they say what lacks."""
    payments = tmp_path / "payments.csv"
    payments.write_text(
        "payment_id,customer_id,amount,currency,status,created_at,kind\n"
        "p1,c1,250.00,EUR,completed,2024-01-10T12:00:00Z,payment\n"
    )
    settings = tmp_path / "solvent.toml"
    access = guarded_redis.environment("alice")
    settings.write_text(
        "[redis_access]\n"
        + "".join(f'{name.rpartition("__")[2].lower()} = "{text}"\n' for name, text in access.items())
    )
    with make_daemon(guarded_redis, shop, tmp_path) as daemon:
        place = ("--state-dir", str(daemon.state_directory))
        imported = run_solvent("import", str(payments), *place, environment=guarded_redis.environment("solvent"))
        nobody = run_solvent("adopt", "search", "--reason", "ours", *place, environment={})
        known = ("--settings", str(settings), "--reason", "ours", *place)
        stranger = run_solvent("adopt", "search", *known, environment={})
        alice = run_solvent("adopt", "search", "--as", "alice", *known, environment={})

    assert (0, "counted 1" in imported.stdout) == (imported.returncode, True), imported.stderr
    assert (1, True) == (nobody.returncode, "is not trusted" in nobody.stderr), nobody.stderr
    assert (1, True) == (
        stranger.returncode,
        "does not permit XADD solvent:commands to the user alice" in stranger.stderr,
    )
    assert (1, True) == (alice.returncode, "nothing unmanaged was found for search" in alice.stderr), alice.stderr


def run_solvent(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """The command line with these variables and no others of solvent."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("SOLVENT_")}
    return subprocess.run(
        [PROGRAM, *arguments],
        capture_output=True,
        text=True,
        env={**kept, **environment},
        input="",
        timeout=60,
        check=False,
    )
