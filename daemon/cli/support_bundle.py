"""`solvent support-bundle`: what an engineer needs to help, in one redacted file."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import click

from config.instants import SECOND, instant_text
from config.redaction import SECRET_NAMES
from config.settings import Settings
from daemon.assembly import clock_from
from daemon.assembly.doctor import secrets_that_can_be_read
from daemon.bundling.contents import contents
from daemon.bundling.packing import Packed, pack
from daemon.cli.ending import EXIT_FAILURE, end_with
from daemon.cli.settings_options import settings_of, settings_options
from daemon.doctor.secrets import references_in


@click.command("support-bundle")
@settings_options
@click.option("--out", metavar="FILE", help="Where to write it; solvent-support-<time>.tar.gz unless given.")
def support_bundle_command(
    settings_file: str | None, state_dir: str | None, plan: str | None, redis: str | None, out: str | None
) -> None:
    """Pack versions, settings, plan, findings, state, newest events and metrics into one file to send along.

    Secrets are taken out: those that the settings and the environment name, and what looks like one. Payments, their
    customers and what strangers sent are left out. It prints what is inside: read it before you send it.

    \b
    Examples:
      solvent support-bundle --settings /etc/solvent/solvent.toml
      solvent support-bundle --plan autobroker --state-dir ./state --out bundle.tar.gz

    Exit codes: 0 written, 1 it could not be written, 2 the settings cannot be used.
    """  # noqa: D301 - click's mark for text that is not rewrapped
    settings = settings_of(settings_file, state_dir=state_dir, plan=plan, redis=redis)
    now = clock_from(None).wall()
    stamp = instant_text(now - now % SECOND).replace(":", "").replace("-", "")
    to = Path(out or f"solvent-support-{stamp}.tar.gz")
    try:
        packed = asyncio.run(pack(contents(settings, settings_file), to, _known(settings), now // SECOND))
    except FileExistsError:
        end_with(EXIT_FAILURE, f"{to} is there already: name another --out")
    except OSError as error:
        end_with(EXIT_FAILURE, f"{to} cannot be written: {error.strerror or error}")
    _say(to, packed)


def _known(settings: Settings) -> Iterator[str]:
    """Secrets by their value: what the settings refer to, and what the environment names as one."""
    yield from secrets_that_can_be_read((reference for _name, reference in references_in(settings)), os.environ)
    yield from (value for name, value in os.environ.items() if SECRET_NAMES.search(name))


def _say(to: Path, packed: list[Packed]) -> None:
    for each in packed:
        click.echo(f"{each.size_bytes:>10}  {each.name}")
    click.echo(f"written to {to}, readable by you only. Read it before you send it: `tar -xzOf {to} | less`")
