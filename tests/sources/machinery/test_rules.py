"""The pure rules of sources: what is folded, how fresh, what cannot be true, how often."""

from __future__ import annotations

from config.instants import DAY, MINUTE, SECOND
from machines import events
from machines.breaker import Admission, Breaker
from machines.events import BreakerStatus
from machines.sources.asking import POSITION_CHARACTERS_MAX, admission_of, answer_fault, reopens_in_s
from machines.sources.freshness import QUARTER, is_worth_recording, why_stale
from machines.sources.rate import MinuteRate
from machines.state.sources import Sources, SourceStand, fold_source_event
from tests.sources.payments import NOW

HOUR_S = 3_600


def folded(*told: events.Event, at: int = NOW) -> Sources:
    """The sources after these events."""
    sources = Sources()
    for event in told:
        fold_source_event(sources, event, at)
    return sources


CONFIGURED = events.SourcesConfigured(("shop", "till"), ("sql", "post"))


def test_all_must_be_heard() -> None:
    """The oldest word counts, and none is no word at all."""
    one = folded(CONFIGURED, events.SourceHeard("shop", "5", NOW))
    both = folded(
        CONFIGURED,
        events.WatermarkReached("source:shop", "5", 7, NOW),
        events.WatermarkReached("source:till", "", 9, 5),
    )

    assert (None, None) == (one.heard_at, one.through)
    assert (5, 7) == (both.heard_at, both.through)


def test_a_part_of_an_answer_is_no_word() -> None:
    """Payments that came move the count; only an answer that came to its end is heard."""
    sources = folded(CONFIGURED, events.PaymentsRecorded("source:shop", "5", NOW, ()))

    assert (NOW, None) == (sources.stands["shop"].gave_at, sources.stands["shop"].heard_at)


def test_what_stays_keeps_what_is_known() -> None:
    """Of another kind under the same name it is another source."""
    heard = events.SourceHeard("shop", "5", 7)
    same = folded(CONFIGURED, heard, events.SourcesConfigured(("shop",), ("sql",)))
    other = folded(CONFIGURED, heard, events.SourcesConfigured(("shop",), ("folder",)))

    assert (["shop"], 7, None) == (list(same.stands), same.stands["shop"].heard_at, other.stands["shop"].heard_at)


def test_time_does_not_go_back() -> None:
    """An older word changes nothing, and a source that is none is passed over."""
    sources = folded(
        CONFIGURED,
        events.WatermarkReached("source:shop", "5", 9, 9),
        events.WatermarkReached("source:shop", "5", 3, 3),
        events.SourceHeard("gone", "5", 7),
        events.WatermarkReached("payments", "1-1", 5, 5),
    )

    assert (9, 9, None) == (
        sources.stands["shop"].heard_at,
        sources.stands["shop"].through,
        sources.stands["till"].heard_at,
    )


def test_a_failure_is_kept_until_an_answer() -> None:
    """A probe and an operator's reset are no answers."""
    failed = events.BreakerChanged("source:shop", BreakerStatus.CLOSED, (NOW,), reason="401")
    probing = events.BreakerChanged("source:shop", BreakerStatus.HALF_OPEN, (NOW,), reason="over", probe="x")
    reset = events.BreakerChanged("source:shop", BreakerStatus.CLOSED, reason="reset by alice")
    works = events.BreakerChanged("source:shop", BreakerStatus.CLOSED)
    reasons = [
        folded(CONFIGURED, *told).stands["shop"].reason
        for told in ((failed,), (failed, probing, reset), (failed, works), (failed, events.SourceHeard("shop", "", 1)))
    ]

    assert ["401", "401", "", ""] == reasons


def test_stale_is_longer_than_the_limit() -> None:
    """At the limit not yet, a second later it is; heard in this life counts though it is not recorded."""
    stand = SourceStand(NOW, heard_at=NOW)
    limit = NOW + HOUR_S * SECOND

    assert "" == why_stale("shop", stand, None, limit, HOUR_S)
    assert "" == why_stale("shop", stand, limit, limit + 1, HOUR_S)
    assert "the source shop was last read whole at 2026-11-21T12:00:00Z, longer than its 3600 s" == why_stale(
        "shop", stand, None, limit + 1, HOUR_S
    )
    assert why_stale("shop", SourceStand(NOW, reason="401"), None, limit + 1, HOUR_S).endswith("3600 s: 401")


