"""Options that reach a Redis, and `solvent redis-acl`, by their exit codes and what they say."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from config.errors import SettingsError
from config.redis_acl import password_hash
from config.redis_address import has_password, without_password
from config.secret import Secret
from config.settings import RedisAccessSettings
from config.settings_redis import RedisReached, redis_reached
from daemon.cli.main import main

COMMAND_LINES = (
    ("run", "--plan", "autobroker"),
    ("import", "-"),
    ("adopt", "web", "--reason", "x"),
    ("orphans", "--remove", "x"),
    ("budget", "reconcile", "web", "--month", "2026-11", "--bill", "1", "--reason", "x"),
)
KNOWN = "rediss://redis.example:6380"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SOLVENT_REDIS", "SOLVENT_STATE_DIR"):
        monkeypatch.delenv(name, raising=False)


def solvent(*arguments: str) -> Result:
    """The command line, in this process."""
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize("command", COMMAND_LINES, ids=[each[0] for each in COMMAND_LINES])
def test_a_password_on_the_command_line_is_refused(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Exit 2 with the way to do it right, and without the password, whatever stands in it; before anything else."""
    address = "redis://solvent:hunt/er:2@127.0.0.1:1"
    refused = solvent(*command, "--redis", address, "--state-dir", str(tmp_path / "none"))

    assert (2, "") == (refused.exit_code, refused.stdout)
    assert "SOLVENT_REDIS_ACCESS__PASSWORD=file:/PATH" in refused.stderr
    assert "er:2" not in refused.stderr


@pytest.mark.parametrize(
    ("address", "shown", "carries"),
    [
        ("redis://127.0.0.1:6379/1", "redis://127.0.0.1:6379/1", False),
        ("redis://solvent@host", "redis://solvent@host", False),
        ("redis://:secret@host", "redis://host", True),
        ("redis://u:se/c?r#e@t@host:1/2", "redis://u@host:1/2", True),
        ("redis://host?password=secret", "redis://host", True),
        ("unix://u:secret@/run/redis.sock", "unix://u@/run/redis.sock", True),
        ("redis//u:secret@host", "host", False),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, shown: str, carries: bool) -> None:
    """However it was written, also where a parser would stumble."""
    assert (shown, carries) == (without_password(address), has_password(address))


def test_the_running_daemons_redis_is_reached_with_the_settings_access(tmp_path: Path) -> None:
    """Address of the run facts, user and password of the file."""
    settings = tmp_path / "solvent.toml"
    settings.write_text('[redis_access]\nuser = "alice"\npassword = "file:/run/alice"\n')

    assert RedisReached(KNOWN, RedisAccessSettings(user="alice", password="file:/run/alice")) == redis_reached(
        str(settings), {}, given=None, known=KNOWN
    )


def test_an_address_with_a_password_stands_for_the_same_redis() -> None:
    """`SOLVENT_REDIS` with a password is taken where the run facts name the same Redis, and only there."""
    told = KNOWN.replace("//", "//solvent:secret@")
    same = redis_reached(None, {"SOLVENT_REDIS": told}, given=None, known=without_password(told))
    other = redis_reached(None, {"SOLVENT_REDIS": told}, given=None, known="redis://127.0.0.1:1")

    assert (told, "redis://127.0.0.1:1") == (same.url, other.url)


def test_what_is_given_goes_first() -> None:
    """`--redis` names another Redis than the daemon's."""
    assert "redis://given:1" == redis_reached(None, {"SOLVENT_REDIS": KNOWN}, given="redis://given:1", known=KNOWN).url


def test_a_password_in_the_settings_is_not_repeated(tmp_path: Path) -> None:
    """A problem of an address shows it without its password."""
    settings = tmp_path / "solvent.toml"
    settings.write_text('redis = "redis://u:sec/ret:x@host"\n[redis_access]\nca_file = "/ca.pem"\n')
    with pytest.raises(SettingsError) as refused:
        redis_reached(str(settings), {}, given="http://u:sec/ret@host")

    assert "ret" not in str(refused.value).replace("secret", "")


# --- solvent redis-acl ---


@pytest.fixture
def settings(tmp_path: Path) -> str:
    """Two principals, and the daemon's own password in a file."""
    (tmp_path / "daemon").write_text("the daemon's\n")
    path = tmp_path / "solvent.toml"
    path.write_text(
        f'redis = "{KNOWN}"\n[redis_access]\nuser = "solvent"\npassword = "file:{tmp_path / "daemon"}"\n'
        '[commands]\nprincipals = ["alice", "bob"]\n'
    )
    return str(path)


def hashes(result: Result) -> dict[str, str]:
    """The password's hash of each user that is on."""
    assert 0 == result.exit_code, result.stderr
    words = [line.split() for line in result.stdout.splitlines()]
    return {each[1]: each[3].removeprefix("#") for each in words if each[2] == "on"}


def test_passwords_are_made_once_and_never_printed(settings: str, tmp_path: Path) -> None:
    """A file of mode 0600 for each user without a password; the second run finds them; only hashes are printed."""
    folder = tmp_path / "passwords"
    first, second = (solvent("redis-acl", "--settings", settings, "--out", str(folder)) for _ in range(2))
    made = {path.stem: path.read_text().strip() for path in folder.iterdir()}

    assert hashes(first) == hashes(second)
    assert {"alice", "bob", "solvent-payments", "solvent-application", "solvent-dashboard"} == made.keys()
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert [] == [text for text in made.values() if text in first.stdout + first.stderr]
    assert hashes(first) == {
        "solvent": password_hash(Secret("the daemon's")),
        **{name: password_hash(Secret(text)) for name, text in made.items()},
    }


def test_a_password_that_is_kept_elsewhere_is_read_there(settings: str, tmp_path: Path) -> None:
    """`--password alice=file:…` makes no file for alice."""
    (tmp_path / "hers").write_text("hers")
    given = ("--password", f"alice=file:{tmp_path / 'hers'}", "--out", str(tmp_path / "out"))
    printed = hashes(solvent("redis-acl", "--settings", settings, *given))

    assert password_hash(Secret("hers")) == printed["alice"]
    assert not (tmp_path / "out" / "alice.password").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "the user alice has no password: say where it is with --password alice=file:/PATH, or let --out DIR"),
        (("--password", "alice=hunter2"), "--password alice=…: expected env:NAME, file:/PATH or credential:NAME"),
        (("--password", "hunter2"), "--password: expected one of solvent, alice, bob, solvent-payments"),
        (("--password", "alice=file:/nowhere/hers"), "file:/nowhere/hers cannot be read"),
        (("--administrator", "alice"), "the user alice would be both"),
        (("--instance", "Shop"), "a name such as shop-1"),
    ],
)
def test_what_cannot_be_printed_is_said(settings: str, arguments: tuple[str, ...], said: str) -> None:
    """Exit 2, and nothing on standard output, so that no half file is loaded; a mistaken password is not repeated."""
    refused = solvent("redis-acl", "--settings", settings, *arguments)

    assert (2, "") == (refused.exit_code, refused.stdout)
    assert said in refused.stderr
    assert "hunter2" not in refused.stderr


