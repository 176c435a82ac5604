"""The daemon's settings for a command that is not the daemon."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from config.errors import ProblemsError
from config.settings import Settings
from config.settings_loading import load_settings
from config.settings_sources import SETTINGS_VARIABLE
from daemon.cli.ending import EXIT_BAD_INPUT, end_with

Function = TypeVar("Function", bound=Callable[..., Any])
NO_PLAN: Final = "-"
"""Stands for the plan in commands that need none of it."""


def settings_options(command: Function) -> Function:
    """The options by which a command is told the daemon's settings."""
    options = (
        click.option(
            "--settings",
            "settings_file",
            envvar=SETTINGS_VARIABLE,
            type=click.Path(dir_okay=False),
            help="The settings file that the daemon was given.",
        ),
        click.option(
            "--state-dir", metavar="DIR", help="The state directory, where it is another than the settings say."
        ),
        click.option("--plan", help="The plan, where the settings do not name it."),
        click.option("--redis", help="The Redis, where the settings do not name it."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def settings_of(settings_file: str | None, *, plan_needed: bool = True, **given: str | None) -> Settings:
    """The settings of file, variables and options; ends the command with every mistake where they cannot be used."""
    options: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    try:
        return load_settings(settings_file, os.environ, options)
    except ProblemsError as problems:
        if not plan_needed and "plan" not in options:
            return settings_of(settings_file, plan_needed=True, **{**given, "plan": NO_PLAN})
        end_with(EXIT_BAD_INPUT, str(problems))
