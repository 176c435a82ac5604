"""A stand-in for org.freedesktop.systemd1 on a private bus: the methods, properties and errors of the real one.

Its units' files are given; drop-ins written by SetUnitProperties are the units' own fields here. Jobs end at once
unless `slow_jobs` holds them. Names, signatures and shapes are those of org.freedesktop.systemd1(5).
"""

from __future__ import annotations

import asyncio
import enum
from dataclasses import dataclass, field
from typing import Any

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

NAME = "org.freedesktop.systemd1"
ERROR = "org.freedesktop.DBus.Error."
INFINITY = 2**64 - 1
PREFIX = "/org/freedesktop/systemd1/unit/"


class Fault(enum.Enum):
    """What one call meets, once."""

    ERROR = "error"
    NO_REPLY = "no_reply"
    LOST_BEFORE = "lost_before"
    """What the bus says when systemd leaves it before it did anything, as in a daemon-reexec."""
    LOST_AFTER = "lost_after"
    """The same when it had done it already."""
    FAILS_AFTER = "fails_after"
    """Done, but then the unit is in the state `failed`, and the answer is lost."""


@dataclass
class FakeUnit:
    """One unit with a file."""

    description: str
    load_state: str = "loaded"
    active_state: str = "inactive"
    sub_state: str = "dead"
    result: str = "success"
    service_type: str = "simple"
    memory_max: int = INFINITY
    cpu_quota: int = INFINITY
    job: int = 0
    becomes: str = ""
    data: str = ""
    marks: list[str] = field(default_factory=list)
    """Every description it ever got."""


