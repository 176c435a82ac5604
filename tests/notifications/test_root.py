"""The root: what stands is told once, and delivered from the journal until somebody has it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from config.instants import DAY
from config.settings import Severity
from daemon.kernel.pausing import pause
from machines.events import ChannelClosed, DeliveryEnded, DeliveryReplayed, NotificationCleared, NotificationRaised
from machines.ports.channels import ChannelGoneError, Message
from machines.ports.faults import Ambiguous, Permanent, Transient
from tests.machines.histories import decided
from tests.notifications.notified import Installation, frozen
from tests.notifications.scripted_channel import ScriptedChannel, takes

ON = "Notifications are on"
FROZEN = "Decisions are frozen: clock"


def installation(answer: Callable[[Message], None] = takes, **settings: Any) -> tuple[Installation, ScriptedChannel]:
    """One with a single channel."""
    channel = ScriptedChannel("pager", answer)
    made = Installation(channel, **settings)
    return made, channel


def test_a_crossing_is_told_once_and_its_end_once() -> None:
    """Hours of standing add nothing; the end bears the key and the severity of its alarm."""
    made, channel = installation()

    async def play(made: Installation) -> None:
        await made.tell(frozen("clock"))
        await pause(7_200)
        await made.tell(frozen("clock", over=True))
        await pause(60)

    assert made.live(play)
    assert [ON, FROZEN, f"Over: {FROZEN}"] == channel.titles
    alarm, end = (each.message for each in channel.attempts[1:])
    assert ("frozen:clock", "critical", True) == (alarm.key, alarm.severity, alarm.raised)
    assert ("frozen:clock", "critical", False) == (end.key, end.severity, end.raised)
    assert alarm.id != end.id


def test_a_second_crossing_is_told_again() -> None:
    """After its end the alarm is armed again."""
    made, channel = installation()

    async def play(made: Installation) -> None:
        for over in (False, True, False):
            await made.tell(frozen("clock", over=over))
            await pause(60)

    assert made.live(play)
    assert [ON, FROZEN, f"Over: {FROZEN}", FROZEN] == channel.titles


def test_an_old_journal_is_told_what_stands_and_not_what_was() -> None:
    """The first start with channels says that they are on, and tells no decision of before."""
    made, channel = installation()
    made.notifies = False

    async def quietly(made: Installation) -> None:
        await made.tell(decided(1), frozen("clock"))
        await pause(600)

    async def play(_: Installation) -> None:
        await pause(600)

    assert made.live(quietly)
    made.notifies = True
    assert made.live(play)
    assert [FROZEN, ON] == channel.titles


def test_a_decision_is_news() -> None:
    """A level that goes up is told once, as what merely happened: it does not stand."""
    made, channel = installation()

    async def play(made: Installation) -> None:
        await made.tell(decided(1))
        await pause(60)

    assert made.live(play)
    assert [ON, "Level 1 decided, up"] == channel.titles
    assert {} == made.state.notifications.standing


def test_the_schedule_is_that_of_standard_webhooks() -> None:
    """5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h; then it is a dead letter."""

    def refuses(_: Message) -> None:
        raise Transient("500")

    made, channel = installation(refuses)

    async def play(_: Installation) -> None:
        await pause(6 * 86_400)

    assert made.live(play)
    times = [each.at_s for each in channel.attempts]
    pauses = [round(later - earlier) for earlier, later in pairwise(times)]
    assert [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400] == pauses
    assert {each.message.id for each in channel.attempts} == {channel.attempts[0].message.id}
    assert ["dead"] == [each.outcome for each in made.told(DeliveryEnded) if each.outcome != "failed"]


def test_a_receiver_may_ask_for_more_time() -> None:
    """Retry-After is honoured where it is longer than our own pause."""

    def busy(_: Message) -> None:
        if len(channel.attempts) == 0:
            raise Transient("503", retry_after_s=900)

    made, channel = installation(busy)

    async def play(_: Installation) -> None:
        await pause(1_000)

    assert made.live(play)
    first, second = (each.at_s for each in channel.attempts)
    assert 900 == round(second - first)


def test_what_can_never_work_is_a_dead_letter_at_once() -> None:
    """One attempt, and the reason is kept for whoever replays it."""

    def never(_: Message) -> None:
        raise Permanent("the address is inside")

    made, channel = installation(never)

    async def play(_: Installation) -> None:
        await pause(60)

    assert made.live(play)
    assert 1 == len(channel.attempts)
    assert ["the address is inside"] == [each.reason for each in made.state.notifications.dead.values()]


def test_a_replay_sends_the_same_message_again() -> None:
    """Under the id that it had, and from the first attempt on."""

    def mended(_: Message) -> None:
        if len(channel.attempts) == 0:
            raise Permanent("not yet")

    made, channel = installation(mended)

    async def play(made: Installation) -> None:
        await pause(10)
        (dead,) = made.state.notifications.dead.values()
        await made.tell(DeliveryReplayed(dead.told.id, "pager", "ann"))
        await pause(10)

    assert made.live(play)
    assert [channel.attempts[0].message.id] == channel.taken
    assert ({}, {}) == (made.state.notifications.dead, made.state.notifications.waiting)


def test_a_gone_receiver_closes_its_channel_and_the_others_hear_of_it() -> None:
    """What waited and what comes later are dead letters that can be replayed; nothing is tried there any more."""

    def gone(_: Message) -> None:
        raise ChannelGoneError("410")

    pager = ScriptedChannel("pager", gone)
    mail = ScriptedChannel("mail", takes)
    made = Installation(pager, mail)

    async def play(made: Installation) -> None:
        await pause(10)
        await made.tell(frozen("clock"))
        await pause(3_600)

    assert made.live(play)
    assert 1 == len(pager.attempts)
    assert {ON, "The channel pager is closed", FROZEN} == set(mail.titles)
    assert {"pager"} == {each.channel for each in made.state.notifications.dead.values()}
    assert 2 == len(made.state.notifications.dead)
    assert [("pager", "410")] == [(each.channel, each.reason) for each in made.told(ChannelClosed)]


def test_nothing_else_is_tried_at_a_receiver_that_is_gone() -> None:
    """Also what is due at the very moment of its answer."""
    answers = [ChannelGoneError("410"), Transient("500"), Transient("500")]

    def gone(message: Message) -> None:
        if message.title != ON:
            raise answers.pop()

    made, channel = installation(gone, retry_initial_s=60)

    async def play(made: Installation) -> None:
        await made.tell(frozen("clock"), frozen("audit"))
        await pause(600)

    assert made.live(play)
    assert 4 == len(channel.attempts)
    assert {"410"} == {each.reason for each in made.state.notifications.dead.values()}


def test_other_settings_open_a_closed_channel() -> None:
    """A new fingerprint is another receiver; that it is open is told."""
    answers: list[Exception] = [ChannelGoneError("410")]

    def once(_: Message) -> None:
        if answers:
            raise answers.pop()

    made, channel = installation(once)

    async def first(_: Installation) -> None:
        await pause(10)

    assert made.live(first)
    made.fingerprints["pager"] = "second"

    async def second(made: Installation) -> None:
        await made.tell(frozen("clock"))
        await pause(60)

    assert made.live(second)
    assert [FROZEN] == channel.titles
    assert {} == made.state.notifications.closed


def test_a_defect_of_one_channel_holds_up_no_other() -> None:
    """It is a failure like any other, tried again."""

    def broken(_: Message) -> None:
        raise ZeroDivisionError("a defect")

    pager = ScriptedChannel("pager", broken)
    mail = ScriptedChannel("mail", takes)
    made = Installation(pager, mail)

    async def play(_: Installation) -> None:
        await pause(60)

    assert made.live(play)
    assert [ON] == mail.titles
    assert "the channel failed: ZeroDivisionError: a defect" == made.told(DeliveryEnded)[-1].reason


def test_a_channel_that_hangs_is_given_up_after_its_time() -> None:
    """The attempt's end is unknown: the same id is sent again."""

    class Hanging(ScriptedChannel):
        async def deliver(self, message: Message) -> None:
            self.attempts.append(message)  # type: ignore[arg-type]
            await pause(10_000)

    hanging = Hanging("pager", takes)
    made = Installation(hanging, call_timeout_s=15)

    async def play(_: Installation) -> None:
        await pause(30)

    assert made.live(play)
    assert 2 == len(hanging.attempts)
    assert "no answer within 15 s" == made.told(DeliveryEnded)[0].reason
    assert hanging.closed


