"""The options of commands that talk to a running daemon's Redis: where it is, and as whom to speak."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

import click
import msgspec

from config.errors import SettingsError
from config.redis_address import ON_A_COMMAND_LINE, has_password, without_password
from config.redis_sentinel import EXPECTED, is_sentinel_address, is_usable
from config.redis_sentinel import SCHEMES as SENTINEL_SCHEMES
from config.settings_redis import RedisReached, redis_reached
from daemon.assembly import REDIS_AS_FOUND, run_facts
from daemon.cli.ending import EXIT_BAD_INPUT, end_with

SCHEMES: Final = ("redis://", "rediss://", "unix://", *SENTINEL_SCHEMES)
settings_option: Final = click.option(
    "--settings",
    "settings_file",
    type=click.Path(dir_okay=False),
    help="The daemon's settings file: its Redis, and redis_access with user, password and certificates.",
)
principal_option: Final = click.option(
    "--as", "principal", default="", metavar="NAME", help="Send it as this one of commands.principals."
)


def redis_option(
    text: str = "The daemon's Redis, without a password; read from the state directory.",
) -> Callable[[Any], Any]:
    """`--redis`, refused at once where it is no address of a Redis or carries a password."""
    return click.option("--redis", metavar="URL", callback=_usable, help=text)


def _usable(_context: click.Context, _option: click.Parameter, address: str | None) -> str | None:
    if address and not address.startswith(SCHEMES):
        found = without_password(address)
        end_with(EXIT_BAD_INPUT, f"--redis: expected an address such as redis://127.0.0.1:6379, found {found!r}")
    if address and is_sentinel_address(address) and not is_usable(address):
        end_with(EXIT_BAD_INPUT, f"--redis: expected {EXPECTED}, found {without_password(address)!r}")
    if address and has_password(address):
        end_with(EXIT_BAD_INPUT, f"--redis: expected {ON_A_COMMAND_LINE}; found {without_password(address)} with one")
    return address


class RedisWish(msgspec.Struct, frozen=True):
    """What the command line says of the daemon's Redis."""

    redis: str | None = None
    settings_file: str | None = None
    principal: str = ""
    """Whose commands they are; "" for the single operator."""


def reach(wish: RedisWish, known: str = "") -> RedisReached:
    """The Redis to talk to, `known` being that of the run facts; ends the command line where it cannot be used."""
    try:
        return redis_reached(wish.settings_file, os.environ, given=wish.redis, known=known)
    except SettingsError as problems:
        end_with(EXIT_BAD_INPUT, str(problems))


def reach_running(state_dir: str, wish: RedisWish) -> RedisReached:
    """The Redis of the daemon that runs on the state directory; nobody's where none runs."""
    facts = run_facts(state_dir)
    return REDIS_AS_FOUND if facts is None else reach(wish, facts.redis)
