"""The other users of `solvent redis-acl`: operators, senders of payments, the application, dashboards, nobody."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest
import redis
from click.testing import CliRunner
from redis.exceptions import AuthenticationError, NoPermissionError

from adapters.redis_streams import PaymentsSender
from config.redis_acl import NameTakenError, acl_users
from daemon.cli.main import main
from tests.console.guarded_redis import ADMINISTRATOR, GuardedRedis, run_async, shop_users

SPEND: Final = (files("adapters.provisioners.budget") / "spend.lua").read_text(encoding="utf-8")
OWN: Final = "solvent:commands:alice"
WRITTEN_BY_OTHERS: Final = ("solvent:commands", "solvent:commands:bob", "solvent:payments", "solvent:events",
    "solvent:replies", "solvent:owner", "elsewhere")  # fmt: skip
FORBIDDEN: Final = (
    ("KEYS", "*"), ("SCAN", "0"), ("CONFIG", "GET", "*"), ("FLUSHALL",), ("FLUSHDB",), ("EVAL", "return 1", "0"),
    ("SUBSCRIBE", "x"), ("PUBLISH", "x", "y"), ("SHUTDOWN",), ("ACL", "LIST"), ("CLIENT", "LIST"), ("INFO",),
    ("MONITOR",), ("REPLICAOF", "NO", "ONE"), ("SCRIPT", "LOAD", "return 1"),
    ("MULTI",), ("RENAME", OWN, "elsewhere"), ("COPY", OWN, "solvent:commands:bob"), ("RESTORE", OWN, "0", "x"),
    ("XDEL", OWN, "1-1"), ("XTRIM", OWN, "MAXLEN", "0"), ("DEL", OWN), ("SET", OWN, "x"), ("XRANGE", OWN, "-", "+"),
    ("HSET", "solvent:status", "mode", "act"), ("DEL", "solvent:status"), ("EXPIRE", "solvent:status", "1"),
    ("HGETALL", "solvent:owner"), ("XRANGE", "solvent:payments", "-", "+"), ("GET", "elsewhere"),
    ("HSET", "solvent:dial:share", "share_percent", "0"), ("HSET", "solvent:budget:voice", "budget_micros", "9"),
)  # fmt: skip
"""What no operator may do."""
READ: Final = (
    ("HGETALL", "solvent:status"), ("HGET", "solvent:status", "mode"), ("HGETALL", "solvent:component:web"),
    ("HGETALL", "solvent:level"), ("HGETALL", "solvent:revenue"), ("XREVRANGE", "solvent:events", "+", "-"),
    ("XREVRANGE", "solvent:replies", "+", "-"), ("XRANGE", "solvent:mrr", "-", "+"), ("XLEN", "solvent:rejected"),
    ("XREAD", "STREAMS", "solvent:events", "0"), ("HGETALL", "solvent:budget:voice"), ("HGETALL", "solvent:dial:share"),
    ("PING",), ("ACL", "WHOAMI"),
)  # fmt: skip


@pytest.fixture(scope="module", params=[7, 6])
def version(request: pytest.FixtureRequest, shared_redis: GuardedRedis) -> int:
    """The rules for Redis 7 and those for 6.2, both on the server that is here."""
    shared_redis.load(shop_users(request.param))
    with shared_redis.client(ADMINISTRATOR) as administrator:
        administrator.flushall()
        administrator.hset("solvent:status", "mode", "act")
        administrator.set("elsewhere", "a stranger's")
        administrator.hset("solvent:dial:share", "share_percent", "80")
    return int(request.param)


@pytest.fixture
def alice(shared_redis: GuardedRedis, version: int) -> Iterator[redis.Redis]:
    """An operator."""
    with shared_redis.client("alice") as client:
        yield client


def refused(client: redis.Redis, *command: str) -> bool:
    """Whether the server forbids it."""
    try:
        client.execute_command(*command)
    except NoPermissionError:
        return True
    except redis.ResponseError:
        return False
    return False


def test_an_operator_writes_only_its_own_commands(alice: redis.Redis) -> None:
    """Its own stream takes a command; every other key refuses one."""
    alice.xadd(OWN, {"verb": "pause"})

    assert [] == [key for key in WRITTEN_BY_OTHERS if not refused(alice, "XADD", key, "*", "verb", "pause")]


def test_an_operator_may_do_nothing_else(alice: redis.Redis) -> None:
    """No list of keys, no setting, no script, no subscription, no change of what it reads, no look at payments."""
    assert [] == [" ".join(command) for command in FORBIDDEN if not refused(alice, *command)]


@pytest.mark.parametrize("version", [7], indirect=True)
def test_an_operator_reads_the_state(alice: redis.Redis) -> None:
    """All hashes and outgoing streams."""
    assert [] == [" ".join(command) for command in READ if refused(alice, *command)]


def test_a_dashboard_reads_and_writes_nothing(shared_redis: GuardedRedis, version: int) -> None:
    """It reads all that operators may, and writes nowhere."""
    with shared_redis.client("solvent-dashboard") as dashboard:
        unread = [" ".join(command) for command in READ if refused(dashboard, *command)]
        written = [key for key in (OWN, *WRITTEN_BY_OTHERS) if not refused(dashboard, "XADD", key, "*", "a", "b")]
        done = [" ".join(command) for command in FORBIDDEN if not refused(dashboard, *command)]

    assert ([], [], []) == (unread, written, done)


def test_a_sender_sends_payments_and_reads_nothing(shared_redis: GuardedRedis, version: int) -> None:
    """`PaymentsSender` works as that user; it can neither read the payments nor write or read anything else."""
    sender = PaymentsSender(shared_redis.url, "solvent", access=shared_redis.access("solvent-payments"))

    async def send() -> None:
        await sender.send([{"payment_id": "1"}, {"payment_id": "2"}])
        await sender.close()

    run_async(send())
    with shared_redis.client("solvent-payments") as client:
        written = [
            key
            for key in ("solvent:commands", "solvent:events", OWN)
            if not refused(client, "XADD", key, "*", "a", "b")
        ]
        read = [
            command
            for command in (*READ[:8], ("XRANGE", "solvent:payments", "-", "+"))
            if not refused(client, *command)
        ]

    assert ([], []) == (written, read)


def test_the_application_spends_and_reads_its_dial(shared_redis: GuardedRedis, version: int) -> None:
    """The script of the documents runs, by EVAL and by EVALSHA; the dial is read, and its measurement written."""
    client: Any
    with shared_redis.client("solvent-application") as client:
        spent = client.eval(SPEND, 1, "solvent:budget:voice", "call-1", "units", "1")
        again = client.register_script(SPEND)(keys=["solvent:budget:voice"], args=["call-2", "units", "1"])
        share = client.hget("solvent:dial:share", "share_percent")
        client.hset("solvent:dial:share:measured", mapping={"accuracy": "0.9", "measured_at": client.time()[0]})
        elsewhere = [key for key in ("solvent:status", "solvent:events", OWN) if not refused(client, "HGETALL", key)]
        changed = not refused(client, "HSET", "solvent:dial:share", "share_percent", "80")

    assert ([0, "off"], [0, "off"], "80", []) == (spent[:2], again[:2], share, elsewhere)
    assert (version == 6) is changed  # what the notes of `solvent redis-acl` say of 6.2


@pytest.mark.parametrize("number", [1, 2])
def test_nobody_is_nobody(shared_redis: GuardedRedis, version: int, number: int) -> None:
    """Whoever names no user may not even ask whether the server is there; a wrong password is no user."""
    with shared_redis.client("alice") as client:
        client.connection_pool.connection_kwargs.update(
            {"username": None, "password": None} if number == 1 else {"password": "guessed"}
        )
        with pytest.raises(AuthenticationError):
            client.ping()


def test_users_of_two_instances_share_no_key() -> None:
    """Neither a name nor a key of one instance is in the rules of another."""
    shop, other = ({user.name: set(user.rules) for user in shop_users(instance=name)} for name in ("shop", "other"))
    keys = [rule for rules in other.values() for rule in rules if "~solvent:" in rule]

    assert {ADMINISTRATOR} == shop.keys() & other.keys()
    assert [] == [rule for rules in shop.values() for rule in rules if rule in keys]
    assert keys


def test_a_name_that_is_taken_is_refused() -> None:
    """A principal called like Redis's own user, or like the daemon's, would be both."""
    for names, daemon in ((("default",), ""), (("alice",), "alice")):
        with pytest.raises(NameTakenError, match=f"the user {names[0]} would be both"):
            acl_users(version=7, instance="solvent", principals=names, daemon=daemon)


def test_import_works_as_the_sender(
    shared_redis: GuardedRedis, version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`solvent import --no-wait --redis …` takes nothing but what the sender may."""
    payments = tmp_path / "payments.csv"
    payments.write_text(
        "payment_id,customer_id,amount,currency,status,created_at,kind\n"
        "p1,c1,250.00,EUR,completed,2024-01-10T12:00:00Z,payment\n"
    )
    for name, text in shared_redis.environment("solvent-payments").items():
        monkeypatch.setenv(name, text)
    with shared_redis.client(ADMINISTRATOR) as administrator:
        before = administrator.xlen("solvent:payments")
        sent = CliRunner().invoke(main, ["import", str(payments), "--redis", shared_redis.url, "--no-wait"])
        after = administrator.xlen("solvent:payments")

    assert 0 == sent.exit_code, sent.stderr
    assert 2 == after - before  # the payment and its watermark