def test_the_severest_goes_first_and_an_end_never_before_its_beginning() -> None:
    """What waited through an outage is sent in that order."""
    away = [True]

    def until_back(_: Message) -> None:
        if away[0]:
            raise Ambiguous("no answer")

    made, channel = installation(until_back)

    async def play(made: Installation) -> None:
        await made.tell(frozen("plan_changed"))
        await pause(2)
        await made.tell(frozen("clock"))
        await pause(3)
        away[0] = False
        await made.tell(frozen("clock", over=True))
        await pause(400)

    assert made.live(play)
    taken = channel.titles
    assert taken.index(FROZEN) < taken.index(f"Over: {FROZEN}")
    assert {ON, FROZEN, f"Over: {FROZEN}", "Decisions are frozen: plan_changed"} == set(taken)


def test_quiet_hours_hold_back_all_but_the_critical() -> None:
    """A warning at night goes out in the morning; what came and went meanwhile is one message that tells both."""
    made, channel = installation(quiet_from="22:00", quiet_until="07:00")
    made.clock.jump(10 * 3_600)  # 22:00

    async def play(made: Installation) -> None:
        await made.tell(frozen("plan_changed"), frozen("clock"))
        await pause(1_800)
        await made.tell(frozen("plan_changed", over=True))
        await pause(1_800)
        assert [FROZEN] == channel.titles
        await pause(8 * 3_600)

    assert made.live(play)
    assert [FROZEN, "Over: Decisions are frozen: plan_changed", ON] == channel.titles
    text = channel.attempts[1].message.text
    assert "It began at 2026-03-02T22:00:04Z and is over since 2026-03-02T22:30:04Z" in text
    assert {19 * 3_600} == {round(each.at_s) for each in channel.attempts[1:]}, "seven o'clock"


