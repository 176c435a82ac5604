"""`solvent adopt`: give a resource that exists already into the hands of a running daemon."""

from __future__ import annotations

import asyncio

import click
import msgspec

from daemon.cli.asking import WAIT_S, ask
from daemon.cli.ending import EXIT_FAILURE
from daemon.cli.reading_state import format_option, state_dir_option
from daemon.cli.redis_reaching import RedisWish, principal_option, redis_option, settings_option


@click.command("adopt")
@click.argument("component", metavar="COMPONENT")
@click.argument("resource", metavar="[RESOURCE]", required=False)
@click.option("--reason", required=True, metavar="TEXT", help="Why solvent is to manage it; kept in the journal.")
@state_dir_option
@redis_option()
@settings_option
@principal_option
@click.option(
    "--wait-s", type=click.FloatRange(1), default=WAIT_S, show_default=True, help="Give up after so long unanswered."
)
@format_option
def adopt_command(  # noqa: PLR0917 - one for each option
    component: str,
    resource: str | None,
    reason: str,
    state_dir: str,
    redis: str | None,
    settings_file: str | None,
    principal: str,
    wait_s: float,
    shape: str,
) -> None:
    """Take over a resource that solvent did not make.

    RESOURCE is the provider's own name of it, such as an ARN; the COMPONENT must be COLD. The daemon adopts it after
    two looks that find it, and parks the component where it is not there. Without RESOURCE, what `solvent status`
    shows as unmanaged is adopted.

    \b
    Examples:
      solvent adopt search --reason "made by hand in May" --state-dir ./state
      solvent adopt rds_single arn:aws:rds:eu-central-1:123456789012:db:shop --reason "it is the shop's" \\
          --state-dir ./state

    Exit codes: 0 done, 1 refused, not answered, or Redis is away, 2 wrong usage or no state directory, 3 no daemon
    runs.
    """  # noqa: D301 - click's mark for text that is not rewrapped
    fields = {"verb": "adopt", "component": component, "reason": reason}
    if resource is not None:
        fields["resource"] = resource
    answered = asyncio.run(ask(state_dir, fields, RedisWish(redis, settings_file, principal), wait_s=wait_s))
    refused = answered.outcome == "refused"
    if shape == "json":
        click.echo(msgspec.json.encode({"outcome": answered.outcome, "reason": answered.reason}).decode())
    else:
        click.echo(f"{answered.outcome}: {answered.reason}", err=refused)
    if refused:
        raise click.exceptions.Exit(EXIT_FAILURE)
