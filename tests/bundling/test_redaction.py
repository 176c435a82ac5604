"""Text without secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.redaction import REDACTED, redacted, redacted_value

SHAPES = [
    "sk_live_51Nxabcdefghij",
    "rk_test_0123456789",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "AKIAIOSFODNN7EXAMPLE",
    "AGE-SECRET-KEY-1QQPQYZ8Z8Z8Z8Z8Z8Z8Z8Z8",
    "ghp_0123456789abcdefghij0123",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w",
    "-----BEGIN PRIVATE KEY-----\nMIIBVgIBADANBg\n-----END PRIVATE KEY-----",
    "Bearer abcdefghijklmnop",
    "sk-proj-abcdefghijklmnop",
    "xoxb-123456789-abcdef",
    "glpat-abcdefghijklmnop",
    "AIzaSyA0123456789abcdefghij",
]


@pytest.mark.parametrize("secret", SHAPES)
@pytest.mark.parametrize("around", ["{}", "found '{}' there", '{{"note":"{}"}}', "a\n{}\nb"])
def test_what_looks_like_a_secret_goes(secret: str, around: str) -> None:
    """Keys of providers, webhook secrets, private keys and tokens are recognised by their shape."""
    kept = redacted(around.format(secret))

    assert secret not in kept
    assert REDACTED in kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("redis://ann:hunter2@host:6379/0", f"redis://{REDACTED}@host:6379/0"),
        ("postgresql+psycopg://u:p/w@d@db/x", f"postgresql+psycopg://{REDACTED}@db/x"),
        ("https://x.example/b?sig=abc", f"https://x.example/b?sig={REDACTED}"),
        ("run --password hunter2", f"run --password {REDACTED}"),
        ("password: a b c", f"password: {REDACTED}"),
        ("MYSQL_PWD=hunter2", f"MYSQL_PWD={REDACTED}"),
        ("Authorization: Digest abcdefgh", f"Authorization: Digest {REDACTED}"),
        ("password=hunter2 and sk_live_0123456", f"password={REDACTED}"),
        ("https://hooks.example/x?token=abc&b=1", f"https://hooks.example/x?token={REDACTED}&b=1"),
        ('password = "hunter2"', f"password = {REDACTED}"),
        ('{"smtp_password":"hunter2","port":25}', f'{{"smtp_password":{REDACTED},"port":25}}'),
        ("API_KEY=abc123", f"API_KEY={REDACTED}"),
        ("mail ann@example.org about it", "mail [address] about it"),
    ],
)
def test_the_rest_of_the_text_stays(text: str, kept: str) -> None:
    """Only the secret goes; what surrounds it can still be read."""
    assert kept == redacted(text)


@pytest.mark.parametrize(
    "text",
    [
        'api_key = "env:STRIPE_KEY"',
        'password: "credential:redis"',
        '{"token":"autobroker-rds_single-1-1","component":"rds_single"}',
        "level 2 needs 1183.00",
        "http://127.0.0.1:9327/metrics",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    """References say where a secret is, and our own tokens name what we made: both help an engineer."""
    assert text == redacted(text)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (["switch", "--password", "hunter2", "on"], ["switch", "--password", REDACTED, "on"]),
        (["mysql", "-phunter2"], ["mysql", f"-p{REDACTED}"]),
        (["switch", "--pw", "hunter2"], ["switch", "--pw", REDACTED]),
        (["DB_PASSWORD=hunter2"], [f"DB_PASSWORD={REDACTED}"]),
        ({"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "DB_PASSWORD", "value": REDACTED}),
        ({"password": "hunter2", "port": 25}, {"password": REDACTED, "port": 25}),
        ({"password": "env:THERE"}, {"password": "env:THERE"}),
        ({"deep": [{"api_key": "hunter2"}]}, {"deep": [{"api_key": REDACTED}]}),
        (["solvent", "--plan", "shop"], ["solvent", "--plan", "shop"]),
    ],
)
def test_what_strangers_call_a_secret_goes(value: object, kept: object) -> None:
    """Arguments behind a flag, values behind a name, and fields of a telling key; the form stays."""
    assert kept == redacted_value(value, by_name=True)


def test_our_own_tokens_stay() -> None:
    """What we wrote ourselves is only searched for shapes and known secrets."""
    ours = {"token": "svq3", "unmanaged_token": "svq4", "note": 'a"planted"\\b'}

    assert {**ours, "note": f'a"{REDACTED}"\\b'} == redacted_value(ours, ["planted"])


@given(secret=st.text(min_size=6, max_size=60), before=st.text(max_size=30), after=st.text(max_size=30))
def test_a_known_secret_goes_whatever_it_looks_like(secret: str, before: str, after: str) -> None:
    """A value that the settings refer to is taken out by its characters."""
    if secret not in REDACTED and secret not in "[address]" and REDACTED not in secret:
        assert secret not in redacted(f"{before}{secret}{after}", [secret]).replace(REDACTED, "\x00")
