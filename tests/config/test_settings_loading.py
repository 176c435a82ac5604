"""Settings come from defaults, file, environment and command line, in that order, all problems at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import SettingsError
from config.settings import RESERVED_INSTANCES, Mode, Settings
from config.settings_loading import load_settings, setting_types
from config.settings_sources import variable_name


def problems(toml: str | None = None, environ: dict[str, str] | None = None, **cli: object) -> list[str]:
    """What is wrong with settings, as texts."""
    with pytest.raises(SettingsError) as caught:
        load_settings(toml, environ or {}, {"plan": "autobroker"} | cli)
    return [problem.text for problem in caught.value.problems]


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    """Where a test writes its settings file."""
    return tmp_path / "solvent.toml"


def test_only_a_plan_is_needed() -> None:
    """Everything else has a default."""
    assert load_settings(None, {}, {"plan": "autobroker"}) == Settings(plan="autobroker")


def test_a_missing_plan_is_said() -> None:
    """Nobody runs another's plan by accident."""
    with pytest.raises(SettingsError, match="settings: plan: expected a shipped plan's name or a path"):
        load_settings(None, {}, {})


@given(st.lists(st.booleans(), min_size=3, max_size=3))
def test_the_nearest_source_wins(tmp_path_factory: pytest.TempPathFactory, given_by: list[bool]) -> None:
    """Command line before environment before file before default, whichever of them speak."""
    file = tmp_path_factory.mktemp("settings") / "solvent.toml"
    file.write_text("[kernel]\nask_timeout_s = 11\n" if given_by[0] else "")
    environ = {"SOLVENT_KERNEL__ASK_TIMEOUT_S": "12"} if given_by[1] else {}
    cli = {"plan": "autobroker", "kernel.ask_timeout_s": 13 if given_by[2] else None}
    expected = next((value for value, spoken in zip((13, 12, 11), reversed(given_by), strict=True) if spoken), 10)

    assert load_settings(str(file), environ, cli).kernel.ask_timeout_s == expected


def test_a_file_sets_every_kind_of_value(toml: Path) -> None:
    """Text, words, numbers and lists, at the top and in groups."""
    toml.write_text(
        'plan = "starter"\nmode = "act"\nredis = "redis://127.0.0.1:6379/0"\nhttp = "[::1]:0"\ninstance = "shop"\n'
        '[commands]\nprincipals = ["ann", "bob"]\n[breaker]\nfailures_max = 3\n'
    )
    settings = load_settings(str(toml), {}, {})

    assert (settings.plan, settings.mode, settings.redis) == ("starter", Mode.ACT, "redis://127.0.0.1:6379/0")
    assert (settings.http_host, settings.http_port, settings.key_prefix) == ("::1", 0, "solvent:shop:")
    assert (settings.commands.principals, settings.breaker.failures_max) == (("ann", "bob"), 3)


def test_the_environment_sets_the_same_from_text() -> None:
    """Numbers are read, lists are separated by commas."""
    environ = {
        "SOLVENT_PLAN": "starter",
        "SOLVENT_MODE": "observe_only",
        "SOLVENT_COMMANDS__PRINCIPALS": "ann, bob",
        "SOLVENT_PAYMENTS__BLOCK_MS": "500",
        "HOME": "ignored",
        "SOLVENT_TOKEN": "what a command's program finds is no setting",
    }
    settings = load_settings(None, environ, {})

    assert (settings.mode, settings.commands.principals) == (Mode.OBSERVE_ONLY, ("ann", "bob"))
    assert settings.payments.block_ms == 500


def test_every_setting_has_a_variable_of_its_own() -> None:
    """No two keys share a name."""
    names = [variable_name(key) for key in setting_types()]

    assert len(set(names)) == len(names) > 40
    assert "SOLVENT_KERNEL__MAILBOX_ITEMS_MAX" in names


def test_an_unknown_variable_names_the_nearest() -> None:
    """A mistyped variable never does nothing."""
    assert problems(environ={"SOLVENT_KERNEL__MAILBOX_ITEM_MAX": "5"}) == [
        (
            "environment: expected only variables that name a setting, found the unknown variable "
            "'SOLVENT_KERNEL__MAILBOX_ITEM_MAX' (did you mean 'SOLVENT_KERNEL__MAILBOX_ITEMS_MAX'?)"
        )
    ]


