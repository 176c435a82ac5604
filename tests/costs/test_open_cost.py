"""OpenCost's allocations over real HTTP, from a recorded answer and from answers that cannot be right."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.clocks import SystemClock
from adapters.costs.open_cost import OpenCost
from machines.costs.billed import BilledDay
from machines.ports.faults import CallError, Permanent, Transient
from tests.costs.answering import Answering

TWO_DAYS = (Path(__file__).parent / "answers" / "open_cost_two_days.json").read_bytes()
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 2)


@asynccontextmanager
async def reader_at(url: str, answer_bytes_max: int = 100_000) -> AsyncIterator[OpenCost]:
    """A reader of that URL."""
    reader = OpenCost(url, "USD", SystemClock(), call_timeout_s=5, answer_bytes_max=answer_bytes_max)
    try:
        yield reader
    finally:
        await reader.close()


async def read(*answers: tuple[int, bytes], answer_bytes_max: int = 100_000) -> tuple[BilledDay, ...]:
    """What one read of the plan `shop` makes of these answers."""
    with Answering(*answers) as server:
        async with reader_at(server.url, answer_bytes_max) as reader:
            return await reader.read("shop", FIRST, LAST)


async def test_a_recorded_answer_gives_the_days_in_order() -> None:
    """Exact micros half-even, other plans left out, what has no component apart."""
    assert await read((200, TWO_DAYS)) == (
        BilledDay(FIRST, "USD", {"web": 1_250_000, "cache": 40_000}, unattributed_micros=5_000),
        BilledDay(LAST, "USD", {"web": 962_184}),
    )


async def test_the_question_names_days_labels_and_step() -> None:
    """Whole days in UTC, a set for each, by the labels of plan and component."""
    with Answering((200, TWO_DAYS)) as server:
        async with reader_at(f"{server.url}/model/") as reader:
            await reader.read("shop", FIRST, LAST)

    asked = urlsplit(server.asked[0])
    assert "/model/allocation" == asked.path
    assert {
        "window": ["2026-11-01T00:00:00Z,2026-11-03T00:00:00Z"],
        "step": ["1d"],
        "aggregate": ["label:solvent_plan,label:solvent_component"],
        "accumulate": ["false"],
        "includeIdle": ["false"],
    } == parse_qs(asked.query)


@pytest.mark.parametrize("body", [b'{"code": 200, "data": [{}, null]}', b'{"code": 200, "data": null}'])
async def test_a_day_without_allocations_is_unknown(body: bytes) -> None:
    """An empty set is no day that cost nothing."""
    assert () == await read((200, body))


@pytest.mark.parametrize(
    ("answer", "fault", "said"),
    [
        ((503, b"not ready"), Transient, "answered 503: not ready"),
        ((429, b"slow down"), Transient, "answered 429"),
        ((404, b"no such page"), Permanent, "see costs.open_cost_url"),
        ((301, b""), Permanent, "answered 301"),
        ((200, b"<html>"), Permanent, "none of OpenCost's allocations"),
        ((200, b'{"code": 200, "data": [{"shop/web": {"totalCost": 1}}]}'), Permanent, "none of OpenCost's"),
        ((200, b'{"code": 500, "data": null}'), Transient, "code 500"),
        ((200, TWO_DAYS.replace(b"T00:00", b"T01:00")), Permanent, "not one day in UTC"),
        ((200, TWO_DAYS.replace(b'": 1.25', b'": 1e30')), Permanent, "expected an amount of at most"),
    ],
)
async def test_a_bad_answer_is_no_bill(answer: tuple[int, bytes], fault: type[CallError], said: str) -> None:
    """Each says what was answered; what may pass is told from what will not."""
    with pytest.raises(fault, match=said):
        await read(answer)


async def test_a_huge_answer_is_refused() -> None:
    """The limit is that of the settings, and nothing beyond it is read."""
    with pytest.raises(Permanent, match=r"raise costs\.answer_bytes_max"):
        await read((200, TWO_DAYS), answer_bytes_max=1_000)


async def test_nobody_there_is_transient() -> None:
    """A refused connection may be a restart."""
    with Answering() as server:
        url = server.url
    async with reader_at(url) as reader:
        with pytest.raises(Transient, match="cannot be read"):
            await reader.read("shop", FIRST, LAST)


async def test_silence_ends_in_time() -> None:
    """A server that accepts and never answers costs a read, not the daemon."""
    with Answering(silent=True) as server:
        reader = OpenCost(server.url, "USD", SystemClock(), call_timeout_s=2, answer_bytes_max=1_000)
        with pytest.raises(CallError):
            await reader.read("shop", FIRST, LAST)
        await reader.close()
