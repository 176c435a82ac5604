"""A soak tells a daemon that became slower from a machine that became busy."""

from __future__ import annotations

from collections.abc import Callable

from tests.soak.figures import nearest_rank, slope
from tests.soak.processor import cpu_us_a_payment, quiet
from tests.soak.report import ALL, CPU, QUIET, Promise, Series, Verdict, promises_of_slopes, series_of
from tests.soak.sampling import COUNTED, Sample

SECONDS = range(0, 900, 3)
PAYMENTS_A_S = 50


def looks(
    *, cpu_us: Callable[[int], float], slowness: Callable[[int], float], waits: Callable[[int], float]
) -> list[Sample]:
    """A quarter of an hour at a steady rate: processor time a payment, share of waiting, slowness of the processor."""
    found, cpu_s, waited_s = list[Sample](), 0.0, 0.0
    for second in SECONDS:
        computed_s = cpu_us(second) * PAYMENTS_A_S * 3 / 1_000_000
        share = waits(second)
        cpu_s, waited_s = cpu_s + computed_s, waited_s + computed_s * share / (1 - share)
        counted = {COUNTED: float(second * PAYMENTS_A_S)}
        took_us = 1_000.0 * slowness(second)
        found.append(Sample(float(second), 1, 1, 1, 1, 0, cpu_s, waited_s, 0.0, 1.0, took_us, counted))
    return found


def steady(_second: int) -> float:
    """What does not change."""
    return 1.0


def judged(samples: list[Sample], latencies: list[tuple[float, float]], name: str) -> Promise:
    """The promise about one series."""
    series = series_of(samples, latencies)
    promises = promises_of_slopes(series, float(SECONDS[-1]))
    return next(each for each in promises if each.name.startswith(name))


def rising(second: int) -> float:
    """What doubles within the run."""
    return 400.0 * (1 + second / SECONDS[-1])


RISING_ANSWERS = [(float(second), 0.1 + second / 1_000) for second in SECONDS]


def test_a_daemon_that_computes_more_for_each_payment_breaks_its_promise() -> None:
    """Also on a busy machine."""
    assert Verdict.BROKEN is judged(looks(cpu_us=rising, waits=lambda _: 0.9, slowness=steady), [], CPU).verdict


def test_a_processor_that_became_slower_is_no_slower_daemon() -> None:
    """Twice the processor time a payment, and twice for the loop that is always the same."""
    samples = looks(cpu_us=rising, slowness=lambda second: rising(second) / 400, waits=lambda _: 0.1)
    figures = [round(figure) for _, figure in cpu_us_a_payment(samples, calibrated=True)]

    assert max(figures) - min(figures) <= max(figures) // 20
    assert Verdict.HELD is judged(samples, [], CPU).verdict


def test_answers_that_take_longer_on_a_quiet_machine_break_the_promise() -> None:
    """Nobody else can have been the cause."""
    samples = looks(cpu_us=lambda _: 400.0, waits=lambda _: 0.1, slowness=steady)

    assert Verdict.BROKEN is judged(samples, RISING_ANSWERS, QUIET).verdict


def test_answers_that_take_longer_on_an_equally_busy_machine_break_the_promise() -> None:
    """A machine that was as busy before cannot have been the cause."""
    samples = looks(cpu_us=lambda _: 400.0, waits=lambda _: 0.7, slowness=steady)

    assert quiet(RISING_ANSWERS, samples) == []
    assert Verdict.BROKEN is judged(samples, RISING_ANSWERS, ALL).verdict


def test_answers_on_a_machine_that_became_busier_are_not_judged_and_that_is_said() -> None:
    """The daemon had less and less of its processor while they waited."""
    samples = looks(cpu_us=lambda _: 400.0, waits=lambda second: 0.4 + second / 2_000, slowness=steady)
    promise = judged(samples, RISING_ANSWERS, ALL)

    assert Verdict.NOT_JUDGED is promise.verdict
    assert "waiting for a processor rose" in promise.found


def test_a_slope_whose_limit_lies_within_the_noise_is_neither_held_nor_broken() -> None:
    """A noisy run proves nothing, and says so."""
    noisy = [(60.0 * minute, 100.0 + mib) for minute, mib in enumerate((0, 9, -8, 7, -3, 8, -9, 4, -6, 5))]
    slopes = [Series("RSS", "MiB", slope(noisy))]

    assert [Verdict.UNSURE] == [each.verdict for each in promises_of_slopes(slopes, 900) if each.name.startswith("RSS")]


def test_nearest_rank_is_a_value_that_was_measured() -> None:
    """Of twenty the 99th hundredth is the longest, and never longer."""
    assert [5.0, 9.0, 9.0] == [nearest_rank([9.0, 1.0, 5.0], each) for each in (50, 99, 100)]
