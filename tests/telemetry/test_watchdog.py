"""What systemd hears: ready after recovery, the watchdog only while every root is heard, more time while it goes on."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence

from daemon.kernel import Kernel, Root
from daemon.notify import READY, WATCHDOG
from daemon.roots.systemd import EXTEND_S, LOOK_EVERY_S, Systemd
from tests.kernel.sample_actors import RESTART, RecordedKernel
from tests.simulation.virtual_loop import run

WATCHDOG_S = 180.0
Told = list[tuple[float, str]]


class Heard:
    """A kernel with some roots, and every line that systemd was told, with its second."""

    def __init__(self, open_steps: Callable[[], Sequence[str]] = lambda: ()) -> None:
        self.kernel: Kernel = RecordedKernel()
        self.lines: Told = []
        self.status = "level 1"
        self.silent_at_end: list[str] = []
        self.systemd = Systemd(
            roots=self.kernel.roots,
            open_steps=open_steps,
            status_line=lambda: self.status,
            watchdog_s=WATCHDOG_S / 2,
            tell=self._tell,
        )
        self.start("systemd", self.systemd.run)

    def start(self, name: str, body: Callable[[Root], Awaitable[None]]) -> Root:
        """One more root."""
        return self.kernel.roots.start(name, body, owner=name, policy=RESTART, essential=False)  # type: ignore[arg-type]

    def beats(self, name: str, every_s: float, until_s: float = 1e9) -> None:
        """A root that beats so often, until then."""

        async def body(root: Root) -> None:
            while asyncio.get_running_loop().time() < until_s:
                root.beat()
                await asyncio.sleep(every_s)
            await asyncio.Event().wait()

        self.start(name, body)

    def said(self, line: str) -> list[float]:
        """The seconds at which a line was said."""
        return [at_s for at_s, said in self.lines if said == line]

    def _tell(self, *lines: str) -> None:
        now_s = asyncio.get_running_loop().time()
        self.lines += [(now_s, line) for line in lines]


def lived(arrange: Callable[[Heard], None], seconds: float, make: Callable[[], Heard] = Heard) -> Heard:
    """What was said in so many virtual seconds."""

    async def scenario() -> Heard:
        heard = make()
        arrange(heard)
        await asyncio.sleep(seconds)
        heard.silent_at_end = heard.systemd.silent()
        await heard.kernel.stop(ask_s=1, cancel_s=1)
        return heard

    return run(scenario, 1)


def gaps(moments: list[float]) -> list[float]:
    """The seconds between one and the next."""
    return [later - earlier for earlier, later in itertools.pairwise(moments)]


def test_the_watchdog_is_fed_at_the_pace_of_the_slowest_root() -> None:
    """Roots that beat at different intervals feed it well within its time."""

    def arrange(heard: Heard) -> None:
        for name, every_s in (("intake", 1), ("http", 5), ("audit", 30), ("orphans", 29)):
            heard.beats(name, every_s)

    fed = lived(arrange, 3_600).said(WATCHDOG)

    assert len(fed) > 100
    assert max(gaps(fed)) <= 30 + 2 * LOOK_EVERY_S < WATCHDOG_S / 2


def test_one_silent_root_stops_the_watchdog() -> None:
    """A root that beats no more is enough, however lively the others are."""

    def arrange(heard: Heard) -> None:
        heard.beats("intake", 1)
        heard.beats("stuck", 10, until_s=600)

    heard = lived(arrange, 3_600)

    assert 580 <= max(heard.said(WATCHDOG)) <= 600 + 2 * LOOK_EVERY_S
    assert "stuck" in heard.silent_at_end


def test_a_parked_root_does_not_take_the_others_with_it() -> None:
    """Supervision has parked it and said so; a restart of everything is no answer to one broken part."""

    async def broken(_root: Root) -> None:
        raise ValueError("no such column")

    def arrange(heard: Heard) -> None:
        heard.beats("intake", 1)
        heard.start("broken", broken)

    fed = lived(arrange, 1_000).said(WATCHDOG)

    assert max(fed) > 990


def test_ready_waits_for_what_an_earlier_life_left_open() -> None:
    """READY=1 is said once, after the last open step is settled; until then more time is asked for."""
    open_until_s = 400.0

    def still_open() -> Sequence[str]:
        return ["web"] if asyncio.get_running_loop().time() < open_until_s else []

    heard = lived(lambda heard: heard.beats("intake", 1), 600, lambda: Heard(still_open))
    extended = heard.said(f"EXTEND_TIMEOUT_USEC={int(EXTEND_S * 1_000_000)}")

    assert 1 == len(heard.said(READY))
    assert open_until_s <= heard.said(READY)[0] <= open_until_s + 1
    assert max(gaps([0.0, *extended, open_until_s])) < EXTEND_S / 2
    assert min(heard.said(WATCHDOG)) >= open_until_s
    assert [] != heard.said("STATUS=resolving 1 open steps; level 1")


def test_a_start_that_hangs_is_not_extended() -> None:
    """While it resolves, too, a silent root stops the word to systemd."""
    heard = lived(lambda heard: heard.beats("stuck", 1, until_s=50), 600, lambda: Heard(lambda: ["web"]))
    extended = [at_s for at_s, line in heard.lines if line.startswith("EXTEND_TIMEOUT_USEC")]

    assert 45 <= max(extended) <= 55
    assert [] == heard.said(READY)


def test_the_status_is_said_when_it_changes() -> None:
    """Once for each text, and within one look."""

    def arrange(heard: Heard) -> None:
        heard.beats("intake", 1)
        asyncio.get_running_loop().call_later(100, setattr, heard, "status", "level 2")

    heard = lived(arrange, 300)

    assert 1 == len(heard.said("STATUS=level 1"))
    assert 1 == len(heard.said("STATUS=level 2"))
    assert 100 <= heard.said("STATUS=level 2")[0] <= 100 + LOOK_EVERY_S
