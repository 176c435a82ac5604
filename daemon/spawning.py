"""Spawning the actors of a daemon, each with the limits that the settings give it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from config.plan import Plan
from config.settings import Settings
from daemon.actors.commands import Commands
from daemon.actors.component import ComponentActor
from daemon.actors.component_times import ComponentTimes
from daemon.actors.looking import Surroundings
from daemon.actors.names import component_actor
from daemon.actors.planner import Planner
from daemon.actors.revenue import Revenue
from daemon.actors.source_watch import SourceWatch
from daemon.actors.supervisor import Supervisor
from daemon.actuator import Actuator
from daemon.kernel import ActorPolicy, Kernel, RestartPolicy, UnknownActor
from daemon.messages import Look
from daemon.ports import Ports
from daemon.recorder import Recorder
from daemon.resume import plan_fingerprint
from daemon.verbs.verb import Bench
from machines.breaker import BreakerLimits
from machines.granting import GrantLimits
from machines.measuring import days_known_through

FIRST_LOOKS_EVERY_S: Final = 0.001
"""The pause between the first looks at boot, so that a hundred thousand components do not ask at once."""


def actor_policy(settings: Settings) -> ActorPolicy:
    """How actors and roots are restarted, and how much mail waits for one."""
    kernel = settings.kernel
    restart = RestartPolicy(kernel.restarts_max, kernel.restart_window_s, backoff_min_s=0.1, backoff_max_s=10)
    return ActorPolicy(restart, kernel.mailbox_items_max)


class Spawning:
    """The actors of one daemon: those that it always has, and one for each component."""

    def __init__(
        self,
        *,
        ports: Ports,
        settings: Settings,
        recorder: Recorder,
        kernel: Kernel,
        actuator: Actuator,
        source_watch: SourceWatch,
        read_plan: Callable[[], Plan],
        over_cap: Callable[[str], None],
    ) -> None:
        """`over_cap` hears of the component of each step that the cap refused."""
        self._ports = ports
        self._settings = settings
        self._recorder = recorder
        self._kernel = kernel
        self._actuator = actuator
        self._source_watch = source_watch
        self._read_plan = read_plan
        self._over_cap = over_cap
        self._policy = actor_policy(settings)
        self._around: Surroundings

    def spawn(self) -> None:
        """Spawn them all; components begin to look at the world one after the other."""
        for actor in (self._supervisor(), self._planner(), self._revenue(), self._commands()):
            self._kernel.spawn(actor, self._policy)
        self._spawn_components()

    def _supervisor(self) -> Supervisor:
        settings = self._settings
        breaker = settings.breaker
        limits = GrantLimits(
            step_deadline_s=settings.provisioning.step_deadline_s,
            breaker=BreakerLimits(
                failures_max=breaker.failures_max,
                window_s=breaker.window_s,
                cooldown_initial_s=breaker.cooldown_initial_s,
                cooldown_max_s=breaker.cooldown_max_s,
                cooldown_growth=breaker.cooldown_growth,
            ),
        )
        return Supervisor(
            recorder=self._recorder,
            kernel=self._kernel,
            clock=self._ports.clock,
            epoch=self._ports.journal.identity.epoch,
            limits=limits,
            spawn_component=self._spawn_component,
            over_cap=self._over_cap,
        )

    def _planner(self) -> Planner:
        return Planner(
            recorder=self._recorder,
            kernel=self._kernel,
            clock=self._ports.clock,
            days_through=lambda: min(days_known_through(self._recorder.state.revenue), self._ports.clock.wall()),
            tick_s=self._settings.health.check_every_s,
        )

    def _revenue(self) -> Revenue:
        return Revenue(
            recorder=self._recorder,
            kernel=self._kernel,
            clock=self._ports.clock,
            key=self._ports.customer_key,
            tick_s=self._settings.health.check_every_s,
            sources=self._source_watch,
        )

    def _commands(self) -> Commands:
        return Commands(
            recorder=self._recorder,
            kernel=self._kernel,
            bench=self._bench,
            age_max_s=self._settings.commands.command_age_max_s,
            principals=self._settings.commands.principals,
        )

    def _bench(self) -> Bench:
        return Bench(
            state=self._recorder.state,
            now=self._ports.clock.wall(),
            stamped_now=(self._ports.stamped_now or self._ports.clock.wall)(),
            ttl_max_s=self._settings.commands.ttl_max_s,
            attestation_ttl_max_s=self._settings.commands.attestation_ttl_max_s,
            step_deadline_s=self._settings.provisioning.step_deadline_s,
            read_plan=self._read_plan,
            fingerprint=plan_fingerprint,
            actor_names=lambda: frozenset(
                [ref.name for ref in self._kernel.actors] + [root.name for root in self._kernel.roots]
            ),
        )

    def _spawn_components(self) -> None:
        """One actor for each component of the plan, and for each that an older plan left behind."""
        settings = self._settings.provisioning
        self._around = Surroundings(
            recorder=self._recorder,
            kernel=self._kernel,
            actuator=self._actuator,
            clock=self._ports.clock,
            epoch=self._ports.journal.identity.epoch,
            times=ComponentTimes(
                ask_timeout_s=self._settings.kernel.ask_timeout_s,
                observe_every_s=settings.observe_every_s,
                retry_initial_s=settings.retry_initial_s,
                retry_max_s=settings.retry_max_s,
                consistency_grace_s=settings.consistency_grace_s,
            ),
        )
        state = self._recorder.state
        assert state.plan is not None
        for component_id in (*state.plan.components, *state.retired):
            self._spawn_component(component_id)

    def _spawn_component(self, component_id: str) -> None:
        """Add a component's actor, if it has none, and let it look at the world."""
        component = self._recorder.state.component(component_id)
        if component is None or component.host:
            return
        kernel = self._kernel
        try:
            kernel.find(component_actor(component_id))
        except UnknownActor:
            ref = kernel.spawn(ComponentActor(component_id, self._around), self._policy)
            delay_s = FIRST_LOOKS_EVERY_S * len(kernel.actors)
            kernel.timers.schedule(asyncio.get_running_loop().time() + delay_s, ref, Look())
