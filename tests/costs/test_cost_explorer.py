"""AWS's bill from an emulated Cost Explorer."""

from __future__ import annotations

import http.client
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import pytest

from adapters.clocks import SystemClock
from adapters.costs.cost_explorer import CostExplorer
from machines.costs.billed import BilledDay
from machines.ports.faults import CallError, Permanent, Transient
from tests.provisioners.aws.fault_proxy import FaultProxy, Refusal
from tests.provisioners.aws.moto_place import CREDENTIALS, moto_server

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 2)


@pytest.fixture(scope="module")
def moto_port() -> Iterator[int]:
    """One emulator for these tests."""
    with moto_server() as port:
        yield port


@pytest.fixture
def proxy(moto_port: int) -> Iterator[FaultProxy]:
    """The emulator, emptied, behind a proxy for faults."""
    _post(moto_port, "/moto-api/reset", {})
    with FaultProxy(moto_port) as proxy:
        yield proxy


def seed(port: int, *answers: dict[str, Any]) -> None:
    """The answers to the next different questions, in order."""
    _post(port, "/moto-api/static/ce/cost-and-usage-results", {"results": list(answers)})


def _post(port: int, path: str, body: object) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        assert connection.getresponse().status in {200, 201}
    finally:
        connection.close()


def result(day: str, groups: dict[str, str], *, estimated: bool = False, unit: str = "USD") -> dict[str, Any]:
    """One day as Cost Explorer says it: amounts by the key of their group."""
    return {
        "TimePeriod": {"Start": day, "End": "9999-12-31"},
        "Total": {},
        "Estimated": estimated,
        "Groups": [
            {"Keys": [key], "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": unit}}}
            for key, amount in groups.items()
        ],
    }


@asynccontextmanager
async def reader_at(proxy: FaultProxy, pages_max: int = 3) -> AsyncIterator[CostExplorer]:
    """A reader that reaches the emulator through the proxy."""
    environment = {**CREDENTIALS, "AWS_ENDPOINT_URL": proxy.url}
    reader = CostExplorer(environment, SystemClock(), region="us-east-1", pages_max=pages_max)
    try:
        yield reader
    finally:
        await reader.close()


async def read(proxy: FaultProxy, pages_max: int = 3) -> tuple[BilledDay, ...]:
    """One read of the plan `shop`."""
    async with reader_at(proxy, pages_max) as reader:
        return await reader.read("shop", FIRST, LAST)


WEB, CACHE, NOBODY = (f"solvent:component${each}" for each in ("web", "cache", ""))


async def test_days_components_and_the_estimate_are_kept(proxy: FaultProxy, moto_port: int) -> None:
    """Amounts half-even to the micro; what carries the plan's tag alone is apart."""
    days = [
        result("2026-11-01", {WEB: "1.4999995", CACHE: "0.0000005", NOBODY: "0.25"}),
        result("2026-11-02", {WEB: "-0.5"}, estimated=True),
    ]
    seed(moto_port, {"ResultsByTime": days})

    assert await read(proxy) == (
        BilledDay(FIRST, "USD", {"web": 1_500_000, "cache": 0}, unattributed_micros=250_000),
        BilledDay(LAST, "USD", {"web": -500_000}, estimated=True),
    )


async def test_pages_are_put_together(proxy: FaultProxy, moto_port: int) -> None:
    """The groups of one day may stand on two pages."""
    first = {"ResultsByTime": [result("2026-11-01", {WEB: "1"})], "NextPageToken": "more"}
    second = {"ResultsByTime": [result("2026-11-01", {CACHE: "2"}), result("2026-11-02", {WEB: "3"})]}
    seed(moto_port, first, second)

    found = await read(proxy)

    assert [{"web": 1_000_000, "cache": 2_000_000}, {"web": 3_000_000}] == [day.micros for day in found]
    assert 2 == proxy.served["GetCostAndUsage"]


async def test_pages_without_end_are_refused(proxy: FaultProxy, moto_port: int) -> None:
    """Each page costs money; a part of a bill is no bill."""
    seed(moto_port, *({"ResultsByTime": [], "NextPageToken": f"page {each}"} for each in range(4)))

    with pytest.raises(Permanent, match=r"raise costs\.pages_max"):
        await read(proxy)
    assert 3 == proxy.served["GetCostAndUsage"]


async def test_a_bill_in_two_currencies_is_refused(proxy: FaultProxy, moto_port: int) -> None:
    """They cannot be added."""
    days = [result("2026-11-01", {WEB: "1"}), result("2026-11-01", {CACHE: "1"}, unit="CNY")]
    seed(moto_port, {"ResultsByTime": days})

    with pytest.raises(Permanent, match="bills 2026-11-01 in CNY and USD"):
        await read(proxy)


@pytest.mark.parametrize("groups", [{WEB: "much"}, {"web": "1"}, {WEB: "NaN"}, {WEB: "\u0665"}])
async def test_what_is_no_amount_of_a_component_is_refused(
    proxy: FaultProxy, moto_port: int, groups: dict[str, str]
) -> None:
    """A figure that cannot be read is not left out: the bill as a whole is unknown."""
    seed(moto_port, {"ResultsByTime": [result("2026-11-01", groups)]})

    with pytest.raises(Permanent, match="Cost Explorer"):
        await read(proxy)


async def test_no_day_yet_is_no_day(proxy: FaultProxy) -> None:
    """An empty answer knows nothing of these days."""
    assert () == await read(proxy)


@pytest.mark.parametrize(("code", "fault"), [("ThrottlingException", Transient), ("AccessDeniedException", Permanent)])
async def test_a_refusal_is_told(proxy: FaultProxy, code: str, fault: type[CallError]) -> None:
    """In the words of the port."""
    proxy.next("GetCostAndUsage", Refusal(code))

    with pytest.raises(fault, match=code):
        await read(proxy)