def test_each_channel_hears_from_its_least_severity_on() -> None:
    """What nobody wants is recorded all the same, and told to nobody."""
    pager = ScriptedChannel("pager", takes)
    mail = ScriptedChannel("mail", takes)
    made = Installation(pager, mail)
    made.least = {"pager": Severity.CRITICAL, "mail": Severity.WARNING}

    async def play(made: Installation) -> None:
        await made.tell(frozen("clock"), frozen("plan_changed"))
        await pause(60)

    assert made.live(play)
    assert [FROZEN] == pager.titles
    assert [FROZEN, "Decisions are frozen: plan_changed"] == mail.titles
    assert () == made.told(NotificationRaised)[0].channels


def test_too_much_that_waits_becomes_dead_letters_the_least_first() -> None:
    """So many wait at most, and nothing is lost without a word."""

    def refuses(_: Message) -> None:
        raise Transient("500")

    made, _ = installation(refuses, waiting_items_max=3)

    async def play(made: Installation) -> None:
        await made.tell(*(frozen(key) for key in ("clock", "audit", "plan_changed", "currency")))
        await pause(10)

    assert made.live(play)
    notifications = made.state.notifications
    assert ["frozen:clock", "frozen:audit", "frozen:currency"] == [
        each.told.key for each in notifications.waiting.values()
    ]
    assert {ON, "Decisions are frozen: plan_changed"} == {each.told.title for each in notifications.dead.values()}


def test_a_channel_that_the_settings_lost_gives_its_deliveries_up() -> None:
    """They are dead letters, so that a replay sends them once it is back."""

    def refuses(_: Message) -> None:
        raise Transient("500")

    made, channel = installation(refuses)

    async def play(_: Installation) -> None:
        await pause(10)

    assert made.live(play)
    made.channels = {"mail": ScriptedChannel("mail", takes)}
    made.least["mail"], made.fingerprints["mail"] = Severity.INFO, "first"
    assert made.live(play)
    assert ["the settings have no channel of this name"] == [
        each.reason for each in made.state.notifications.dead.values()
    ]
    assert [] == channel.taken


def test_500_for_a_day_and_then_410() -> None:
    """Every message is tried under one id, none is lost, none is half done, and the operator sees the dead letters."""

    def answers(_: Message) -> None:
        if made.now_s() < DAY / 1_000_000:
            raise Transient("https://hooks.example.org answered 500")
        raise ChannelGoneError("https://hooks.example.org answered 410 Gone")

    made, channel = installation(answers)

    async def play(made: Installation) -> None:
        await made.tell(frozen("clock"))
        await pause(12 * 3_600)
        await made.tell(frozen("audit"))
        await pause(40 * 3_600)
        await made.tell(frozen("audit", over=True))
        await pause(3_600)

    assert made.live(play)
    notifications = made.state.notifications
    raised = {each.notification_id for each in made.told(NotificationRaised) if each.channels}
    ended = {each.notification_id for each in made.told(NotificationCleared)}
    assert {} == notifications.waiting
    assert raised | ended == {each.told.id for each in notifications.dead.values()}
    assert {each.message.id for each in channel.attempts} <= raised
    assert "https://hooks.example.org answered 410 Gone" == notifications.closed["pager"].reason
    after_410 = [each for each in channel.attempts if each.at_s >= DAY / 1_000_000]
    assert 1 == len(after_410)
