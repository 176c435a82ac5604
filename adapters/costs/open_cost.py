"""OpenCost: what a Kubernetes cluster's workloads cost by day, by the labels of their pods.

OpenCost reckons with the prices that it was given, in the currency that it was given, and its answers name neither.
"""

from __future__ import annotations

import http.client
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final
from urllib.parse import urlencode, urlsplit

import msgspec

from adapters.blocking_calls import BlockingCalls
from adapters.costs.amounts import micros_of
from config.unreadable import UNREADABLE
from machines.ports.clock import Clock
from machines.ports.costs import BilledDay
from machines.ports.faults import Permanent, Transient

PLAN_LABEL: Final = "solvent_plan"
COMPONENT_LABEL: Final = "solvent_component"
"""The labels `solvent/plan` and `solvent/component` in the spelling of Prometheus."""
WITHOUT: Final = "__unallocated__"
_DAY: Final = timedelta(days=1)


class _Window(msgspec.Struct, frozen=True):
    start: datetime


class _Allocation(msgspec.Struct, frozen=True, rename="camel"):
    window: _Window
    total_cost: Decimal


class _Answer(msgspec.Struct, frozen=True):
    code: int
    data: list[dict[str, _Allocation] | None] | None = None


class OpenCost:
    """Reads day by day, grouped by plan and component. Every read is a connection of its own."""

    name = "open_cost"

    def __init__(self, url: str, currency: str, clock: Clock, *, call_timeout_s: int, answer_bytes_max: int) -> None:
        """`url` is that of OpenCost's API, such as `http://opencost.opencost:9003`; `currency` that of its prices."""
        self._url = urlsplit(url)
        self._currency = currency
        self._timeout_s = max(1, call_timeout_s - 1)  # so that the thread ends before nobody waits for it any more
        self._bytes_max = answer_bytes_max
        self._blocking = BlockingCalls("open_cost", clock, threads_max=1, call_limit_s=call_timeout_s)

    async def read(self, plan: str, first_day: date, last_day: date) -> tuple[BilledDay, ...]:
        """The days as the port says, cut in UTC."""
        window = f"{first_day}T00:00:00Z,{last_day + _DAY}T00:00:00Z"
        query = urlencode(
            {
                "window": window,
                "step": "1d",
                "aggregate": f"label:{PLAN_LABEL},label:{COMPONENT_LABEL}",
                "accumulate": "false",
                "includeIdle": "false",
            }
        )
        body = await self._blocking.call(f"the allocation of {window}", lambda: self._get(f"/allocation?{query}"))
        days = [self._day(plan, each) for each in _sets(body) if each]
        return tuple(sorted((day for day in days if first_day <= day.day <= last_day), key=lambda each: each.day))

    async def close(self) -> None:
        """Let go of the thread."""
        self._blocking.close()

    def _day(self, plan: str, allocations: dict[str, _Allocation]) -> BilledDay:
        starts = {each.window.start.astimezone(UTC) for each in allocations.values()}
        start = starts.pop()
        if starts or (start.hour, start.minute, start.second) != (0, 0, 0):
            raise Permanent("OpenCost answered a set that is not one day in UTC: look which version answers at the URL")
        micros: dict[str, int] = {}
        unattributed = 0
        for name, each in allocations.items():
            of_plan, _, component = name.partition("/")
            if of_plan != plan:
                continue
            cost = micros_of(each.total_cost, f"OpenCost, {start.date()}, {name}")
            if component in ("", WITHOUT):
                unattributed += cost
            else:
                micros[component] = micros.get(component, 0) + cost
        return BilledDay(start.date(), self._currency, micros, unattributed_micros=unattributed)

    def _get(self, target: str) -> bytes:
        """In a thread: the body of a good answer. Raises `Transient` or `Permanent`; reading changes nothing."""
        place = f"OpenCost at {self._url.scheme}://{self._url.netloc}"
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._url.hostname or "", self._url.port, timeout=self._timeout_s)
        try:
            connection.request("GET", self._url.path.rstrip("/") + target, headers={"Accept": "application/json"})
            with connection.getresponse() as answer:
                body = answer.read(self._bytes_max + 1)
        except (OSError, http.client.HTTPException) as failed:
            raise Transient(
                f"{place} cannot be read ({type(failed).__name__}: {failed}); see costs.open_cost_url"
            ) from failed
        finally:
            connection.close()
        if answer.status >= 500 or answer.status == 429:
            raise Transient(f"{place} answered {answer.status}: {_line(body)}")
        if answer.status != 200:
            raise Permanent(f"{place} answered {answer.status}: {_line(body)}; see costs.open_cost_url")
        if len(body) > self._bytes_max:
            raise Permanent(f"{place} answered more than {self._bytes_max} bytes: raise costs.answer_bytes_max")
        return body


def _sets(body: bytes) -> list[dict[str, _Allocation] | None]:
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except UNREADABLE as unreadable:
        raise Permanent(f"the answer is none of OpenCost's allocations: {unreadable}") from unreadable
    if answer.code != 200:
        raise Transient(f"OpenCost answered with code {answer.code}")
    return answer.data or []


def _line(body: bytes) -> str:
    return " ".join(body[:300].decode(errors="replace").split())
