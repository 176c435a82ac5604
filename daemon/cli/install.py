"""`solvent install` and `solvent uninstall`: a service of systemd, written, enabled, and taken back."""

from __future__ import annotations

import os
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path

import click

from daemon.cli.ending import EXIT_BAD_INPUT, EXIT_FAILURE, EXIT_NOTHING, end_with
from daemon.installing.carrying import carry_out
from daemon.installing.faults import InstallFailedError, InstallRefusedError
from daemon.installing.manifest import read_manifest
from daemon.installing.places import Places, system_places, unseen_by_the_unit, user_places
from daemon.installing.planning import InstallPlan, plan_install
from daemon.installing.removing import Removal, plan_removal, remove
from daemon.installing.systemctl import enabled_units, require_systemctl, run

_user = click.option(
    "--user", is_flag=True, help="A service of yours, by `systemctl --user`, instead of the machine's."
)
_dry_run = click.option("--dry-run", is_flag=True, help="Show what would be written and run; change nothing.")
_root = click.option(
    "--root", type=click.Path(file_okay=False, exists=True, path_type=Path), hidden=True, help="The root of an image."
)


@click.command("install")
@_user
@_dry_run
@click.option("--force", is_flag=True, help="Overwrite units that were changed by hand; settings never.")
@click.option("--now", is_flag=True, help="Start the daemon and the timers too.")
@_root
def install_command(*, user: bool, dry_run: bool, force: bool, now: bool, root: Path | None) -> None:
    """Write the units of systemd and a settings file to start from, and enable them.

    A unit that was changed by hand is kept, and nothing is done, unless --force says so. What fails half-way is taken
    back.

    Exit codes: 0 installed, 1 it failed and was taken back, 2 refused with nothing changed.
    """
    try:
        places = _places(user=user, root=root)
        require_systemctl()
        command = _command(places)
        if not dry_run:
            _require_rights(places)
        enabled = enabled_units(places)
        plan = plan_install(places, command, version("solvent"), is_enabled=enabled, force=force, now=now)
        if dry_run:
            _show(plan)
            return
        carry_out(plan, places, run, click.echo)
    except InstallRefusedError as refused:
        end_with(EXIT_BAD_INPUT, str(refused))
    except InstallFailedError as failed:
        end_with(EXIT_FAILURE, str(failed))
    for sentence in plan.kept:
        click.echo(sentence)
    _say_next(places, plan, now=now)


@click.command("uninstall")
@_user
@_dry_run
@_root
def uninstall_command(*, user: bool, dry_run: bool, root: Path | None) -> None:
    """Stop and disable the service, and take back what `solvent install` wrote.

    The state directory stays, and so does each file that was changed since it was written.

    Exit codes: 0 uninstalled, 1 it failed, 2 refused with nothing changed, 3 nothing is installed.
    """
    try:
        places = _places(user=user, root=root)
        require_systemctl()
        manifest = read_manifest(places.written(places.manifest))
        if manifest is None:
            end_with(EXIT_NOTHING, f"nothing is installed: there is no {places.manifest}{_other_kind(places)}")
        if not dry_run:
            _require_rights(places)
        removal = plan_removal(places, manifest)
        if dry_run:
            _show_removal(removal)
        else:
            remove(removal, places, run, click.echo)
    except InstallRefusedError as refused:
        end_with(EXIT_BAD_INPUT, str(refused))
    except (InstallFailedError, OSError) as failed:
        end_with(EXIT_FAILURE, str(failed))
    for sentence in removal.left:
        click.echo(f"left {sentence}")


def _places(*, user: bool, root: Path | None) -> Places:
    if user and root is not None:
        raise InstallRefusedError("--root is for the image of a machine, --user for your own account: say one of them")
    return user_places(os.environ) if user else system_places(root)


def _command(places: Places) -> Path:
    """The command that the units start, where it really is: the one that was typed, else the one beside this Python."""
    typed = Path(sys.argv[0]).resolve()
    command = typed if typed.name == "solvent" and typed.is_file() else Path(sysconfig.get_path("scripts")) / "solvent"
    if not command.is_file():
        raise InstallRefusedError(f"there is no {command} that a unit could start: install solvent into an environment")
    needed = {"the command": command, "its Python": Path(sys.executable).resolve(), "solvent": Path(__file__)}
    unseen = [] if places.user or places.root is not None else unseen_by_the_unit(needed)
    if unseen:
        raise InstallRefusedError(
            f"the service runs without a home and could not read itself: {'; '.join(unseen)}. Install solvent where "
            "every user may read it, such as /opt/solvent/.venv with the system's Python, or use --user"
        )
    return command


def _require_rights(places: Places) -> None:
    """Say so before anything is begun."""
    folder = places.written(places.units)
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if not os.access(there, os.W_OK):
        other = "" if places.user else ": run it as root, or use --user for a service of your own"
        raise InstallRefusedError(f"{there} is not yours to write{other}. --dry-run shows what would be done")


def _other_kind(places: Places) -> str:
    return "; for the machine's service leave --user out" if places.user else "; for a service of your own say --user"


def _show(plan: InstallPlan) -> None:
    for folder in plan.folders:
        click.echo(f"would make {folder}")
    for file in plan.files:
        instead = f", in place of {file.replaces}" if file.replaces else ""
        click.echo(f"would write {file.path} (mode {file.mode:04o}){instead}:")
        click.echo("".join(f"    {line}".rstrip() + "\n" for line in file.data.decode().splitlines()), nl=False)
    for command in plan.commands:
        click.echo(f"would run {' '.join(command)}")
    for sentence in plan.kept:
        click.echo(sentence)
    if plan.changes_nothing:
        click.echo("nothing is to be done")


def _show_removal(removal: Removal) -> None:
    for command in removal.commands:
        click.echo(f"would run {' '.join(command)}")
    for path in removal.files:
        click.echo(f"would remove {path}")
    for folder in removal.folders:
        click.echo(f"would remove {folder} if it is empty then")


def _say_next(places: Places, plan: InstallPlan, *, now: bool) -> None:
    """What is left for a person to do."""
    systemctl = " ".join(places.systemctl)
    if plan.changes_nothing:
        click.echo("nothing was to be done")
        return
    if not now and places.root is None:
        click.echo(f"Next: look at {places.settings}, then")
        click.echo(f"  {systemctl} restart solvent.service solvent-backup.timer solvent-drill.timer")
    if places.user:
        click.echo("It ends when you log out, unless you say once: loginctl enable-linger")
