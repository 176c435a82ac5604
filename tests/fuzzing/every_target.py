"""Every target, by name."""

from __future__ import annotations

from typing import Final

from tests.fuzzing.target import Target
from tests.fuzzing.targets import (
    addresses,
    agents,
    archives,
    commands,
    facts,
    journals,
    payments,
    plans,
    posts,
    requests,
    rows,
    settings,
    streams,
)

TARGETS: Final[dict[str, Target]] = {
    target.name: target
    for target in (
        commands.TARGET,
        payments.TARGET,
        streams.TARGET,
        rows.TARGET,
        plans.TARGET,
        settings.TARGET,
        posts.POSTS,
        posts.STRIPE,
        posts.HEADERS,
        agents.MQTT,
        agents.PROGRAMS,
        facts.MANIFESTS,
        facts.STATUSES,
        facts.RUN_FACTS,
        facts.HOLDERS,
        facts.PLACES,
        facts.SERVERS,
        archives.ARCHIVES,
        archives.ENCRYPTED,
        journals.TARGET,
        requests.TARGET,
        addresses.TARGET,
    )
}
