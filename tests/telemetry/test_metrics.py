"""What `/metrics` says of a state."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from adapters.metrics import PrometheusText
from daemon.telemetry.catalogue import CATALOGUE, OF_THE_DOCUMENTS
from daemon.telemetry.metrics import Metrics
from daemon.telemetry.samples import Family, Kind, Sample
from daemon.telemetry.state_samples import COMPONENTS_LABELLED_MAX, state_samples
from machines.events import MonthClosed
from machines.state.components import ComponentRecord
from machines.state.whole import State
from tests.publication.folded import BEGAN, JANUARY, NOW, folded, history, paid, recorded
from tests.publication.publishing import Publishing, mixed
from tests.simulation.virtual_loop import run

PAGE = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


def samples_of(state: State) -> dict[tuple[str, tuple[str, ...]], object]:
    """Every sample of the state by name and labels."""
    return {(each.name, each.labels): each.value for each in state_samples(state, NOW)}


def scrape(read: Callable[[], list[Family]]) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """The page as Prometheus reads it: values by name and labels."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(PrometheusText(read).render().decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def families(state: State) -> list[Family]:
    """The state's samples as families."""
    samples = list(state_samples(state, NOW))
    return [Family(each, tuple(one for one in samples if one.name == each.name)) for each in CATALOGUE]


def live_scrape() -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """The page of a whole daemon's parts after the example history."""

    async def scenario() -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
        house = Publishing()
        await house.start()
        metrics = Metrics(recorder=house.recorder, kernel=house.kernel, publication=house.publication, version="0.1.0")
        for each in history():
            await house.recorder.record(each.actor, [each.event], cause=each.cause)
        await house.publication.wait_published(house.journal.last_sequence)
        page = scrape(lambda: list(metrics.families()))
        await house.stop()
        return page

    return run(scenario, 1)


def test_every_name_of_the_documents_is_served() -> None:
    """Each metric that 000 and 001 name has a value once there is something to say."""
    page = live_scrape()
    names = {f"{each.name}_count" if each.kind is Kind.HISTOGRAM else each.name for each in OF_THE_DOCUMENTS}

    assert set() == names - page.keys()


def test_the_documents_figures_are_right() -> None:
    """RESOLUTIONS 25 and 26, on 600 and 650 a month with 230 committed."""
    page = live_scrape()

    assert {(("level", "current"),): 650.0} == page["revenue_mrr_gauge"]
    assert pytest.approx(1 / 12) == page["revenue_growth_rate"][()]
    assert pytest.approx(826.417824) == page["revenue_projected_3m"][()]
    assert {(): 1.0} == page["scaling_level_current"]
    assert pytest.approx(230 / 650) == page["revenue_cost_ratio"][()]
    assert page["scaling_cost_ratio"] == page["revenue_cost_ratio"]
    assert pytest.approx(23_000 / 650) == page["revenue_cost_ratio_percentage"][()]
    assert 1.0 == page["component_state"][("component", "rds_single"), ("state", "hot")]
    assert 0.0 == page["component_activation_state"][(("component", "alb"),)]


def test_everything_documented_is_scraped() -> None:
    """The page declares each metric of the catalogue, and the process's own."""
    text = PrometheusText(lambda: families(folded(history()))).render().decode()
    declared = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))

    assert set() == {each.name for each in CATALOGUE} - declared
    assert {"process_resident_memory_bytes", "python_info"} <= declared


def test_the_page_of_metrics_is_the_catalogue() -> None:
    """docs/metrics.md has a row for each metric and for no other."""
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    expected = [
        f"| `{each.name}` | {each.kind} | {', '.join(f'`{label}`' for label in each.labels) or '-'} | {each.help} |"
        for each in CATALOGUE
    ]

    assert expected == rows


def test_ours_are_ours_and_carry_a_unit() -> None:
    """A new metric begins with `solvent_`; a counter ends in `_total`, a duration in `_seconds`."""
    documents = {each.name for each in OF_THE_DOCUMENTS}

    assert [] == [
        each.name for each in CATALOGUE if each.name not in documents and not each.name.startswith("solvent_")
    ]
    assert [] == [each.name for each in CATALOGUE if (each.kind is Kind.COUNTER) != each.name.endswith("_total")]
    assert [] == [each.name for each in CATALOGUE if each.kind is Kind.HISTOGRAM and "_seconds" not in each.name]


