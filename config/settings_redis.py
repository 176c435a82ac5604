"""Which Redis a command reaches, and as whom: for commands that talk to a running daemon's Redis beside the daemon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from config.redis_address import without_password
from config.settings import EMBEDDED, RedisAccessSettings
from config.settings_loading import load_settings, setting_types
from config.settings_sources import from_environment, from_toml

_PLAN_UNREAD: Final = "unread"
"""A plan is required of a daemon; whoever only talks to its Redis needs none."""


class RedisReached(msgspec.Struct, frozen=True):
    """An address and the access to it."""

    url: str
    """It may carry a password where the settings file or `SOLVENT_REDIS` does."""
    access: RedisAccessSettings = RedisAccessSettings()


def redis_reached(
    toml_path: str | None, environ: Mapping[str, str], *, given: str | None, known: str = ""
) -> RedisReached:
    """The Redis that the command line names, else that of the running daemon, else that of the settings.

    `given` is `--redis`, `known` the address of the daemon's run facts, which has no password; that of the settings is
    taken for it where both are the same Redis. Raises `SettingsError`.
    """
    told = _told(toml_path, environ)
    named = given or ("" if told and known in ("", without_password(told)) else known)
    settings = load_settings(toml_path, environ, {"plan": _PLAN_UNREAD, "redis": named or None})
    return RedisReached(named or told, settings.redis_access)


def _told(toml_path: str | None, environ: Mapping[str, str]) -> str:
    """The address of the settings file and the environment; "" for none, and for an embedded Redis."""
    told = ""
    for values, _ in (from_toml(toml_path), from_environment(environ, setting_types())):
        if "redis" in values:
            told = str(values["redis"].value)
    return "" if told == EMBEDDED else told
