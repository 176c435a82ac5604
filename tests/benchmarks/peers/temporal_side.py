"""Temporal's side, run by the Python of `build/peers`: it wants its workflows at the top of a module.

`build/peers/bin/python tests/benchmarks/peers/temporal_side.py ADDRESS SECONDS AT_ONCE` prints activities a second.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

PAYLOAD = '{"component":"c1","step":"warm","token":"wide-c1-1","generation":1,"from":"COLD","to":"WARMING","cost":10}'
"""As many bytes as one of our transitions says."""
WARM_UP_STEPS = 20


@activity.defn
async def step(payload: str) -> str:
    """Hand back what it is given."""
    return payload


@workflow.defn(sandboxed=False)
class Life:
    """One activity after the other."""

    @workflow.run
    async def run(self, steps: int) -> int:
        """So many of them."""
        for _ in range(steps):
            await workflow.execute_activity(step, PAYLOAD, start_to_close_timeout=timedelta(seconds=60))
        return steps


async def transitions(address: str, seconds: float, at_once: int) -> float:
    """Activities in a second: each is scheduled, run and recorded by the server; so many workflows at once."""
    client = await Client.connect(address)
    queue = f"peers-{time.time_ns()}"
    runner = UnsandboxedWorkflowRunner()
    async with Worker(client, task_queue=queue, workflows=[Life], activities=[step], workflow_runner=runner):

        async def life(number: int, steps: int) -> int:
            return int(await client.execute_workflow(Life.run, steps, id=f"{queue}-{number}", task_queue=queue))

        began = time.perf_counter()
        await life(-1, WARM_UP_STEPS)
        rate = WARM_UP_STEPS / (time.perf_counter() - began)
        steps = max(5, round(rate * seconds * min(1.0, 3 / at_once)))
        began = time.perf_counter()
        counts = await asyncio.gather(*(life(number, steps) for number in range(at_once)))
        return sum(counts) / (time.perf_counter() - began)


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(transitions(sys.argv[1], float(sys.argv[2]), int(sys.argv[3])))}\n")
    sys.stdout.flush()
    os._exit(0)  # the threads of its core may abort an interpreter that ends