class FakeSystemd:
    """The manager and its units."""

    def __init__(self) -> None:
        """No unit."""
        self.units: dict[str, FakeUnit] = {}
        self.faults: dict[tuple[str, str], tuple[Fault, str]] = {}
        """By method and unit: the fault and, for ERROR, the error's name."""
        self.slow_jobs = False
        self.silent = asyncio.Event()
        """Set once a request was left without an answer."""
        self.calls: list[tuple[str, str]] = []
        self._jobs = 0
        self._bus: MessageBus | None = None

    async def start(self, address: str) -> None:
        """Own the name."""
        self._bus = await MessageBus(bus_address=address).connect()
        self._bus.add_message_handler(self._handle)
        await self._bus.request_name(NAME)

    async def stop(self) -> None:
        """Leave the bus."""
        if self._bus is not None and self._bus.connected:
            self._bus.disconnect()
            await self._bus.wait_for_disconnect()

    def end_jobs(self) -> None:
        """Let every held job end."""
        for unit in self.units.values():
            if unit.job:
                unit.job, unit.active_state = 0, unit.becomes

    def _handle(self, message: Message) -> Message | bool | None:
        if message.message_type is not MessageType.METHOD_CALL or message.destination is None:
            return None
        member = message.member or ""
        unit = self._unit_of(message)
        self.calls.append((member, unit))
        fault, name = self.faults.pop((member, unit), (None, ""))
        if fault is Fault.ERROR:
            return Message.new_error(message, name, "arranged by the test")
        if fault is Fault.NO_REPLY:
            self.silent.set()
            return True
        if fault is not Fault.LOST_BEFORE:
            answer = self._answer(message, member, unit)
        if fault is Fault.FAILS_AFTER:
            self.units[unit].active_state, self.units[unit].result = "failed", "exit-code"
        if fault is not None:
            said = "Message recipient disconnected from message bus without replying"
            return Message.new_error(message, ERROR + "NoReply", said)
        return answer

    def _unit_of(self, message: Message) -> str:
        path = message.path or ""
        if path.startswith(PREFIX):
            return bytes.fromhex(path.removeprefix(PREFIX)).decode()
        return str(message.body[0]) if message.body and isinstance(message.body[0], str) else ""

    def _answer(self, message: Message, member: str, name: str) -> Message:
        if message.interface == "org.freedesktop.DBus.Properties":
            return self._properties(message, member, name)
        handler = getattr(self, f"_on_{member}", None)
        if message.interface != f"{NAME}.Manager" or handler is None:
            return Message.new_error(message, ERROR + "UnknownMethod", f"no method {member}")
        if member not in {"LoadUnit", "ListUnits", "ListUnitFilesByPatterns"} and name not in self.units:
            return Message.new_error(message, f"{NAME}.NoSuchUnit", f"Unit {name} not found.")
        return handler(message, name)

    def _on_LoadUnit(self, message: Message, name: str) -> Message:  # noqa: N802 - systemd's name
        # As the real one: every well-formed name has an object, though its load state may be not-found.
        return Message.new_method_return(message, "o", [PREFIX + name.encode().hex()])

    def _on_StartUnit(self, message: Message, name: str) -> Message:  # noqa: N802 - systemd's name
        return self._job(message, name, "active", "activating")

    def _on_StopUnit(self, message: Message, name: str) -> Message:  # noqa: N802 - systemd's name
        return self._job(message, name, "inactive", "deactivating")

    def _job(self, message: Message, name: str, becomes: str, meanwhile: str) -> Message:
        assert message.signature == "ss"
        assert message.body[1] == "replace"
        self._jobs += 1
        unit = self.units[name]
        if self.slow_jobs:
            unit.job, unit.becomes, unit.active_state = self._jobs, becomes, meanwhile
        else:
            unit.active_state = becomes
        return Message.new_method_return(message, "o", [f"/org/freedesktop/systemd1/job/{self._jobs}"])

    def _on_ResetFailedUnit(self, message: Message, name: str) -> Message:  # noqa: N802 - systemd's name
        if self.units[name].active_state == "failed":
            self.units[name].active_state = "inactive"
        return Message.new_method_return(message)

    def _on_SetUnitProperties(self, message: Message, name: str) -> Message:  # noqa: N802 - systemd's name
        assert message.signature == "sba(sv)"
        _, runtime, properties = message.body
        assert runtime is False
        unit = self.units[name]
        for key, variant in properties:
            if (key, variant.signature) not in {("Description", "s"), ("MemoryMax", "t"), ("CPUQuotaPerSecUSec", "t")}:
                return Message.new_error(message, ERROR + "PropertyReadOnly", f"Cannot set property {key}")
        values = {key: variant.value for key, variant in properties}
        unit.description = values.get("Description", unit.description)
        unit.marks.append(unit.description)
        unit.memory_max = values.get("MemoryMax", unit.memory_max)
        unit.cpu_quota = values.get("CPUQuotaPerSecUSec", unit.cpu_quota)
        return Message.new_method_return(message)

    def _on_ListUnits(self, message: Message, name: str) -> Message:  # noqa: N802 - systemd's name
        # An idle unit is not in memory, as with the real one.
        rows = [
            [
                key,
                unit.description,
                unit.load_state,
                unit.active_state,
                unit.sub_state,
                "",
                PREFIX + key.encode().hex(),
                0,
                "",
                "/",
            ]
            for key, unit in self.units.items()
            if unit.active_state != "inactive"
        ]
        return Message.new_method_return(message, "a(ssssssouso)", [rows])

    def _on_ListUnitFilesByPatterns(self, message: Message, name: str) -> Message:  # noqa: N802 - systemd's name
        assert message.signature == "asas"
        files = [[f"/etc/systemd/system/{key}", "disabled"] for key in self.units]
        return Message.new_method_return(message, "a(ss)", [[*files, ["/lib/systemd/system/getty@.service", "static"]]])

    def _properties(self, message: Message, member: str, name: str) -> Message:
        unit = self.units.get(name, FakeUnit(name, load_state="not-found"))
        of_interface: dict[str, dict[str, Variant]] = {
            f"{NAME}.Unit": {
                "Id": Variant("s", name),
                "Description": Variant("s", unit.description),
                "LoadState": Variant("s", unit.load_state),
                "ActiveState": Variant("s", unit.active_state),
                "SubState": Variant("s", unit.sub_state),
                "Job": Variant("(uo)", [unit.job, "/"]),
            }
        }
        limits = {"MemoryMax": Variant("t", unit.memory_max), "CPUQuotaPerSecUSec": Variant("t", unit.cpu_quota)}
        service = {
            "Result": Variant("s", unit.result),
            "Type": Variant("s", unit.service_type),
            "RemainAfterExit": Variant("b", False),
        }
        if name.endswith(".slice"):
            of_interface[f"{NAME}.Slice"] = limits
        else:
            of_interface[f"{NAME}.Service"] = limits | service
        found: Any = of_interface.get(str(message.body[0]))
        if found is None:
            return Message.new_error(message, ERROR + "UnknownInterface", f"no interface {message.body[0]}")
        if member == "Get":
            return Message.new_method_return(message, "v", [found[str(message.body[1])]])
        return Message.new_method_return(message, "a{sv}", [found])