def test_problems_of_all_sources_come_at_once_with_their_origin(toml: Path) -> None:
    """The file's with their lines."""
    toml.write_text('mod = "act"\n\n[kernel]\nmailbox_items_max = "5"\nask_timeout_s = 0\n[stoping]\nask_s = 3\n')

    assert problems(str(toml), {"SOLVENT_MODE": "fast"}, http="nowhere") == [
        f"{toml}:1: mod: expected a setting, found the unknown key 'mod' (did you mean 'mode'?)",
        f"{toml}:4: kernel.mailbox_items_max: expected a whole number, found '5'",
        f"{toml}:5: kernel.ask_timeout_s: expected a whole number >= 1, found '0'",
        (
            f"{toml}:7: stoping.ask_s: expected a setting, found the unknown key 'stoping.ask_s' "
            "(did you mean 'stopping.ask_s'?)"
        ),
        "command line: http: expected HOST:PORT such as 127.0.0.1:8417, the port at most 65535, found 'nowhere'",
        "environment: SOLVENT_MODE: expected one of observe_only, act, found 'fast'",
    ]


@pytest.mark.parametrize("name", [*RESERVED_INSTANCES, "Shop", "9shop", "a" * 33, "shop\n", ""])
def test_an_instance_name_must_fit_the_keys(name: str) -> None:
    """A name that collides with a key of the default instance, or cannot stand in one, is refused."""
    assert [text.split(": expected")[0] for text in problems(instance=name)] == ["command line: instance"]


@pytest.mark.parametrize("url", ["localhost", "http://a", "redis://", "redis://a b", ""])
def test_redis_is_a_url_or_embedded(url: str) -> None:
    """Anything else is refused."""
    assert [text.split(": expected")[0] for text in problems(redis=url)] == ["command line: redis"]


def test_a_password_is_not_repeated() -> None:
    """Problems end up in logs."""
    [text] = problems(redis="rediss//user:secret@host")

    assert "secret" not in text


@pytest.mark.parametrize("address", ["127.0.0.1", ":80", "a:65536", "a:b", "[::1]", "a b:1"])
def test_an_address_is_host_and_port(address: str) -> None:
    """Both halves are checked before anything is bound."""
    assert len(problems(http=address)) == 1


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"stopping.ask_s": 20, "stopping.cancel_s": 10}, "ask_s and cancel_s together under 30"),
        ({"breaker.cooldown_initial_s": 4_000}, "breaker.cooldown_initial_s at most breaker.cooldown_max_s"),
        ({"provisioning.retry_max_s": 1}, "provisioning.retry_initial_s at most provisioning.retry_max_s"),
        ({"provisioning.sweep_every_s": 30}, "provisioning.sweep_again_s at most provisioning.sweep_every_s"),
        ({"payments.block_ms": 2_001}, "a whole number <= 2000"),
        ({"kernel.restarts_max": True}, "a whole number"),
        ({"kernel.restarts_max": "\u0665"}, "a whole number"),
        ({"notifications.quiet_from": "1\u0662:00"}, "a time of day such as 22:00"),
    ],
)
def test_limits_must_fit_each_other(keys: dict[str, object], expected: str) -> None:
    """Each value that takes part in a contradiction is named."""
    texts = problems(None, None, **keys)

    assert len(texts) == len(keys)
    assert all(f"expected {expected}, found" in text for text in texts)


@pytest.mark.parametrize(
    ("content", "start"),
    [
        (b"plan = \n", ":1: expected TOML, found"),
        (b"a = 1\n\xff", ":2: expected text in UTF-8"),
        (b"#" * 262_145, ": expected at most"),
    ],
)
def test_a_file_that_is_no_toml_is_said(toml: Path, content: bytes, start: str) -> None:
    """With its line where there is one."""
    toml.write_bytes(content)
    [text] = problems(str(toml))

    assert text.startswith(f"{toml}{start}")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    """A file that was asked for must be there."""
    assert problems(str(tmp_path / "none.toml")) == [
        f"{tmp_path / 'none.toml'}: expected a settings file that can be read, found No such file or directory"
    ]
