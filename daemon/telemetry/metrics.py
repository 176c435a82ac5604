"""All metrics of a running daemon, read when somebody asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator

from daemon.kernel import Kernel
from daemon.recorder import Recorder
from daemon.roots.mqtt import MqttPublication
from daemon.roots.publication import Publication
from daemon.telemetry.catalogue import CATALOGUE
from daemon.telemetry.samples import Family, Sample
from daemon.telemetry.state_samples import state_samples
from daemon.telemetry.tally import Tally


class Metrics:
    """Gathers from the state, the listening tally, the kernel, the journal and the publication."""

    def __init__(
        self,
        *,
        recorder: Recorder,
        kernel: Kernel,
        publication: Publication,
        version: str,
        mqtt: MqttPublication | None = None,
    ) -> None:
        """Listens to the recorder from now on."""
        self.tally = Tally(recorder.state)
        self._recorder = recorder
        self._kernel = kernel
        self._publication = publication
        self._version = version
        self._mqtt = mqtt
        self.readers: list[Callable[[], Iterable[Sample]]] = []
        """What gives further samples at each scrape: the services that not every daemon has."""
        recorder.listen(self.tally.note)

    def families(self) -> Iterator[Family]:
        """Every metric of the catalogue in its order, with the samples that are known now."""
        found: dict[str, list[Sample]] = {description.name: [] for description in CATALOGUE}
        for sample in self._samples():
            found[sample.name].append(sample)
        for description in CATALOGUE:
            yield Family(description, tuple(found[description.name]))

    def _samples(self) -> Iterator[Sample]:
        yield from state_samples(self._recorder.state, self._recorder.clock.wall())
        yield from self.tally.samples()
        yield from self._kernel_samples()
        yield from self._journal_samples()
        yield from self._publication_samples()
        for read in self.readers:
            yield from read()

    def _kernel_samples(self) -> Iterator[Sample]:
        counters = self._kernel.counters
        yield Sample("solvent_tasks_items", len(asyncio.all_tasks()))
        waiting = sum(len(each.mailbox) for each in self._kernel.actors if each.mailbox is not None)
        yield Sample("solvent_mailbox_items", waiting)
        yield Sample("solvent_actors_parked_items", counters.parked)
        yield Sample("solvent_actor_restarts_total", counters.restarts)
        yield Sample("solvent_mailbox_refusals_total", counters.refusals)
        yield Sample("solvent_mailbox_overflows_total", counters.overflows)
        yield Sample("solvent_asks_late_total", counters.asks_late)
        yield Sample("solvent_tasks_abandoned_total", counters.abandoned)
        now_s = asyncio.get_running_loop().time()
        for root in self._kernel.roots:
            yield Sample("solvent_root_beat_age_seconds", now_s - root.last_beat_s, (root.name,))

    def _journal_samples(self) -> Iterator[Sample]:
        journal = self._recorder.journal
        yield Sample("solvent_build_info", 1, (self._version, journal.identity.journal_id))
        yield Sample("solvent_journal_last_sequence", journal.last_sequence)
        yield Sample("solvent_journal_refusing", int(self._recorder.refusing is not None))
        yield Sample("solvent_journal_oldest_wait_seconds", self._recorder.oldest_wait_s)

    def _publication_samples(self) -> Iterator[Sample]:
        publication = self._publication
        yield Sample("solvent_publication_connected", int(publication.connected))
        yield Sample("solvent_publication_last_sequence", publication.published_sequence)
        yield Sample("solvent_publication_lag_events", publication.lag_events)
        if self._mqtt is not None:
            yield Sample("solvent_mqtt_connected", int(self._mqtt.connected))
        for outlet in publication.outlets:
            yield Sample("solvent_publication_entries_total", outlet.published, (outlet.name,))
        for stream in publication.blocked:
            yield Sample("solvent_publication_blocked", 1, (stream,))
