"""What the doctor makes of facts: each thing that is wrong is found, and comes with what mends it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from adapters.clocks import LoopClock
from adapters.examinations.machine import ClockFacts, Room
from adapters.examinations.redis import RedisFacts
from config.extras import install_hint
from config.instants import SECOND, instant_from_text
from config.loading import load_plan
from config.settings import BackupSettings, RedisAccessSettings, Settings, StripeSource
from daemon import resume
from daemon.doctor import examining, machine, software
from daemon.doctor.backups import judged as judged_backups
from daemon.doctor.findings import Finding, Verdict
from daemon.doctor.journal import journal, waits
from daemon.doctor.machine import clock, disk, permissions
from daemon.doctor.outside import channels, sources
from daemon.doctor.plan import another_plan
from daemon.doctor.redis import judged
from daemon.doctor.secrets import references_in, secrets
from daemon.resume import plan_fingerprint
from daemon.telemetry.backup_samples import BackupsKnown
from daemon.telling_commands import Orders
from machines import events
from machines.events import Mode
from machines.state.notifications import Delivery, Told
from machines.state.sources import SourceStand
from machines.state.whole import State
from tests.cli.recorded import months, started, write
from tests.deciding.months import autobroker

GOOD_REDIS = RedisFacts(
    user="solvent",
    version="7.0.15",
    append_only=True,
    fsync="everysec",
    eviction="noeviction",
    memory_max_bytes=0,
    memory_used_bytes=1_000_000,
    is_replica=False,
    clock_ahead_micros=0,
    refused=(),
)


def worst(found: list[Finding]) -> Verdict:
    """The gravest verdict."""
    return max((each.verdict for each in found), key=list(Verdict).index)


def a_settings(state_dir: Path, **fields: object) -> Settings:
    """Settings of a state directory."""
    return msgspec.structs.replace(Settings(plan="autobroker", state_dir=str(state_dir)), **fields)


def test_a_good_redis_is_well() -> None:
    """With persistence, rights and memory nothing is to be mended."""
    found = list(judged(GOOD_REDIS, embedded=False))

    assert [] == [each for each in found if each.verdict is not Verdict.WELL]


@pytest.mark.parametrize(
    ("fact", "value", "verdict", "mend"),
    [
        ("append_only", False, Verdict.WARNING, "redis-cli CONFIG SET appendonly yes"),
        ("append_only", None, Verdict.UNKNOWN, "allow INFO"),
        ("fsync", "no", Verdict.WARNING, "appendfsync everysec"),
        ("version", "5.0.7", Verdict.PROBLEM, "install Redis 6.2"),
        ("version", None, Verdict.UNKNOWN, "allow INFO"),
        ("eviction", "allkeys-lru", Verdict.PROBLEM, "maxmemory-policy noeviction"),
        ("is_replica", True, Verdict.PROBLEM, "name the primary"),
        ("refused", ("XTRIM",), Verdict.PROBLEM, "solvent redis-acl"),
        ("clock_ahead_micros", 60 * SECOND, Verdict.WARNING, "keep both clocks right"),
    ],
)
def test_what_is_wrong_with_redis_is_found(fact: str, value: object, verdict: Verdict, mend: str) -> None:
    """One wrong fact is one finding, with the command or the sentence that mends it."""
    found = list(judged(msgspec.structs.replace(GOOD_REDIS, **{fact: value}), embedded=False))
    wrong = [each for each in found if each.verdict is not Verdict.WELL]

    assert [verdict] == [each.verdict for each in wrong]
    assert mend in wrong[0].mend


def test_a_full_redis_is_found() -> None:
    """Above nine tenths of its memory it is a warning."""
    full = msgspec.structs.replace(GOOD_REDIS, memory_max_bytes=1_000_000, memory_used_bytes=950_000)

    assert Verdict.WARNING is worst(list(judged(full, embedded=False)))


@pytest.mark.parametrize(
    ("room", "verdict"),
    [
        (Room(50_000_000, 10**12, 10**6, 10**7), Verdict.PROBLEM),
        (Room(500_000_000, 10**12, 10**6, 10**7), Verdict.WARNING),
        (Room(10**11, 10**12, 10, 10**7), Verdict.PROBLEM),
        (Room(10**11, 10**12, 0, 0), Verdict.WELL),
    ],
    ids=["full", "low", "no inodes", "counts no inodes"],
)
def test_room_is_judged(room: Room, verdict: Verdict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too few bytes or inodes are found; a file system without inodes has enough."""
    monkeypatch.setattr(machine, "room_at", lambda _path: room)

    assert verdict is worst(list(disk(a_settings(tmp_path))))


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (None, Verdict.UNKNOWN),
        (ClockFacts(synchronised=False, error_max_s=16), Verdict.WARNING),
        (ClockFacts(synchronised=True, error_max_s=5), Verdict.WARNING),
        (ClockFacts(synchronised=True, error_max_s=0.01), Verdict.WELL),
    ],
    ids=["silent kernel", "not kept", "far off", "right"],
)
def test_the_clock_is_judged(facts: ClockFacts | None, verdict: Verdict, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that nobody keeps right is a warning, one that cannot be asked is unknown."""
    monkeypatch.setattr(machine, "clock_facts", lambda: facts)

    assert verdict is worst(list(clock()))


@pytest.mark.parametrize(
    ("damage", "verdict", "mend"),
    [
        (lambda path: path.chmod(0o755), Verdict.WARNING, "chmod 0700"),
        (lambda path: (path / "journal.sqlite").chmod(0o644), Verdict.PROBLEM, "chmod 0600"),
        (lambda path: (path / "settings.toml").chmod(0o666), Verdict.PROBLEM, "chmod go-w"),
        (lambda _path: None, Verdict.WELL, ""),
    ],
    ids=["open folder", "open journal", "writable settings", "as it should be"],
)
def test_permissions_are_judged(damage: Callable[[Path], object], verdict: Verdict, mend: str, tmp_path: Path) -> None:
    """Who else may read state or write what is obeyed is found, with the command that mends it."""
    tmp_path.chmod(0o700)
    for name in ("journal.sqlite", "settings.toml"):
        (tmp_path / name).touch(mode=0o600)
    damage(tmp_path)

    found = list(permissions(a_settings(tmp_path), str(tmp_path / "settings.toml")))

    assert verdict is worst(found)
    assert mend in found[0].mend


def test_every_secret_that_the_settings_name_is_known() -> None:
    """Those of groups and those of named tables."""
    settings = Settings(
        plan="autobroker",
        redis_access=RedisAccessSettings(password="env:REDIS"),
        backup=BackupSettings(identity="file:/key"),
        sources={"shop": StripeSource(api_key="credential:stripe")},
    )

    assert {
        "redis_access.password": "env:REDIS",
        "backup.identity": "file:/key",
        "sources.shop.api_key": "credential:stripe",
    } == dict(references_in(settings))


def test_a_missing_secret_is_found_and_none_is_shown() -> None:
    """A variable that is not set is a problem; one that is set shows nothing of itself."""
    settings = Settings(
        plan="autobroker",
        redis_access=RedisAccessSettings(password="env:MISSING"),
        backup=BackupSettings(identity="env:THERE"),
    )
    found = list(secrets(settings, {"THERE": "planted-value"}))

    assert [(Verdict.PROBLEM, "redis_access.password")] == [
        (each.verdict, each.found.partition(":")[0]) for each in found
    ]
    assert "planted-value" not in str(found)


def test_a_credential_of_the_service_is_unknown_to_a_shell() -> None:
    """Only the service is given it; the unit is named as the place to look."""
    settings = Settings(plan="autobroker", redis_access=RedisAccessSettings(password="credential:redis"))
    (found,) = secrets(settings, {})

    assert Verdict.UNKNOWN is found.verdict
    assert "LoadCredential" in found.mend


def test_a_missing_package_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the settings need and is too old or missing is named, with the command that installs it."""
    monkeypatch.setattr(software, "requires", lambda _name: ["stripe>=999.0; extra == 'stripe'", "click>=8.2"])
    settings = Settings(plan="autobroker", sources={"shop": StripeSource(api_key="env:KEY")})
    (found,) = software.software(settings)

    assert (Verdict.PROBLEM, install_hint("stripe")) == (found.verdict, found.mend)


def test_packages_that_nobody_asked_for_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a source of that kind its package is not looked for."""
    monkeypatch.setattr(software, "requires", lambda _name: ["no-such-package>=1.0; extra == 'stripe'"])

    assert Verdict.WELL is worst(list(software.software(Settings(plan="autobroker"))))


def journal_findings(state_dir: Path, now: str) -> dict[str, list[Verdict]]:
    """The verdicts on a journal, by what they are about."""
    clock_now = LoopClock(instant_from_text(now))

    async def look() -> list[Finding]:
        return await journal(a_settings(state_dir), clock_now)

    found = asyncio.run(look())
    return {about: [each.verdict for each in found if each.about == about] for about in {each.about for each in found}}


def test_an_event_that_cannot_be_folded_is_no_reason_to_restore(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal is whole: a backup holds the same event, and what came since would be lost for nothing."""
    write(tmp_path, started(mode=Mode.ACT))

    def without_a_key(*_: object) -> None:
        raise KeyError("a key")

    monkeypatch.setattr(resume, "fold", without_a_key)
    found = asyncio.run(journal(a_settings(tmp_path), LoopClock(instant_from_text("2024-02-10T00:00:00Z"))))
    (told,) = (each for each in found if each.about == "journal" and each.verdict is Verdict.PROBLEM)

    assert "none of the journal" in told.found
    assert "support-bundle" in told.mend
    assert "restoring" not in told.mend


def test_a_mend_is_a_line_to_copy() -> None:
    """A parked actor is let go by the line that the finding shows, with the daemon's own address and stream."""
    state = State()
    state.parked_actors["revenue"] = "failed"
    found = list(waits(state, Orders("redis://10.0.0.1:6390", "night")))
    (mend,) = (each.mend for each in found if each.about == "actors")

    assert mend.endswith(
        "redis-cli -h 10.0.0.1 -p 6390 XADD solvent:night:commands '*' verb resume-actor actor revenue reason REASON"
    )


def test_what_waits_for_an_operator_is_found(tmp_path: Path) -> None:
    """A freeze, a parked actor and a parked component are problems; an open approval is a warning."""
    write(
        tmp_path,
        started(mode=Mode.ACT),
        months("650"),
        events.FreezeChanged("clock", frozen=True, reason="jumped"),
        events.ActorParked("revenue", "failed"),
        events.ComponentParked("rds_single", "quota"),
        events.ApprovalAsked(
            "level-2", "level:2", "debounce met", "planner", instant_from_text("2030-01-01T00:00:00Z")
        ),
    )
    found = journal_findings(tmp_path, "2024-02-10T00:00:00Z")

    assert [Verdict.PROBLEM] == found["decisions"]
    assert [Verdict.PROBLEM] == found["actors"]
    assert [Verdict.PROBLEM] == found["components"]
    assert [Verdict.WARNING] == found["approvals"]


def plan_found(state: State) -> list[Finding]:
    """What is said of the shipped plan beside this state."""
    return list(another_plan(Settings(plan="autobroker"), state, Orders("", "solvent")))


def test_another_plan_than_the_journals_is_found() -> None:
    """Before a standby leads with it and is frozen: with the plans' names, and what to do with either file."""
    (found,) = plan_found(State(plan=autobroker(), plan_fingerprint="f" * 64))

    assert (Verdict.WARNING, "plan") == (found.verdict, found.about)
    assert "differs from the plan in the journal" in found.found
    assert "verb reload" in found.mend
    assert "the file there that the leader has" in found.mend


def test_a_plan_that_decides_is_no_finding() -> None:
    """The file says what the journal has; nor is told twice what is frozen already, nor a journal without a plan."""
    plan = load_plan("autobroker")
    frozen = State(plan=plan, plan_fingerprint="f" * 64, freezes={"plan_changed": "differs"})

    assert [] == plan_found(State(plan=plan, plan_fingerprint=plan_fingerprint(plan)))
    assert [] == plan_found(frozen)
    assert [] == plan_found(State())


def test_the_plan_is_compared_with_the_journal(tmp_path: Path) -> None:
    """By the doctor itself."""
    write(tmp_path, started(), months("650"))

    assert [Verdict.WARNING] == journal_findings(tmp_path, "2024-02-10T00:00:00Z")["plan"]


@pytest.mark.parametrize(
    ("now", "verdict"), [("2024-02-10T00:00:00Z", Verdict.WELL), ("2024-06-10T00:00:00Z", Verdict.PROBLEM)]
)
def test_months_that_do_not_close_are_found(now: str, verdict: Verdict, tmp_path: Path) -> None:
    """A close that is two months overdue is a problem."""
    write(tmp_path, started(), months("650"))

    assert [verdict] == journal_findings(tmp_path, now)["close"]


def test_a_stale_source_and_a_dead_letter_are_found() -> None:
    """A source that froze decisions, one that was never heard, and a notification that nobody got."""
    state = State()
    stands = state.revenue.sources.stands
    stands["shop"] = SourceStand(0, "sql", heard_at=0, reason="refused")
    stands["till"] = SourceStand(0, "post")
    stands["good"] = SourceStand(0, "folder", heard_at=0)
    state.freezes["source:shop"] = "read too long ago"
    told = Told("1", "frozen", "warning", raised=True, title="", text="", at=0)
    state.notifications.dead["1 pager"] = Delivery("pager", told, 0)

    assert [Verdict.PROBLEM, Verdict.UNKNOWN, Verdict.WELL] == [each.verdict for each in sources(state)]
    assert [Verdict.PROBLEM] == [each.verdict for each in channels(state)]


DAY = 86_400 * SECOND


@pytest.mark.parametrize(
    ("known", "verdict"),
    [
        (BackupsKnown(), Verdict.PROBLEM),
        (BackupsKnown(made_at=0, drill_at=0, drill_ok=True), Verdict.PROBLEM),
        (BackupsKnown(made_at=9 * DAY, drill_at=0, drill_ok=False), Verdict.PROBLEM),
        (BackupsKnown(made_at=9 * DAY, failing=True, drill_at=0, drill_ok=True), Verdict.PROBLEM),
        (BackupsKnown(made_at=9 * DAY), Verdict.UNKNOWN),
        (BackupsKnown(made_at=9 * DAY, drill_at=0, drill_ok=True), Verdict.WELL),
    ],
    ids=["none", "old", "drill failed", "failing", "never restored", "as it should be"],
)
def test_backups_are_judged(known: BackupsKnown, verdict: Verdict) -> None:
    """None, an old one, a failing one and a failed drill are problems; one that was never restored is unknown."""
    assert verdict is worst(list(judged_backups(known, 93_600, 10 * DAY)))


def test_a_look_that_fails_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure is a finding of its own, and all else is told."""

    def broken(_settings: Settings) -> list[Finding]:
        raise RuntimeError("no such thing")

    monkeypatch.setattr(examining, "disk", broken)
    found = asyncio.run(examining.examine(a_settings(tmp_path), None, LoopClock(0)))

    assert ["could not be looked at: RuntimeError: no such thing"] == [
        each.found for each in found if each.about == "disk"
    ]
    assert {"versions", "clock", "plan"} <= {each.about for each in found}


def test_every_finding_that_is_not_well_says_what_mends_it(tmp_path: Path) -> None:
    """On an empty machine as on any other."""
    found = asyncio.run(examining.examine(a_settings(tmp_path / "none"), None, LoopClock(0)))

    assert [] == [each for each in found if (each.verdict is Verdict.WELL) == bool(each.mend)]
