"""Addresses of a Redis that is found through its sentinels: read as others write them, refused where not whole."""

from __future__ import annotations

import pytest

from config.errors import SettingsError
from config.redis_address import has_password, user_in, without_password
from config.redis_sentinel import SentinelAddress, is_usable, sentinel_address
from config.secret import Secret
from config.settings_loading import load_settings

PLAIN = "redis+sentinel://a.example:26379,b.example/revenue"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (PLAIN, SentinelAddress(False, "", Secret(""), (("a.example", 26_379), ("b.example", 26_379)), "revenue", 0)),
        (
            "rediss+sentinel://solvent:h%40s,h@10.0.0.1:1,[::1]:2/my-master/3",
            SentinelAddress(True, "solvent", Secret("h%40s,h"), (("10.0.0.1", 1), ("::1", 2)), "my-master", 3),
        ),
        ("redis+sentinel://:x@h/m/", SentinelAddress(False, "", Secret("x"), (("h", 26_379),), "m", 0)),
    ],
)
def test_an_address_is_read(address: str, expected: SentinelAddress) -> None:
    """Sentinels with or without a port, a user for the Redis itself, the watched name, a database."""
    assert expected == sentinel_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "redis+sentinel://",
        "redis+sentinel://a.example:26379",
        "redis+sentinel://a.example/",
        "redis+sentinel:///revenue",
        "redis+sentinel://a.example,,b.example/revenue",
        "redis+sentinel://a.example:65536/revenue",
        "redis+sentinel://a.example/revenue/first",
        "redis+sentinel://a.example/revenue?sentinel_password=hush",
        "redis+sentinel://a b/revenue",
        f"redis+sentinel://{','.join(['h'] * 17)}/revenue",
        "redis://a.example/0",
    ],
)
def test_an_address_that_is_not_whole_is_refused(address: str) -> None:
    """Nobody guesses a name that the sentinels do not know; options have settings of their own."""
    assert not is_usable(address)


def test_such_an_address_is_shown_without_its_password() -> None:
    """The user stays, as in every other address."""
    address = PLAIN.replace("//", "//solvent:hush@")

    assert (PLAIN.replace("//", "//solvent@"), "solvent", True) == (
        without_password(address),
        user_in(address),
        has_password(address),
    )
    assert has_password(f"{PLAIN}?sentinel_password=hush")


def loaded(**settings: str) -> str:
    """What is said of these settings; "" where nothing is."""
    try:
        load_settings(None, {}, {"plan": "autobroker", **settings})
    except SettingsError as error:
        return str(error)
    return ""


def test_settings_take_sentinels() -> None:
    """With certificates where both speak TLS, and with the sentinels' own password."""
    tls = {"redis": PLAIN.replace("redis+", "rediss+"), "redis_access.ca_file": "/etc/ca.pem"}
    own = {"redis_access.sentinel_user": "reader", "redis_access.sentinel_password": "env:HUSH"}

    assert ["", ""] == [loaded(redis=PLAIN), loaded(**tls, **own)]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"redis": "redis+sentinel://a.example"}, "with the name that the sentinels know it by"),
        ({"redis": PLAIN.replace("//", "//:hush@")}, "an address without a password"),
        ({"redis": PLAIN, "redis_access.ca_file": "/etc/ca.pem"}, "begins with rediss:// or rediss+sentinel://"),
        ({"redis": PLAIN, "redis_access.sentinel_user": "x"}, "redis_access.sentinel_password beside it"),
        (
            {"redis": "redis://h", "redis_access.sentinel_password": "env:X"},
            "only sentinels ask for them",
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, str], expected: str) -> None:
    """Each says what was expected, and shows no password."""
    said = loaded(**settings)

    assert expected in said
    assert "hush" not in said