def test_unknown_is_absent_and_not_zero() -> None:
    """Before the first close neither growth nor ratio nor cap nor MRR has a sample."""
    names = {name for name, _ in samples_of(folded(history()[:2]))}

    unknown = {
        "revenue_mrr_gauge",
        "revenue_growth_rate",
        "revenue_projected_3m",
        "revenue_cost_ratio",
        "scaling_cost_ratio",
        "revenue_cost_ratio_percentage",
        "scaling_activation_timestamp",
        "solvent_cap_currency_per_month",
        "solvent_source_last_heard_age_seconds",
        "solvent_average_3m_revenue_currency",
        "solvent_last_month_revenue_currency",
    }
    assert set() == unknown & names
    assert "scaling_level_current" in names


def test_an_empty_state_can_be_scraped() -> None:
    """Before any plan was adopted the page is there."""
    assert {(("mode", "observe_only"),): 1.0, (("mode", "act"),): 0.0} == scrape(lambda: families(State()))[
        "solvent_mode"
    ]


def test_cost_without_revenue_is_infinite() -> None:
    """A month known to be 0 is above every limit, so that the documents' alerts fire (RESOLUTIONS 9)."""
    state = folded(history())
    happened = [
        recorded(state.sequence + 1, MonthClosed(JANUARY + 2, "watermark", 0, 0, 0, 0), NOW),
        recorded(state.sequence + 2, MonthClosed(JANUARY + 3, "watermark", 0, 0, 0, 0), NOW),
    ]
    state = folded([*history(), *happened])

    assert float("inf") == scrape(lambda: families(state))["revenue_cost_ratio"][()]


def test_the_last_settled_state_is_shown() -> None:
    """A component under way shows where it came from: 0 cold, 1 warm, 2 hot (RESOLUTIONS 19)."""
    samples = samples_of(folded(history()))

    assert 0 == samples["component_activation_state", ("alb",)]
    assert 1 == samples["component_state", ("alb", "cold")]
    assert ("component_state", ("alb", "warm")) not in samples
    assert 2 == samples["component_activation_state", ("rds_single",)]


def test_components_beyond_the_limit_are_counted_and_not_labelled() -> None:
    """A hundred thousand components would be a hundred thousand series."""
    state = folded(history())
    component = next(iter(state.plan.components.values())) if state.plan else None
    assert component is not None
    more = COMPONENTS_LABELLED_MAX
    state.retired = {f"old{number}": component for number in range(more)}
    state.components.records.update({name: ComponentRecord(name) for name in state.retired})
    samples = samples_of(state)

    assert 21 == samples["solvent_components_unlabelled_items", ()]
    assert more == sum(name == "component_activation_state" for name, _ in samples)
    assert more + 21 == sum(value for (name, _), value in samples.items() if name == "solvent_components_items")  # type: ignore[misc]


def test_what_waits_and_what_holds_is_counted() -> None:
    """Freezes by key, open intents past their deadline, parked components, payments of the future."""
    samples = samples_of(folded(history()))

    assert 1 == samples["solvent_frozen", ("clock",)]
    assert 1 == samples["solvent_intents_overdue_items", ()]
    assert 1 == samples["solvent_components_parked_items", ()]
    assert 1 == samples["solvent_payments_held_future_items", ()]
    assert 86_400 == samples["solvent_source_last_heard_age_seconds", ()]
    assert 1 == samples["solvent_breakers_items", ("component", "open")]


def test_the_future_becomes_present() -> None:
    """A held payment stops being held at its time."""
    state = folded([*history()[:2], history()[2]])
    later = {each.name: each.value for each in state_samples(state, paid("p", 1, "2024-04-01T00:00:00Z").created_at)}

    assert 0 == later["solvent_payments_held_future_items"]
    assert 3 == {each.name: each.value for each in state_samples(state, BEGAN)}["solvent_payments_held_future_items"]


def test_the_publication_lag_is_shown() -> None:
    """What is durable and not published counts; a stranger's stream is named."""

    async def scenario() -> tuple[dict[str, Sample], list[Sample]]:
        house = Publishing()
        await house.start()
        metrics = Metrics(recorder=house.recorder, kernel=house.kernel, publication=house.publication, version="0.1.0")
        await house.record_published(mixed(3))
        house.server.add("events", {"hello": "world"}, entry_id="9999999999999-1")
        await house.record(*mixed(4))
        await asyncio.sleep(1)
        samples = [sample for family in metrics.families() for sample in family.samples]
        await house.stop()
        return {each.name: each for each in samples}, [each for each in samples if "blocked" in each.name]

    samples, blocked = run(scenario, 1)

    assert (7, 3, 4) == tuple(
        samples[f"solvent_{name}"].value
        for name in ("journal_last_sequence", "publication_last_sequence", "publication_lag_events")
    )
    assert ("events",) in [each.labels for each in blocked]
