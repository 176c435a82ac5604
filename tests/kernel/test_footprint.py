"""What an idle actor weighs, on the real event loop (ARCHITECTURE §4: 100,000 fit on one machine)."""

from __future__ import annotations

from tests.benchmarks.bench_kernel import idle_actors


def test_an_idle_actor_with_its_state_weighs_at_most_one_and_a_half_kib() -> None:
    """Name, state, reference and registry entry together stay under the limit, measured over 20,000 actors."""
    assert idle_actors(20_000).bytes_each <= 1.5 * 1024
