"""The peers' side of each pair, run by the Python of `build/peers`, which has their packages and none of ours.

`build/peers/bin/python tests/benchmarks/peers/theirs.py NAME ARGUMENT...` prints a number.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import Any

PAYLOAD = '{"component":"c1","step":"warm","token":"wide-c1-1","generation":1,"from":"COLD","to":"WARMING","cost":10}'
"""As many bytes as one of our transitions says."""


def _dbos(url: str, name: str) -> Any:
    from dbos import DBOS  # noqa: PLC0415 - in build/peers only

    DBOS(
        config={
            "name": name,
            "system_database_url": url,
            "application_version": "1",
            "executor_id": "local",
            "log_level": "ERROR",
            "run_migrations": True,
        }
    )
    return DBOS


def dbos_transitions(url: str, seconds: str, at_once: str) -> float:
    """Durable steps in a second; so many workflows under way at once, each one step after the other."""
    dbos = _dbos(url, "peers")

    @dbos.step()
    async def step(payload: str) -> str:
        return payload

    @dbos.workflow()
    async def life(lasts_s: float) -> int:
        done, until = 0, time.perf_counter() + lasts_s
        while time.perf_counter() < until:
            await step(PAYLOAD)
            done += 1
        return done

    async def run() -> float:
        dbos.launch()
        await life(0.3)
        began = time.perf_counter()
        counts = await asyncio.gather(*(life(float(seconds)) for _ in range(int(at_once))))
        return sum(counts) / (time.perf_counter() - began)

    return asyncio.run(run())


def dbos_recovery(url: str, count: str, phase: str) -> float:
    """Phase `interrupt`: so many workflows wait behind their first step, and the process dies. Phase `recover`."""
    dbos, number = _dbos(url, "peers"), int(count)
    never: list[asyncio.Event] = []
    begun = 0

    @dbos.step()
    async def first(payload: str) -> str:
        return payload

    @dbos.step()
    async def second(payload: str) -> str:
        return payload

    @dbos.workflow()
    async def life(payload: str) -> str:
        nonlocal begun
        await first(payload)
        begun += 1
        if phase == "interrupt":
            await never[0].wait()
        return await second(payload)

    async def interrupt() -> float:
        never.append(asyncio.Event())
        dbos.launch()
        for start in range(0, number, 50):
            for _ in range(min(50, number - start)):
                await dbos.start_workflow_async(life, PAYLOAD)
            while begun < min(start + 50, number):  # noqa: ASYNC110 - it looks from outside
                await asyncio.sleep(0.01)
        sys.stdout.write("0\n")
        sys.stdout.flush()
        os._exit(0)

    async def recover() -> float:
        began = time.perf_counter()
        dbos.launch()
        while await dbos.list_workflows_async(status="PENDING", limit=1):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.1)
        return number / (time.perf_counter() - began)

    return asyncio.run(interrupt() if phase == "interrupt" else recover())


def pykka_asks(askers: str) -> float:
    """Ask round trips in a second, of threads that ask one actor each."""
    import threading  # noqa: PLC0415 - here only

    import pykka  # noqa: PLC0415 - in build/peers only

    class Adder(pykka.ThreadingActor):  # type: ignore[misc]  # untyped here
        def __init__(self) -> None:
            super().__init__()
            self.total = 0

        def on_receive(self, message: int) -> int:
            self.total += message
            return self.total

    number, each = int(askers), 20_000 // int(askers)
    refs = [Adder.start() for _ in range(number)]
    threads = [threading.Thread(target=lambda ref=ref: [ref.ask(1) for _ in range(each)]) for ref in refs]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took_s = time.perf_counter() - began
    pykka.ActorRegistry.stop_all()
    return number * each / took_s


def copy(url: str, rows: str) -> float:
    """Rows in a second through COPY, in transactions of 500 rows, each durable before the next; one index, as ours."""
    import psycopg  # noqa: PLC0415 - in build/peers only

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS peers_copy")
        connection.execute("CREATE TABLE peers_copy (sequence bigint PRIMARY KEY, name text, data text)")
        began, sequence = time.perf_counter(), 0
        for _ in range(int(rows) // 500):
            with (
                connection.transaction(),
                connection.cursor() as cursor,
                cursor.copy("COPY peers_copy FROM STDIN") as out,
            ):
                for _ in range(500):
                    sequence += 1
                    out.write_row((sequence, "StepIntended", PAYLOAD))
        return int(rows) / (time.perf_counter() - began)


if __name__ == "__main__":
    sys.stdout.write(f"{globals()[sys.argv[1]](*sys.argv[2:])}\n")
    sys.stdout.flush()
    os._exit(0)
