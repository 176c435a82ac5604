"""`solvent redis-acl`: the users of the instance's Redis, as a file that Redis loads."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from config.errors import SettingsError
from config.redis_acl import (
    SEPARATING_VERSION,
    VERSIONS,
    AclUser,
    NameTakenError,
    acl_file,
    acl_users,
    notes,
    password_hash,
)
from config.secret import Secret
from config.settings import Settings
from config.settings_loading import load_settings
from daemon.assembly.passwords import SecretMissingError, password_at, password_kept_at, password_kept_in
from daemon.cli.ending import EXIT_BAD_INPUT, end_with

_PLAN_UNREAD: Final = "unread"


@click.command("redis-acl")
@click.option("--settings", "settings_file", type=click.Path(dir_okay=False), help="The daemon's settings file.")
@click.option("--instance", metavar="NAME", help="The daemon's instance, where the settings do not name it.")
@click.option(
    "--password",
    "passwords",
    multiple=True,
    metavar="USER=REFERENCE",
    help="Where a user's password is: env:NAME, file:/PATH or credential:NAME. Repeat it for each.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="Keep the other passwords here, a file for each user; those that are missing are made.",
)
@click.option("--administrator", default="", metavar="NAME", help="Add a user who may do everything in this Redis.")
@click.option(
    "--redis-version",
    "version",
    type=click.Choice([str(each) for each in VERSIONS]),
    default=str(SEPARATING_VERSION),
    show_default=True,
    help="6 for a server from 6.2 to before 7.0, which cannot tell reading a key from writing it.",
)
def redis_acl_command(  # noqa: PLR0917 - one for each option
    settings_file: str | None,
    instance: str | None,
    passwords: tuple[str, ...],
    out: str | None,
    administrator: str,
    version: str,
) -> None:
    """Print the ACL file of the instance's Redis, for its `aclfile`.

    One user each for the daemon, for every one of commands.principals (with none, for the single operator), for
    senders of payments, for the application and for dashboards. Each may do no more than its part needs, and whoever
    names no user may do nothing. The file has hashes of the passwords, never a password. What it cannot keep anybody
    from is said on standard error.

    The daemon's password is the one of redis_access.password, where the settings name it; it is made too where that is
    a file of --out. Nothing is printed unless everything succeeds, so write a new file and move it into its place.

    \b
    Examples:
      solvent redis-acl --settings solvent.toml --out /etc/solvent/redis > new.acl && mv new.acl /etc/redis/solvent.acl
      solvent redis-acl --settings solvent.toml --password alice=file:/run/secrets/alice --out /etc/solvent/redis
      solvent redis-acl --settings solvent.toml --out /etc/solvent/redis --redis-version 6

    Exit codes: 0 printed, 2 wrong usage, settings that cannot be used, or a password that is not there.
    """  # noqa: D301 - click's mark for text that is not rewrapped
    try:
        settings = load_settings(settings_file, os.environ, {"plan": _PLAN_UNREAD, "instance": instance})
        users = acl_users(
            version=int(version),
            instance=settings.instance,
            principals=settings.commands.principals,
            daemon=settings.redis_access.user,
            administrator=administrator,
        )
        references = _references(passwords, users, settings)
        hashes = {user.name: password_hash(_password(user, references, out)) for user in users}
    except (SettingsError, NameTakenError, SecretMissingError, OSError) as error:
        end_with(EXIT_BAD_INPUT, str(error))
    for user in users:
        click.echo(f"{user.name}: {user.part}", err=True)
    for note in notes(int(version), administrator):
        click.echo(f"note: {note}", err=True)
    click.echo(acl_file(users, hashes), nl=False)


def _references(given: Sequence[str], users: Sequence[AclUser], settings: Settings) -> dict[str, str]:
    """Where passwords are, by user: the daemon's by the settings, and what the command line says."""
    found = {users[0].name: settings.redis_access.password} if settings.redis_access.password else {}
    names = [user.name for user in users]
    for each in given:
        name, _, reference = each.partition("=")
        # What stands behind the sign is not repeated: it may be the password itself, put here by mistake.
        if name not in names:
            end_with(EXIT_BAD_INPUT, f"--password: expected one of {', '.join(names)} before the =")
        if not reference.startswith(("env:", "file:/", "credential:")):
            end_with(EXIT_BAD_INPUT, f"--password {name}=…: expected env:NAME, file:/PATH or credential:NAME")
        found[name] = reference
    return found


def _password(user: AclUser, references: Mapping[str, str], out: str | None) -> Secret:
    if user.name in references:
        reference = references[user.name]
        path = _within(reference, out)
        return password_at(reference) if path is None else password_kept_at(path)
    if out is None:
        end_with(
            EXIT_BAD_INPUT,
            f"the user {user.name} has no password: say where it is with --password {user.name}=file:/PATH, or let"
            " --out DIR make one",
        )
    return password_kept_in(out, user.name)


def _within(reference: str, out: str | None) -> Path | None:
    """The file that a reference names, where it stands in the folder whose missing passwords are made."""
    kind, _, name = reference.partition(":")
    if kind != "file" or out is None:
        return None
    path = Path(name)
    return path if path.parent.resolve() == Path(out).resolve() else None
