"""The key stands in no message, no traceback, no log and no metric, whatever Stripe's answers say."""

from __future__ import annotations

import logging
import traceback

import pytest

from adapters.sources.construction import SourceSurroundings, SourceUnusableError
from adapters.sources.stripe import construct
from machines.ports.faults import CallError, Transient
from machines.ports.sources import ReceiverUnableError
from tests.sources.stripe.emulator import KEY, Trouble
from tests.sources.stripe.reading import AccountClock, arranged, poll_of, settings


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 429, 500])
async def test_an_answer_that_repeats_the_key_gives_it_to_nobody(status: int, caplog: pytest.LogCaptureFixture) -> None:
    """Stripe's messages may show keys: none of them reaches the fault, its traceback or the log."""
    caplog.set_level(logging.DEBUG)
    _, emulator = arranged()
    emulator.troubles.append(Trouble(status=status, error={"message": f"the key {KEY} is wrong", "code": KEY}))
    try:
        await poll_of(emulator).read("")
    except CallError as fault:
        told = fault.reason + "".join(traceback.format_exception(fault))
    else:
        told = ""
    assert (True, False, False) == (str(status) in told, KEY in told, KEY in caplog.text)


async def test_a_body_that_is_no_json_gives_nothing_of_itself_away() -> None:
    """The SDK puts the whole body into its error; ours says only that it broke off."""
    _, emulator = arranged()
    emulator.troubles.append(Trouble(body=f'{{"customer": "customer@example.com {KEY}'.encode()))
    with pytest.raises(CallError) as raised:
        await poll_of(emulator).read("")
    told = "".join(traceback.format_exception(raised.value))
    assert (False, False) == (KEY in told, "customer@example.com" in told)


@pytest.mark.parametrize(
    ("key", "secret", "words"),
    [
        ("pk_live_1234567890", "", "is no key for reading"),
        ("rk_live_1234\nrk_live_5678", "", "is no key for reading"),
        ("whsec_1234567890", "", "is no key for reading"),
        ("rk_live_1234567890", "rk_live_1234567890", "`webhook_secret` names (env:SECRET) is no signing secret"),
    ],
)
def test_a_secret_that_cannot_be_right_is_refused_without_showing_it(key: str, secret: str, words: str) -> None:
    """A key of the wrong sort, or two lines of it, is refused before the first call, by the place that holds it."""
    account, _ = arranged()
    around = SourceSurroundings(clock=AccountClock(account), environ={"STRIPE_KEY": key, "SECRET": secret or "unused"})
    chosen = settings(webhook_secret="env:SECRET" if secret else "")
    with pytest.raises(SourceUnusableError) as raised:
        construct("stripe", chosen, around)
    assert words in str(raised.value)
    assert "1234" not in str(raised.value)


async def test_a_key_that_was_rotated_is_used_at_the_next_poll() -> None:
    """Without a restart; the old one is known to nobody any more."""
    _, emulator = arranged()
    poll = poll_of(emulator)
    before = await poll.read("")

    emulator.key = "rk_test_51TheKeyAfterTheRotation"

    assert before == await poll.read("")
    assert "Bearer rk_test_51TheKeyAfterTheRotation" == emulator.headers["authorization"]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "the variable STRIPE_KEY is not set"),
        ("1234", "is no key for reading"),
        ("rk_live_1234567890", "is of Stripe's other mode than at the start"),
    ],
)
async def test_a_key_that_cannot_be_used_any_more_is_a_failed_read(key: str, words: str) -> None:
    """Nothing is asked with the one before, and the key is not shown."""
    account, _ = arranged()
    environ = {"STRIPE_KEY": "rk_test_1234567890"}
    made = construct("stripe", settings(), SourceSurroundings(clock=AccountClock(account), environ=environ))
    assert made.asked is not None
    environ["STRIPE_KEY"] = key

    with pytest.raises(Transient) as failed:
        await made.asked.read("")
    assert (True, False) == (words in failed.value.reason, "1234" in failed.value.reason)


def test_a_webhook_secret_is_read_at_each_post() -> None:
    """One that is gone is the operator's affair, and no forgery."""
    account, _ = arranged()
    environ = {"STRIPE_KEY": "rk_live_1234567890", "SECRET": "whsec_1234567890"}
    around = SourceSurroundings(clock=AccountClock(account), environ=environ)
    posted = construct("stripe", settings(webhook_secret="env:SECRET"), around).posted
    assert posted is not None
    environ["SECRET"] = "1234"

    with pytest.raises(ReceiverUnableError, match="is no signing secret"):
        posted.receive({"stripe-signature": "t=1,v1=a"}, b"{}", 0)


def test_both_halves_are_made_where_a_webhook_has_its_secret() -> None:
    """Without a webhook's secret the source polls only."""
    account, _ = arranged()
    environ = {"STRIPE_KEY": "rk_live_1234567890", "SECRET": "whsec_1234567890"}
    around = SourceSurroundings(clock=AccountClock(account), environ=environ)
    alone = construct("stripe", settings(), around)
    both = construct("stripe", settings(webhook_secret="env:SECRET"), around)
    found = [each is not None for each in (alone.asked, alone.posted, both.asked, both.posted)]
    assert [True, False, True, True] == found


async def test_only_reads_are_asked_for_in_the_pinned_version_of_the_api() -> None:
    """Every call names the version whose shapes are read, and the SDK tells nothing of this machine."""
    _, emulator = arranged()
    await poll_of(emulator).read("")
    told = emulator.headers
    assert ("2026-10-28.endive", False) == (told["stripe-version"], "platform" in told["x-stripe-client-user-agent"])
