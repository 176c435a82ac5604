"""What is wrong with `[sources.NAME]` and `[channels.NAME]` is said of the field, and shows no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import SettingsError
from config.settings_loading import load_settings

POST = '[sources.till]\nkind = "post"\n'
HOOK = '[channels.pager]\nkind = "webhook"\nsecret = "env:A"\n'
REFERENCE = "where the secret is: env:NAME, file:/PATH or credential:NAME"
NEITHER = "text that begins with neither env:, file: nor credential:"


def problems(folder: Path, text: str) -> list[str]:
    """What is wrong with a settings file, without its name."""
    path = folder / "solvent.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(str(path), {}, {"plan": "autobroker"})
    return [each.text.removeprefix(f"{path}:") for each in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (POST, f"1: sources.till.secret: expected {REFERENCE}, found no such key"),
        (f'{POST}secret = "whsec_abc"', f"1: sources.till.secret: expected {REFERENCE}, found {NEITHER}"),
        (
            f'{POST}secret = "file:a"',
            f"1: sources.till.secret: expected {REFERENCE}, found file: and behind it what is no absolute path",
        ),
        (
            f'{POST}secret = "env:A"\ntolerance_s = 1',
            "1: sources.till.tolerance_s: expected a whole number >= 10, found 1",
        ),
        (
            '[sources.Shop]\nkind = "post"\n',
            (
                "1: sources.Shop: expected a name in lower case such as shop-1: a-z, 0-9, _ and -, a letter first, at"
                " most 32 characters, found 'Shop'"
            ),
        ),
        (
            '[sources.till]\nkind = "pots"\n',
            "1: sources.till.kind: expected one of stripe, sql, post, folder, stream, found 'pots'",
        ),
        (
            '[backup]\nidentity = "AGE-SECRET-KEY-1"',
            f"2: backup.identity: expected {REFERENCE}, found {NEITHER}",
        ),
        (
            '[backup]\nrecipients = ["age1x"]',
            (
                "2: backup.recipients: expected public keys of age: age1 and 40 to 120 of a-z and 0-9, as age-keygen"
                " prints them, found \"['age1x']\""
            ),
        ),
        (
            f'{HOOK}url = "http://127.0.0.1:8/t0ken"',
            (
                "1: channels.pager.url: expected a host on the Internet, or private_allowed = true where the endpoint"
                " is meant to be inside, found 'http://127.0.0.1:8'"
            ),
        ),
    ],
)
def test_a_mistake_in_a_table_is_said_of_its_field(tmp_path: Path, text: str, expected: str) -> None:
    """What was expected of it, and what stands there, without the text of what may be a secret."""
    assert [expected] == problems(tmp_path, text)


def test_a_url_that_is_none_is_a_mistake_of_the_settings(tmp_path: Path) -> None:
    """Of a channel and of a source alike."""
    stripe = '[sources.s]\nkind = "stripe"\napi_key = "env:A"\nbase_url = "https://a:b"\n'
    said = problems(tmp_path, f'{HOOK}url = "https://a:1:x"\n{stripe}')

    assert ["1: channels.pager.url: expected a URL such as", "5: sources.s.base_url: expected a URL such as"] == [
        each[: each.index(" https")] for each in said
    ]


def test_an_inner_address_is_taken_where_it_is_meant(tmp_path: Path) -> None:
    """The settings say so."""
    path = tmp_path / "solvent.toml"
    path.write_text(f'{HOOK}url = "http://localhost:8"\nprivate_allowed = true\n')

    assert ["pager"] == list(load_settings(str(path), {}, {"plan": "autobroker"}).channels)


def test_an_unreadable_file_is_the_only_mistake(tmp_path: Path) -> None:
    """It may name a plan."""
    with pytest.raises(SettingsError) as caught:
        load_settings(str(tmp_path / "none.toml"), {}, {})

    assert ["a settings file that can be read"] == [each.expected for each in caught.value.problems]
