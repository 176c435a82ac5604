"""How our clients make themselves known: over TLS, with secrets read anew, and refusals that say what to do."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from adapters.redis_keys import KeyConnection, KeyedKind
from adapters.redis_streams import RedisAccess, RedisStreams
from config.settings import RedisAccessSettings
from machines.ports.faults import Transient
from machines.ports.streams import START, StreamsAwayError
from tests.console.guarded_redis import ADMINISTRATOR, Certificates, GuardedRedis, shop_users
from tests.contracts.journal import SetClock


async def said_by(url: str, access: RedisAccess) -> str:
    """What a client that may not in says; "" where it may."""
    streams = RedisStreams(url, "solvent", access=access)
    try:
        await streams.facts("payments", START)
    except StreamsAwayError as away:
        return str(away)
    finally:
        await streams.close()
    return ""


@pytest.fixture
def server(shared_redis: GuardedRedis) -> GuardedRedis:
    """With the usual users."""
    shared_redis.load(shop_users())
    return shared_redis


async def test_the_daemons_user_gets_in(server: GuardedRedis) -> None:
    """User and password from a file, over TLS that is checked."""
    assert "" == await said_by(server.url, server.access("solvent"))


async def test_a_password_in_the_address_gets_in_and_is_never_said(server: GuardedRedis) -> None:
    """It works where no reference names another, and no message repeats it, right or wrong."""
    trusted = RedisAccess(RedisAccessSettings(ca_file=server.certificates.authority))
    right = await said_by(server.url.replace("//", "//solvent:solvent-password@"), trusted)
    wrong = await said_by(server.url.replace("//", "//solvent:hunter2@"), trusted)

    assert "" == right
    assert "refused the password of the user solvent" in wrong
    assert "hunter2" not in wrong


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"ca_file": ""}, "a certificate that is not trusted; let redis_access.ca_file name the authority"),
        ({"ca_file": "/nowhere/ca.pem"}, "redis_access.ca_file /nowhere/ca.pem cannot be read: No such file"),
        ({"cert_file": "/nowhere/us.pem", "key_file": "/nowhere/us.key"}, "redis_access.cert_file /nowhere/us.pem"),
        ({"password": "file:/nowhere/password"}, "redis_access.password: file:/nowhere/password cannot be read"),
        ({"password": "env:SOLVENTS_UNSET"}, "redis_access.password: the variable SOLVENTS_UNSET is not set"),
        ({"user": "mallory"}, "refused the password of the user mallory, or knows no such user"),
        ({"user": "solvent-payments", "password": ""}, "refused the password of the user solvent-payments"),
        ({"user": "", "password": ""}, "asks for a user and a password; name them as redis_access.user"),
    ],
)
async def test_what_keeps_a_client_out_is_said(server: GuardedRedis, changed: dict[str, str], said: str) -> None:
    """Each sentence names the setting to look at."""
    assert said in await said_by(server.url, server.access("solvent", **changed))


async def test_an_address_that_does_not_fit_the_port_is_said(server: GuardedRedis) -> None:
    """Speaking plainly to a TLS port says how a TLS address begins."""
    assert "rediss:// where the server speaks TLS" in await said_by(
        server.url.replace("rediss", "redis"), RedisAccess(RedisAccessSettings(user="solvent"))
    )


async def test_a_name_that_is_not_on_the_certificate_is_refused(server: GuardedRedis) -> None:
    """The right authority for another host is no proof; the address cannot switch the check off."""
    elsewhere = server.url.replace("localhost", "127.0.0.1") + "?ssl_check_hostname=false&ssl_cert_reqs=none"
    assert "the address a name that the certificate carries" in await said_by(elsewhere, server.access("solvent"))


async def test_only_the_named_authority_is_trusted(server: GuardedRedis, tmp_path: Path) -> None:
    """A certificate of another authority is refused, and the right one is taken once the file has been replaced."""
    (tmp_path / "other").mkdir()
    named = tmp_path / "ca.pem"
    shutil.copy(Certificates(tmp_path / "other").authority, named)
    streams = RedisStreams(server.url, "solvent", access=server.access("solvent", ca_file=str(named)))
    with pytest.raises(StreamsAwayError, match="a certificate that is not trusted"):
        await streams.facts("payments", START)
    shutil.copy(server.certificates.authority, named)
    await streams.facts("payments", START)
    await streams.close()


async def test_a_changed_password_is_found_at_the_next_connection(server: GuardedRedis) -> None:
    """The same client: refused while file and server differ, let in as soon as they agree."""
    await changes_password(server, lambda streams: streams.facts("payments", START))


async def changes_password(server: GuardedRedis, ask: Callable[[RedisStreams], Awaitable[object]]) -> None:
    """Change it at the server first and in the file afterwards."""
    streams = RedisStreams(server.url, "solvent", access=server.access("solvent"))
    await ask(streams)
    with server.client(ADMINISTRATOR) as administrator:
        administrator.execute_command("ACL", "SETUSER", "solvent", "resetpass", ">changed")
        administrator.execute_command("CLIENT", "KILL", "USER", "solvent")
    for _ in range(2):  # the first may find its connection gone
        with contextlib.suppress(StreamsAwayError):
            await ask(streams)
    with pytest.raises(StreamsAwayError, match="refused the password of the user solvent"):
        await ask(streams)
    server.password_path("solvent").write_text("changed\n")
    await ask(streams)
    await streams.close()


async def test_a_changed_password_parks_no_component(server: GuardedRedis) -> None:
    """A provisioner's call is refused for now, not for good."""
    access = server.access("solvent", password=f"file:{server.password_path('alice')}")
    connection = KeyConnection(KeyedKind("budget", "budgets"), server.url, "solvent", SetClock(), access)
    with pytest.raises(Transient, match="refused the password of the user solvent"):
        await connection.look("voice")
    await connection.close()


async def test_a_client_shows_its_certificate_where_the_server_asks_for_one(
    tmp_path: Path, certificates: Certificates
) -> None:
    """`cert_file` and `key_file` open a server with `tls-auth-clients yes`; without them it is said that TLS fails."""
    server = GuardedRedis(tmp_path / "asking", certificates)
    server.load(shop_users())
    await asyncio.to_thread(server.start, "yes")
    try:
        shown = await said_by(
            server.url, server.access("solvent", cert_file=certificates.server, key_file=certificates.key)
        )
        without = await said_by(server.url, server.access("solvent"))
    finally:
        server.stop()

    assert "" == shown
    assert "TLS" in without
