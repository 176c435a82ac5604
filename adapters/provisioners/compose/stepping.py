"""Acting: wait for the component's lock, look, and only then call `docker compose`."""

from __future__ import annotations

from contextlib import suppress

from adapters.component_lock import ComponentLock, component_lock
from adapters.provisioners.compose.containers import (
    COMPONENT_LABEL,
    PLAN_LABEL,
    PROJECT_LABEL,
    TOKEN_LABEL,
    containers_with,
)
from adapters.provisioners.compose.docker import Docker
from adapters.provisioners.compose.judging import LOOK_AFTER_S
from adapters.provisioners.compose.model import file_arguments, wished_services
from adapters.provisioners.compose.observing import (
    DEFAULT_ENGINE,
    LIST_LIMIT_S,
    ComposeObserver,
    project_of,
    read_options,
)
from adapters.provisioners.compose.override import (
    mark_started,
    override_path,
    override_text,
    started_path,
    unmark_started,
    write_override,
)
from adapters.provisioners.look_first import done_already
from config.instants import SECOND
from config.provisioner_options.compose import ComposeOptions
from machines.lifecycle_states import Step
from machines.observations import Observation, ResourceState
from machines.ports.faults import Ambiguous, Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import FoundResource, Resource, StepBegun, StepDone, StepOrder


class ComposeProvisioner(ComposeObserver):
    """One compose project as one component. Held to `tests/contracts/provisioner.py`."""

    async def take(self, step: Step, order: StepOrder) -> StepDone | StepBegun:
        """The four steps.

        * `warm`: `up --no-start`: images are there and containers made, nothing runs.
        * `activate`: `up --detach`: done when every container runs and none is unhealthy, begun while one is starting.
        * `deactivate`: `stop`: containers and volumes are kept.
        * `decommission`: `down`: containers and networks go; volumes only where `remove_volumes` says so and the
          component is not stateful.
        """
        options = read_options(order.resource)
        wait_s = (order.deadline_at - self._clock.wall()) / SECOND
        held = component_lock(self._state_directory, order.resource, exclusive=True, wait_s=wait_s, clock=self._clock)
        async with held as lock:
            return await self._take(step, order, options, lock)

    async def remove(self, found: FoundResource, mandate: Mandate) -> StepDone | StepBegun:
        """`down` of the project by its name, without its file; volumes are kept."""
        engine, _, project = found.name.rpartition("/")
        host = None if engine == DEFAULT_ENGINE else engine
        docker = Docker(self._environment, host, LIST_LIMIT_S, self._state_directory, self._clock)
        containers = await containers_with(docker, PROJECT_LABEL, project)
        owned = [
            each
            for each in containers
            if (each.label(COMPONENT_LABEL), each.label(TOKEN_LABEL)) == (found.component, found.token)
        ]
        if not owned:
            raise Permanent(f"{found.name} has no container of {found.component} under the token {found.token}")
        if len(owned) != len(containers):
            others = len(containers) - len(owned)
            raise Permanent(f"{found.name} has {others} containers under another token too: remove them by hand")
        resource = Resource(owned[0].label(PLAN_LABEL), found.component)
        arguments = ("compose", "--ansi", "never", "--progress", "quiet", "--project-name", project)
        down = (*arguments, "down", "--remove-orphans")
        held = component_lock(self._state_directory, resource, exclusive=True, wait_s=LIST_LIMIT_S, clock=self._clock)
        async with held as lock:
            answer = await docker.act(down, mandate, inherited=(lock.descriptor,), on_start=lock.name_holder)
        return StepDone(request_id=f"process {answer.process_id}, {answer.duration_ms} ms")

    async def _take(
        self, step: Step, order: StepOrder, options: ComposeOptions, lock: ComponentLock
    ) -> StepDone | StepBegun:
        docker = self._docker(options)
        seen = await self._look(order.resource, options, docker)
        if seen.foreign_writer:
            project = project_of(order.resource, options)
            raise Permanent(f"the project {project} belongs to {seen.foreign_writer}: give one of the two another name")
        if done := done_already(step, order, seen):
            return done
        match step:
            case Step.WARM:
                return await self._up(order, options, lock, "--no-start")
            case Step.ACTIVATE:
                done = await self._up(order, options, lock, "--detach")
                mark_started(started_path(self._state_directory, order.resource))
                return await self._running(order, options, docker, done)
            case Step.DEACTIVATE:
                return await self._stop(order, options, lock, seen)
            case Step.DECOMMISSION:
                return await self._down(order, options, lock)

    async def _up(self, order: StepOrder, options: ComposeOptions, lock: ComponentLock, how: str) -> StepDone:
        project = project_of(order.resource, options)
        services = await wished_services(self._docker(options), options, project)
        path = override_path(self._state_directory, order.resource)
        write_override(path, override_text(order, options, services))
        scale = () if options.scale is None else ("--scale", f"{options.service}={options.scale}")
        arguments = (*file_arguments(options, project, str(path)), "up", how, "--quiet-pull", *scale)
        return await self._call(order, options, lock, arguments)

    async def _running(
        self, order: StepOrder, options: ComposeOptions, docker: Docker, done: StepDone
    ) -> StepDone | StepBegun:
        """What stands after `up`: it returns once containers are started, before they are healthy."""
        seen = await self._look(order.resource, options, docker)
        if seen.state is ResourceState.HOT:
            return done
        if seen.state is ResourceState.CHANGING:
            return StepBegun(done.request_id, seen.detail, LOOK_AFTER_S)
        project = project_of(order.resource, options)
        raise Ambiguous(f"{project} was brought up and is {seen.state.value}: {seen.detail or 'look at its logs'}")

    async def _stop(
        self, order: StepOrder, options: ComposeOptions, lock: ComponentLock, seen: Observation
    ) -> StepDone:
        unmark_started(started_path(self._state_directory, order.resource))
        arguments = (*file_arguments(options, project_of(order.resource, options)), "stop")
        done = await self._call(order, options, lock, arguments)
        if order.token not in seen.tokens:
            # Adopted: labels cannot be changed on what exists, so the stopped containers are made anew with them.
            return await self._up(order, options, lock, "--no-start")
        return done

    async def _down(self, order: StepOrder, options: ComposeOptions, lock: ComponentLock) -> StepDone:
        unmark_started(started_path(self._state_directory, order.resource))
        volumes = ("--volumes",) if options.remove_volumes and not order.resource.stateful else ()
        files = file_arguments(options, project_of(order.resource, options))
        done = await self._call(order, options, lock, (*files, "down", "--remove-orphans", *volumes))
        with suppress(OSError):  # What is left of it does no harm: the next `up` writes it anew.
            override_path(self._state_directory, order.resource).unlink(missing_ok=True)
        return done

    async def _call(
        self, order: StepOrder, options: ComposeOptions, lock: ComponentLock, arguments: tuple[str, ...]
    ) -> StepDone:
        """One changing call within the order's deadline; the process inherits the component's lock."""
        left_s = (order.deadline_at - self._clock.wall()) / SECOND
        if left_s <= 0:
            name = f"{order.resource.plan}/{order.resource.component}"
            raise Transient(f"the deadline passed before `docker compose` was called for {name}")
        docker = self._docker(options)
        answer = await docker.act(
            arguments, order.mandate, limit_s=left_s, inherited=(lock.descriptor,), on_start=lock.name_holder
        )
        return StepDone(request_id=f"process {answer.process_id}, {answer.duration_ms} ms")