def test_what_the_file_cannot_do_is_said(settings: str, tmp_path: Path) -> None:
    """Redis allows no comment in the file: the notes, and what each user is for, stand on standard error."""
    old = solvent("redis-acl", "--settings", settings, "--out", str(tmp_path / "out"), "--redis-version", "6")

    assert "note: Redis 6.2 does not tell reading a key from writing it" in old.stderr
    assert "alice: commands on solvent:commands:alice" in old.stderr
    assert {"user"} == {line.split()[0] for line in old.stdout.splitlines()}
    assert "%" not in old.stdout


def test_the_daemons_password_is_made_where_the_settings_name_it(tmp_path: Path) -> None:
    """The first set-up: `redis_access.password` is a file of `--out` that is not there yet; the second run finds it."""
    folder = tmp_path / "redis"
    kept = folder / "daemon.word"
    path = tmp_path / "solvent.toml"
    path.write_text(f'redis = "{KNOWN}"\n[redis_access]\nuser = "solvent"\npassword = "file:{kept}"\n')
    first, second = (solvent("redis-acl", "--settings", str(path), "--out", str(folder)) for _ in range(2))

    assert password_hash(Secret(kept.read_text().strip())) == hashes(first)["solvent"]
    assert hashes(first) == hashes(second)
    assert 0o600 == stat.S_IMODE(kept.stat().st_mode)


def test_what_mends_an_exhausted_stream_is_said(settings: str, tmp_path: Path) -> None:
    """A sender can stop a stream by its greatest id: the notes say so, and what to do."""
    said = solvent("redis-acl", "--settings", settings, "--out", str(tmp_path / "out")).stderr

    assert "note: A sender of payments, or an operator on their own stream, can name the greatest id" in said
    assert "What mends it: DEL of the stream as the administrator" in said
