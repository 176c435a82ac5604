"""One conversation with one systemd: a connection to its bus, and a time limit on every answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeVar

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusFastError

from adapters.provisioners.systemd.errors import refusal
from machines.ports.clock import Clock
from machines.ports.faults import Ambiguous, Permanent, Transient
from machines.ports.mandate import Mandate

T = TypeVar("T")

SYSTEM_ADDRESS: Final = "unix:path=/run/dbus/system_bus_socket"
SYSTEMD: Final = "org.freedesktop.systemd1"
MANAGER_PATH: Final = "/org/freedesktop/systemd1"
MANAGER: Final = "org.freedesktop.systemd1.Manager"
PROPERTIES: Final = "org.freedesktop.DBus.Properties"


def address_of(bus: str, environment: Mapping[str, str]) -> str:
    """The address of `system`, `user`, or an address itself; raises `Permanent` where the user has no bus."""
    if bus == "system":
        return environment.get("DBUS_SYSTEM_BUS_ADDRESS") or SYSTEM_ADDRESS
    if bus != "user":
        return bus
    if address := environment.get("DBUS_SESSION_BUS_ADDRESS"):
        return address
    if directory := environment.get("XDG_RUNTIME_DIR"):
        return f"unix:path={directory}/bus"
    raise Permanent(
        "bus: user names the bus of the daemon's user, but neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is in "
        "the daemon's environment: set one, or name the address itself"
    )


class Connection:
    """An open connection. Every method raises the three words of the port and nothing else."""

    def __init__(self, bus: MessageBus, clock: Clock, limit_s: Callable[[], float]) -> None:
        """`limit_s`: how long the next answer may take."""
        self._bus = bus
        self._clock = clock
        self._limit_s = limit_s

    async def manager(self, what: str, member: str, signature: str = "", *body: Any) -> list[Any]:
        """Call a method of the manager that changes nothing; `what` is what the messages say was asked."""
        return await self._call(what, MANAGER_PATH, f"{MANAGER}.{member}", signature, *body)

    async def change(self, mandate: Mandate, what: str, member: str, signature: str = "", *body: Any) -> list[Any]:
        """The same for a method that changes something; raises what the mandate does."""
        mandate.require(f"the request {what}")
        return await self.manager(what, member, signature, *body)

    async def properties(self, what: str, path: str, interface: str) -> dict[str, Any]:
        """All properties of one interface of one object, as plain values."""
        (found,) = await self._call(what, path, f"{PROPERTIES}.GetAll", "s", interface)
        return {name: variant.value for name, variant in found.items()}

    async def property(self, what: str, path: str, interface: str, name: str) -> Any:
        """One property as a plain value."""
        (found,) = await self._call(what, path, f"{PROPERTIES}.Get", "ss", interface, name)
        return found.value

    async def _call(self, what: str, path: str, method: str, signature: str, *body: Any) -> list[Any]:
        interface, _, member = method.rpartition(".")
        try:
            request = Message(SYSTEMD, path, interface, member, signature=signature, body=list(body))
        except DBusFastError as error:
            raise Permanent(f"systemd cannot be asked {what}: {error}") from error
        limit_s = self._limit_s()
        if limit_s <= 0:
            raise Transient(f"the deadline passed before systemd was asked {what}")
        answer = await within(self._clock, self._bus.call(request), limit_s, what)
        if isinstance(answer, TimeoutError):
            raise Ambiguous(f"systemd did not answer when asked {what} within {limit_s:g} s")
        if isinstance(answer, Exception) or answer is None:
            because = f" ({answer})" if answer is not None and str(answer) else ""
            raise Ambiguous(f"the connection to systemd broke while it was asked {what}{because}")
        if answer.message_type is MessageType.ERROR:
            said = str(answer.body[0]) if answer.body else "no reason given"
            raise refusal(answer.error_name or "an error without a name", said, what)
        return list(answer.body)


@asynccontextmanager
async def connected(address: str, clock: Clock, limit_s: Callable[[], float]) -> AsyncIterator[Connection]:
    """A connection for one look or one step; raises `Transient` where there is no bus: nothing was asked.

    None is kept between calls: it costs milliseconds on the same machine, and a restarted bus is no special case.
    """
    try:
        bus = MessageBus(bus_address=address)
    except (DBusFastError, ValueError) as error:
        raise Permanent(f"{address} is no D-Bus address: {error}") from error
    limit = limit_s()
    try:
        opened = await within(clock, bus.connect(), limit, f"connection to {address}")
        if isinstance(opened, TimeoutError):
            raise Transient(f"the bus {address} took no connection within {limit:g} s")
        if isinstance(opened, Exception):
            raise Transient(
                f"no bus at {address}: {opened}; is dbus running there, and may the daemon's user connect to it?"
            )
        yield Connection(bus, clock, limit_s)
    finally:
        if bus.connected:
            bus.disconnect()
            with suppress(Exception):  # how it ended no longer matters: every answer was judged by then
                await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast leaves its result untyped


async def within(clock: Clock, work: Coroutine[Any, Any, T], limit_s: float, what: str) -> T | Exception:
    """What came of the work; its exception as a value, `TimeoutError` where the clock was first."""
    async with asyncio.TaskGroup() as group:
        working = group.create_task(_outcome(work), name=what)
        limit = group.create_task(clock.sleep(max(0.0, limit_s)), name=f"time limit of {what}")
        await asyncio.wait((working, limit), return_when=asyncio.FIRST_COMPLETED)
        working.cancel()
        limit.cancel()
    return working.result() if not working.cancelled() else TimeoutError()


async def _outcome(work: Coroutine[Any, Any, T]) -> T | Exception:
    try:
        return await work
    except TimeoutError as error:
        return ConnectionError(str(error))
    except Exception as error:  # noqa: BLE001 - sockets, SASL and the codec each raise their own
        return error
