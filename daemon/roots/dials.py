"""The dials: each that is switched on is turned by its policy, journaled, and then shown to the application."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from typing import Final

import structlog

from config.dials import DialPolicy
from config.plan import Component, Plan
from config.provisioner_options.dial import dial_policy
from daemon.kernel import Root, pause_beating
from daemon.publication.figures import cost_figures, revenue_figures
from daemon.recorder import OvertakenError, Recorder
from machines.dialing import DialFigures, turn
from machines.events import DialTurned, Mode
from machines.lifecycle_states import ComponentState
from machines.moving import level_reached
from machines.ports.dials import DialBoard, DialSeen, DialSetting
from machines.ports.faults import CallError
from machines.ports.journal import JournalRefusedError
from machines.revenue.growth import fraction_text
from machines.state.dials import DialStand
from machines.state.whole import State

DIALS: Final = "dials"
KIND: Final = "dial"
FUTURE_MAX_S: Final = 60
"""So far ahead of Redis's clock a measurement may be: two machines' clocks differ by less."""


class Dials:
    """Looks at every dial in turn. For a daemon that acts: it neither asks nor shows anything in a dry run."""

    def __init__(self, *, recorder: Recorder, board: Callable[[], DialBoard], every_s: float) -> None:
        """`board` is called when the root begins, and again after each failure."""
        self._recorder = recorder
        self._board = board
        self._every_s = every_s
        self._unreached: dict[str, str] = {}
        """What was said already, by component."""
        self._log = structlog.get_logger(DIALS)

    async def run(self, root: Root) -> None:
        """Look every `every_s` until the daemon stops."""
        board = self._board()
        try:
            while True:
                await self.round(root, board)
                await pause_beating(root, self._every_s)
        finally:
            await board.close()

    async def round(self, root: Root, board: DialBoard) -> None:
        """One look at each dial that is switched on; what cannot be reached is told once, and tried again."""
        for component in dials_of(self._recorder.state):
            root.beat()
            try:
                await self._attend(component, board)
            except (CallError, JournalRefusedError) as error:
                self._say(component.id, str(error))
            else:
                self._unreached.pop(component.id, None)
        root.beat()

    async def _attend(self, component: Component, board: DialBoard) -> None:
        seen = await board.look(component.id)
        if self._is_on(component.id, seen.token) and not still_because(self._recorder.state):
            with suppress(OvertakenError):  # what it was judged by has changed: the next round judges again
                await self._turn(component, seen)
        stand = self._recorder.state.dials.get(component.id)
        if stand is None or not self._is_on(component.id, seen.token):
            return
        setting = setting_of(stand)
        if seen.setting != setting:
            await board.show(component.id, seen.token, setting)

    async def _turn(self, component: Component, seen: DialSeen) -> None:
        state = self._recorder.state
        assert state.plan is not None
        policy, before = dial_policy(component.options), state.dials.get(component.id)
        figures, unknown = figures_of(state.plan, state, policy, seen)
        now = self._recorder.clock.wall()
        turned = turn(policy, figures, None if before is None else before.position, now)
        if before is not None and (before.position, before.wished_percent) == (turned.position, turned.wished_percent):
            return
        event = DialTurned(
            component=component.id,
            share_percent=turned.position.share_percent,
            wished_percent=turned.wished_percent,
            turned_at=turned.position.turned_at,
            holding=turned.position.holding,
            reasons=(*turned.reasons, *unknown),
        )
        await self._recorder.record(
            DIALS,
            [event],
            still=lambda: (
                state.dials.get(component.id) == before
                and self._is_on(component.id, seen.token)
                and not still_because(state)
            ),
        )

    def _is_on(self, component_id: str, token: str) -> bool:
        """Whether the dial that was seen is the one of the journal, and no step is on its way to it."""
        record = self._recorder.state.components.of(component_id)
        return record.idle and record.state is ComponentState.HOT and token != "" and token == record.token

    def _say(self, component_id: str, reason: str) -> None:
        if self._unreached.get(component_id) != reason:
            self._unreached[component_id] = reason
            self._log.warning("dial_not_reached", component=component_id, reason=reason)


def dials_of(state: State) -> tuple[Component, ...]:
    """The plan's dials."""
    return tuple(each for each in state.plan.components.values() if each.provisioner == KIND) if state.plan else ()


def still_because(state: State) -> str:
    """Why no dial may turn now; "" where they may. A pause holds them whatever its scope: no turn is surely cheaper."""
    if state.mode is not Mode.ACT:
        return "the daemon observes only"
    if state.frozen:
        return f"frozen: {state.frozen}"
    held = state.operators.pause
    return "" if held is None else f"paused ({held.scope.value}): {held.reason}"


def setting_of(stand: DialStand) -> DialSetting:
    """What the application is to read."""
    position = stand.position
    return DialSetting(position.share_percent, stand.wished_percent, "; ".join(stand.reasons), position.turned_at)


def figures_of(plan: Plan, state: State, policy: DialPolicy, seen: DialSeen) -> tuple[DialFigures, tuple[str, ...]]:
    """What is measured, and a sentence for each figure that is unknown.

    Growth is that of the newest closed month, and so is the revenue of the margin; its cost is what is committed now.
    """
    revenue = revenue_figures(state)
    ratio = cost_figures(state, revenue).ratio
    accuracy, why = _accuracy(policy, seen)
    figures = DialFigures(
        level=level_reached(plan, state),
        growth=_decimal(revenue.growth),
        margin=None if ratio is None else _decimal(1 - ratio),
        accuracy=accuracy,
    )
    return figures, tuple(_unknown(figures, why))


def _accuracy(policy: DialPolicy, seen: DialSeen) -> tuple[Decimal | None, str]:
    """The accuracy, or why it is unknown."""
    if seen.accuracy is None:
        return None, seen.unread or "it was not measured"
    if seen.accuracy_age_s > policy.accuracy_age_max_s:
        return None, f"it was measured more than {policy.accuracy_age_max_s} s ago"
    if seen.accuracy_age_s < -FUTURE_MAX_S:
        return None, "it was measured in the future: compare the clocks of the application and of Redis"
    return seen.accuracy, ""


def _unknown(figures: DialFigures, why_no_accuracy: str) -> Iterator[str]:
    if figures.growth is None:
        yield "the growth is unknown: it takes two closed months with revenue"
    if figures.margin is None:
        yield "the margin is unknown: it takes a closed month with revenue"
    if figures.accuracy is None:
        yield f"the accuracy is unknown: {why_no_accuracy}"


def _decimal(quotient: Fraction | None) -> Decimal | None:
    """With at most six decimals, half-even."""
    text = fraction_text(quotient)
    return None if text is None else Decimal(f"{Decimal(text).normalize():f}")
