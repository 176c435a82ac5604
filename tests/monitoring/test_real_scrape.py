"""A real Prometheus scrapes a real daemon: what is documented is there, and the shipped rules work on it."""

from __future__ import annotations

import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from daemon.telemetry.catalogue import CATALOGUE, OF_THE_DOCUMENTS
from daemon.telemetry.samples import Kind
from tests.monitoring.eventful_daemon import eventful_daemon
from tests.monitoring.prometheus_server import PROGRAM, PrometheusServer
from tests.monitoring.promtool import NO_PROMTOOL, promtool
from tests.processes.file_shop import FileShop
from tests.processes.redis_place import Keys, RedisServer
from tests.processes.waiting import until

LINT_OF_THE_DOCUMENTS: Final = {
    "revenue_mrr_gauge": "metric name should not include type 'gauge'",
}
"""Names of the source documents, which are kept as they are written there."""
RAISED: Final = {"SolventFrozen", "SolventStreamBlocked", "SolventMqttAway", "SolventPaused"}
"""What happened to this daemon; pending or firing."""
LAST: Final = "solvent_publication_blocked and on (job) solvent_log_lines_suppressed_total"
RECORDED: Final = "instance:solvent_month_cost_currency:expected"
MAY_BE_RAISED: Final = {
    "SolventNotScraped",  # until Prometheus knows its target
    "SolventLevelNotReached",  # the database is held in its activation
    "SolventBillUnread",  # read on the daemon's fifth of November
}


OF_THE_LEASE: Final = ("solvent_lease_", "solvent_leader", "solvent_standby_")
"""What a daemon alone on its file does not have; `tests/standby` looks at those."""


def series_names() -> set[str]:
    """Every documented metric by the name of a series that it must have."""
    of_every_daemon = (each for each in CATALOGUE if not each.name.startswith(OF_THE_LEASE))
    return {f"{each.name}_bucket" if each.kind is Kind.HISTOGRAM else each.name for each in of_every_daemon}


@pytest.mark.skipif(PROGRAM is None, reason=NO_PROMTOOL.replace("promtool is", "prometheus is"))
def test_prometheus_gets_every_documented_metric_and_the_rules_work(
    redis_server: RedisServer, keys: Keys, shop: FileShop, tmp_path: Path
) -> None:
    """Each metric of docs/metrics.md has a series, each shipped rule is healthy, and promtool likes the page."""
    with eventful_daemon(redis_server, keys, shop, tmp_path) as daemon:
        url = daemon.wait_ready().http
        with PrometheusServer(tmp_path / "prometheus", urllib.parse.urlsplit(url).netloc) as prometheus:
            until(lambda: prometheus.value(LAST), "what comes last to be scraped")
            missing = series_names() - prometheus.names()
            until(lambda: prometheus.raised() >= RAISED, "the alerts")
            rules = prometheus.rules()
            until(lambda: prometheus.value(RECORDED), "what is recorded")
        with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
            page = answer.read().decode()

    assert set() == missing
    assert [] == [(rule["name"], rule["lastError"]) for rule in rules if rule["health"] != "ok"]
    assert [] == [rule["name"] for rule in rules if rule.get("alerts") and rule["name"] not in RAISED | MAY_BE_RAISED]
    assert [] == list(complaints(page))


def complaints(page: str) -> Iterator[str]:
    """What `promtool check metrics` says of a page, without what the documents' names make it say."""
    code, said = promtool("check", "metrics", text=page)
    assert code in {0, 3}, said
    for line in said.splitlines():
        name, _, complaint = line.partition(" ")
        if LINT_OF_THE_DOCUMENTS.get(name) != complaint:
            yield line


def test_only_names_of_the_documents_are_excused() -> None:
    """Ours follow the rules of those who read them."""
    assert set() == LINT_OF_THE_DOCUMENTS.keys() - {each.name for each in OF_THE_DOCUMENTS}
