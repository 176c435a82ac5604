"""How a command ends that cannot do what was asked: an exit code, and why on standard error."""

from __future__ import annotations

from typing import Final, NoReturn

import click

EXIT_FAILURE: Final = 1
EXIT_BAD_INPUT: Final = 2
EXIT_NOTHING: Final = 3
"""Nothing was found, or no daemon runs."""


def end_with(code: int, message: str) -> NoReturn:
    """Say on standard error why the command ends, and end it."""
    click.echo(message, err=True)
    raise click.exceptions.Exit(code)