def test_hearing_is_worth_an_event_where_something_depends_on_it() -> None:
    """The first time, after a failure, when a quarter of an hour ended, or what is vouched for passed one."""
    begun = NOW - NOW % QUARTER
    stand = SourceStand(0, heard_at=begun, through=begun)

    assert is_worth_recording(SourceStand(0), begun, None, HOUR_S)
    assert not is_worth_recording(stand, begun + QUARTER - 1, begun + QUARTER - 1, HOUR_S)
    assert is_worth_recording(stand, begun + QUARTER, None, HOUR_S)
    assert is_worth_recording(stand, begun + 1, begun + QUARTER, HOUR_S)
    assert is_worth_recording(stand, begun + 5 * MINUTE, None, 60)
    assert is_worth_recording(SourceStand(0, heard_at=begun, reason="401"), begun + 1, None, HOUR_S)


def test_what_an_answer_cannot_say() -> None:
    """A position that is too long, more without moving, and what is still to come."""
    assert answer_fault("1", "2", NOW, more=True, now=NOW) is None
    assert answer_fault("1", "1", None, more=False, now=NOW) is None
    assert "asking again would not come to an end" in str(answer_fault("1", "1", None, more=True, now=NOW))
    assert "4097 characters" in str(answer_fault("", "x" * (POSITION_CHARACTERS_MAX + 1), None, more=False, now=NOW))
    assert "it vouches for payments until" in str(answer_fault("", "1", NOW + 2 * DAY, more=False, now=NOW))


def test_a_probe_that_was_given_up_is_taken_again() -> None:
    """The source alone asks: nobody else's probe can be under way."""
    opened = Breaker(BreakerStatus.OPEN, (NOW,), NOW, 30)

    assert (Admission.REFUSE, 20.0) == (
        admission_of(opened, NOW + 10 * SECOND),
        reopens_in_s(opened, NOW + 10 * SECOND),
    )
    assert Admission.PROBE is admission_of(Breaker(BreakerStatus.HALF_OPEN, (NOW,), NOW, 30, "source:shop"), NOW)


def test_so_many_a_minute() -> None:
    """A minute's worth at once, and then as they come back."""
    rate = MinuteRate(2)

    assert [0.0, 0.0, 30.0] == [rate.take(5.0), rate.take(5.0), rate.take(5.0)]
    assert (0.0, 30.0) == (rate.take(35.0), rate.take(35.0))
    assert [0.0, 0.0, 30.0] == [rate.take(1_000.0), rate.take(1_000.0), rate.take(1_000.0)]


def test_a_watermark_of_the_stream_holds_as_far_as_every_other_source() -> None:
    """One never heard holds it back wholly, the stream itself does not, and what was vouched for counts too."""
    watermark = events.WatermarkReached("payments", "1-1", NOW, NOW)
    three = events.SourcesConfigured(("shop", "till", "redis"), ("sql", "post", "stream"))
    never = folded(three, watermark, events.SourceHeard("shop", "5", NOW))
    heard = folded(three, watermark, events.SourceHeard("shop", "5", NOW), events.SourceHeard("till", "", NOW - DAY))
    vouched = folded(events.SourcesConfigured(("till",), ("post",)), events.WatermarkReached("source:till", "", 9, 7))

    assert (None, NOW - DAY, 9) == (never.covered(NOW), heard.covered(NOW), vouched.covered(NOW))
    assert (NOW, None) == (folded().covered(NOW), folded().covered(None))


def test_rejected_rows_are_a_doubt_for_a_day() -> None:
    """They are counted and the first is named; the first hearing after a day without another one ends it."""
    one = events.EntryRejected("source:shop", "row-1", "amount", "found 1.5", "{}")
    doubtful = folded(CONFIGURED, one, one).stands["shop"]
    cleared = folded(CONFIGURED, one, events.SourceHeard("shop", "5", NOW + DAY + 1)).stands["shop"]

    assert "2 rows were rejected, first: row-1: amount: found 1.5" == doubtful.failure
    assert (True, False) == (doubtful.is_doubtful(NOW + DAY), doubtful.is_doubtful(NOW + DAY + 1))
    assert ("", None) == (cleared.failure, cleared.rejected_at)


def test_behind_are_those_that_hold_back_what_is_known() -> None:
    """The ones never heard; once all were heard, the one heard longest ago."""
    one = folded(CONFIGURED, events.SourceHeard("shop", "5", NOW))
    both = folded(CONFIGURED, events.SourceHeard("shop", "5", NOW), events.SourceHeard("till", "", NOW + 1))

    assert [("till",), ("shop",)] == [one.behind, both.behind]
