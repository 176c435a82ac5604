"""The command `solvent`: its subcommands are imported only when they are called, so that help is quick."""

from __future__ import annotations

import importlib
from typing import Final

import click

_COMMANDS: Final = {
    "demo": ("daemon.cli.demo", "demo_command"),
    "run": ("daemon.cli.run", "run_command"),
    "promote": ("daemon.cli.promote", "promote_command"),
    "import": ("daemon.cli.import_payments", "import_command"),
    "backtest": ("daemon.cli.backtest", "backtest_command"),
    "status": ("daemon.cli.status", "status_command"),
    "explain": ("daemon.cli.explain", "explain_command"),
    "plan": ("daemon.cli.plan", "plan_group"),
    "drift": ("daemon.cli.drift", "drift_command"),
    "orphans": ("daemon.cli.orphans", "orphans_command"),
    "adopt": ("daemon.cli.adopt", "adopt_command"),
    "costs": ("daemon.cli.costs", "costs_command"),
    "budget": ("daemon.cli.budget", "budget_group"),
    "redis-acl": ("daemon.cli.redis_acl", "redis_acl_command"),
    "install": ("daemon.cli.install", "install_command"),
    "uninstall": ("daemon.cli.install", "uninstall_command"),
    "notify": ("daemon.cli.notify", "notify_group"),
    "history": ("daemon.cli.history", "history_command"),
    "backup": ("daemon.cli.backup", "backup_group"),
    "restore": ("daemon.cli.restore", "restore_command"),
    "move-journal": ("daemon.cli.move_journal", "move_journal_command"),
    "verify": ("daemon.cli.verify", "verify_command"),
    "logs": ("daemon.cli.logs", "logs_command"),
    "doctor": ("daemon.cli.doctor", "doctor_command"),
    "support-bundle": ("daemon.cli.support_bundle", "support_bundle_command"),
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module, attribute = _COMMANDS[cmd_name]
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


@click.command(cls=_Commands)
@click.version_option(package_name="solvent")
def main() -> None:
    """Turn infrastructure on only when revenue pays for it, and off again when it goes away.

    \b
    First steps:
      solvent demo                                two years of a small business in a minute
      solvent backtest payments.csv --plan autobroker
      solvent plan show autobroker
      solvent run --plan autobroker --state-dir ./state
    """  # noqa: D301 - click reads the backspace
