"""Paces: how often a daemon that has nothing to do looks around. Hours instead of seconds make years affordable.

No logic changes: the same waits are waited, only longer. What is a setting is set; the few beats that are constants of
the rooms are set where the room reads them, for as long as the run takes.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from config.settings import (
    CommandsSettings,
    CostsSettings,
    HealthSettings,
    JournalSettings,
    PaymentsSettings,
    ProvisioningSettings,
    Settings,
    SourceSettings,
    SqlSource,
)
from daemon.actors import supervisor
from daemon.running import Daemon

MINUTE_S: Final = 60
HOUR_S: Final = 3_600
DAY_S: Final = 86_400
_BEATING: Any = importlib.import_module("daemon.kernel.beating")  # the package has a function of that name
_SUPERVISOR: Any = supervisor
PRINCIPALS: Final = ("operator", "second")


class Pace(msgspec.Struct, frozen=True):
    """How long everybody waits, in seconds."""

    name: str
    tick_s: int
    """Clocks, due months, costs, dials, holds that run out."""
    look_s: int
    """A component at rest looks at the world."""
    read_s: int
    """A blocked read returns without an entry; news ends it at once."""
    gather_s: int
    """News gather before they are published, shown and told."""
    sweep_s: int
    poll_s: int
    """Sources are asked."""
    audit_s: int
    days: tuple[int, int]
    """How long a run of this pace lasts."""
    mishaps_factor: int
    """In a short run as much is to happen as in a long one."""


SLOW: Final = Pace(
    "slow", 3 * DAY_S, 15 * DAY_S, 6 * DAY_S, 3 * DAY_S, 30 * DAY_S, 3 * DAY_S, 300 * DAY_S, (3 * 365, 6 * 365), 1
)
COARSE: Final = Pace(
    "coarse", DAY_S, 10 * DAY_S, 4 * DAY_S, DAY_S, 30 * DAY_S, DAY_S, 200 * DAY_S, (2 * 365, 5 * 365), 1
)
HOURLY: Final = Pace(
    "hourly", 2 * HOUR_S, 12 * HOUR_S, 12 * HOUR_S, HOUR_S, 3 * DAY_S, 6 * HOUR_S, 20 * DAY_S, (60, 150), 5
)
FINE: Final = Pace(
    "fine", 5 * MINUTE_S, 20 * MINUTE_S, 5 * MINUTE_S, MINUTE_S, 4 * HOUR_S, 10 * MINUTE_S, DAY_S, (3, 8), 40
)
PACES: Final = {each.name: each for each in (SLOW, COARSE, HOURLY, FINE)}


def settings_for(pace: Pace, plan_name: str, sources: dict[str, SourceSettings]) -> Settings:
    """The settings of a daemon at this pace; no loader would take hours where it takes seconds, the daemon does."""
    return Settings(
        plan=plan_name,
        journal=JournalSettings(snapshot_every_events=1_000, disk_retry_s=min(pace.gather_s, HOUR_S)),
        commands=CommandsSettings(principals=PRINCIPALS, command_age_max_s=4 * max(pace.tick_s, HOUR_S)),
        health=HealthSettings(check_every_s=pace.tick_s, audit_every_s=pace.audit_s),
        payments=PaymentsSettings(block_ms=pace.read_s * 1_000, trim_every_s=pace.read_s, reconnect_max_s=HOUR_S),
        provisioning=ProvisioningSettings(
            observe_every_s=pace.look_s, sweep_every_s=pace.sweep_s, retry_max_s=HOUR_S, step_deadline_s=6 * HOUR_S
        ),
        costs=CostsSettings(read_every_s=max(DAY_S, pace.look_s)),
        sources=sources,
    )


def usual_settings(plan_name: str, sources: dict[str, SourceSettings]) -> Settings:
    """What an operator gets who sets nothing but who may command."""
    return Settings(plan=plan_name, commands=CommandsSettings(principals=PRINCIPALS), sources=sources)


def source_at(pace: Pace | None) -> SqlSource:
    """A source that is asked at this pace, and known to be silent after forty days."""
    poll_s = 60 if pace is None else pace.poll_s
    return SqlSource(url="env:SHOP", query="SELECT", poll_every_s=poll_s, stale_after_s=40 * DAY_S)


def slow_down(daemon: Daemon, pace: Pace) -> None:
    """Let the roots of a daemon that has just begun beat at this pace; none of them has run yet."""
    wait_s = {"beat_s": pace.tick_s, "look_every_s": pace.tick_s, "recheck_s": pace.tick_s, "retry_max_s": HOUR_S}
    wait_s["gather_s"] = pace.gather_s
    for root in daemon.kernel.roots:
        owner: Any = root.run.__self__  # type: ignore[attr-defined]  # every root's run is a method
        for place in ("_limits", "_times"):
            limits = getattr(owner, place, None)
            if isinstance(limits, msgspec.Struct):
                known = {name: s for name, s in wait_s.items() if name in limits.__struct_fields__}
                setattr(owner, place, msgspec.structs.replace(limits, **known))
        if hasattr(owner, "_beat_s"):
            owner._beat_s = pace.tick_s


@contextmanager
def paced(pace: Pace | None) -> Iterator[None]:
    """While the body runs, what is a constant of a room has this pace; None leaves it as it is."""
    before = _BEATING.BEAT_EVERY_S_MAX, _SUPERVISOR.EXPIRY_TICK_S
    if pace is not None:
        _BEATING.BEAT_EVERY_S_MAX = _SUPERVISOR.EXPIRY_TICK_S = float(pace.tick_s)
    try:
        yield
    finally:
        _BEATING.BEAT_EVERY_S_MAX, _SUPERVISOR.EXPIRY_TICK_S = before
