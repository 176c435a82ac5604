"""What is not a whole and plausible answer is unknown: recorded answers, and an emulator that misbehaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from machines.ports.faults import CallError, Permanent, Transient
from tests.sources.stripe.emulator import Trouble
from tests.sources.stripe.reading import Ledger, arranged, poll_of
from tests.sources.stripe.server import EmulatorServer

RECORDED = Path(__file__).parent / "recorded"


class Recorded(msgspec.Struct, frozen=True):
    """An answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: str


def trouble(name: str, path: str = "/v1/") -> Trouble:
    """The next call under the path gets the recorded answer."""
    recorded = msgspec.json.decode((RECORDED / f"{name}.json").read_bytes(), type=Recorded)
    return Trouble(path, recorded.status, body=recorded.body.encode(), headers=recorded.headers)


CASES = {
    "unauthorised_401": (Permanent, "Stripe does not know the key (401, req_Rec0rded401)"),
    "forbidden_403": (Permanent, "the key lacks the right rak_charge_read"),
    "not_found_404": (Permanent, "Stripe has nothing where the charges should be (404, req_Rec0rded404)"),
    "empty_page": (Transient, "lacks ch_known, which it gave before"),
    "empty_page_with_more": (Transient, "says there is more, and gives an empty page"),
    "half_a_page": (Transient, "breaks off"),
    "field_missing": (Transient, "the field `$.data[0]` is missing"),
    "another_object": (Transient, "the field `$.data[0].object`"),
    "older_api_version": (Transient, "not as its API promises"),
    "out_of_order": (Transient, "ch_3"),
    "html_of_a_proxy": (Transient, "breaks off"),
    "rate_limited_429": (Transient, "429"),
    "server_error_500": (Transient, "500"),
    "bad_gateway_502": (Transient, "502"),
    "version_unknown_400": (Permanent, "look for a newer version"),
}


@asynccontextmanager
async def known_account() -> AsyncIterator[tuple[Ledger, EmulatorServer]]:
    """A ledger that has read one charge and one refund, over HTTP."""
    account, emulator = arranged()
    account.charge("ch_known", 1000)
    account.refund("re_known", "ch_known", 100)
    account.now_s += 3_600
    with EmulatorServer(emulator) as server:
        ledger = Ledger(poll_of(emulator, server.url, call_timeout_s=5))
        await ledger.catch_up()
        yield ledger, server
        await ledger.poll.close()


@pytest.mark.parametrize("name", sorted(CASES))
async def test_a_recorded_answer_that_is_no_answer_is_unknown_and_says_what_to_do(name: str) -> None:
    """Nothing is given, the position stays, and the reason names what is wrong."""
    kind, words = CASES[name]
    async with known_account() as (ledger, server):
        before = (ledger.position, dict(ledger.sums))
        server.emulator.troubles.append(trouble(name, "/v1/charges"))
        with pytest.raises(CallError) as raised:
            await ledger.read()
    assert isinstance(raised.value, kind)
    assert words in raised.value.reason
    assert before == (ledger.position, ledger.sums)


def test_every_recorded_answer_is_a_case() -> None:
    """No file lies beside the cases unused."""
    assert sorted(CASES) == sorted(path.stem for path in RECORDED.iterdir())


async def test_after_the_trouble_the_same_position_reads_on() -> None:
    """A read that was unknown costs nothing: the next one brings what came meanwhile."""
    async with known_account() as (ledger, server):
        server.emulator.account.charge("ch_next", 500)
        server.emulator.account.now_s += 3_600
        server.emulator.troubles.append(trouble("half_a_page"))
        fault = await ledger.try_to_catch_up()
        await ledger.catch_up()
    assert (Transient, {"EUR": 14_000_000}) == (type(fault), ledger.sums)


async def test_a_rate_limit_says_when_to_come_back_and_is_not_asked_again_at_once() -> None:
    """Stripe's Retry-After is handed on, and the SDK repeats no call by itself."""
    async with known_account() as (ledger, server):
        asked = server.emulator.served["/v1/charges"]
        server.emulator.troubles.append(trouble("rate_limited_429"))
        fault = await ledger.try_to_catch_up()
    assert isinstance(fault, Transient)
    assert (7.0, 1) == (fault.retry_after_s, server.emulator.served["/v1/charges"] - asked)


@pytest.mark.parametrize("kind", ["charges", "refunds", "events"])
async def test_a_replica_that_is_behind_is_unknown(kind: str) -> None:
    """An answer without the newest object that was given before is refused, for each of the lists."""
    async with known_account() as (ledger, server):
        server.emulator.troubles.append(Trouble(f"/v1/{kind}", lacks_newest=1))
        if kind == "events":  # the first events asked for are those of disputes
            server.emulator.troubles.appendleft(Trouble("/v1/events"))
        fault = await ledger.try_to_catch_up()
    assert isinstance(fault, Transient)
    assert "which it gave before" in fault.reason


async def test_a_first_page_of_refunds_that_contradicts_the_charges_is_unknown() -> None:
    """No refund was ever given, so only the charge knows of it: an empty list of refunds is not believed."""
    account, emulator = arranged()
    account.charge("ch_1", 1000)
    account.refund("re_1", "ch_1", 100)
    account.now_s += 3_600
    ledger = Ledger(poll_of(emulator))
    emulator.troubles.append(trouble("empty_page", "/v1/refunds"))
    fault = await ledger.try_to_catch_up()
    assert isinstance(fault, Transient)
    assert "lacks what ch_1 says was refunded" in fault.reason


async def test_a_page_of_disputes_that_contradicts_the_charges_is_unknown() -> None:
    """A charge that is disputed has its dispute in the list, or the list is not believed."""
    account, emulator = arranged()
    account.charge("ch_1", 1000)
    account.dispute("dp_1", "ch_1", 1000)
    account.now_s += 3_600
    emulator.troubles.append(trouble("empty_page", "/v1/disputes"))
    fault = await Ledger(poll_of(emulator)).try_to_catch_up()
    assert isinstance(fault, Transient)
    assert "lacks the one of ch_1" in fault.reason


async def test_an_account_without_a_single_charge_vouches_for_nothing() -> None:
    """An empty list on the first poll may be another account's: it is no zero before the first charge."""
    account, emulator = arranged()
    account.lists["charges"].clear()
    poll = poll_of(emulator)
    read = await poll.read("")
    account.now_s += 86_400
    account.charge("ch_1", 1000)
    account.now_s += 3_600
    later = await poll.read(read.position)
    assert ((), None, ["ch_1"]) == (read.entries, read.through, [entry.id for entry in later.entries])


async def test_a_month_without_a_charge_is_zero_where_the_account_is_known_by_an_older_one() -> None:
    """An older charge proves the account, so an empty month is vouched for; it is asked for in every later read."""
    account, emulator = arranged()
    ledger = Ledger(poll_of(emulator))
    await ledger.catch_up()
    vouched = ledger.through
    emulator.troubles.append(trouble("empty_page", "/v1/charges"))
    fault = await ledger.try_to_catch_up()
    assert ({}, (account.now_s - 300) * 1_000_000) == (ledger.sums, vouched)
    assert "lacks ch_old" in str(fault)


async def test_a_connection_that_breaks_in_the_page_is_unknown() -> None:
    """Half a body on the wire is no page."""
    async with known_account() as (ledger, server):
        server.emulator.troubles.append(Trouble("/v1/refunds", cut=60))
        fault = await ledger.try_to_catch_up()
    assert isinstance(fault, Transient)
    assert "could not be asked for the refunds" in fault.reason


async def test_an_answer_that_does_not_come_in_time_is_unknown() -> None:
    """A call ends with its limit, whatever Stripe does."""
    async with known_account() as (ledger, server):
        slow = poll_of(server.emulator, server.url, call_timeout_s=1)
        server.released.clear()
        with pytest.raises(Transient) as raised:
            await slow.read(ledger.position)
        server.released.set()
        await slow.close()
    assert "the charges" in raised.value.reason


async def test_nobody_listening_is_unknown() -> None:
    """A refused connection is Transient and names no address with a key."""
    _, emulator = arranged()
    poll = poll_of(emulator, "http://127.0.0.1:9", call_timeout_s=2)
    with pytest.raises(Transient) as raised:
        await poll.read("")
    await poll.close()
    assert raised.value.reason == "Stripe could not be asked for the charges: ConnectionError; what it holds is unknown"


async def test_an_object_of_the_other_mode_stops_the_read() -> None:
    """Test money under a live key, as behind a wrong address, is counted by nobody."""
    account, emulator = arranged(key="rk_live_51EmulatorKey")
    account.charge("ch_1", 1000)
    account.now_s += 3_600
    with pytest.raises(Permanent) as raised:
        await poll_of(emulator, live=True).read("")
    assert "test mode to a key of the live mode" in raised.value.reason


async def test_a_position_of_the_other_mode_is_refused() -> None:
    """A key changed from test to live under the same name says so, instead of looking for test charges for ever."""
    account, emulator = arranged()
    read = await poll_of(emulator).read("")
    account.now_s += 60
    with pytest.raises(Permanent) as raised:
        await poll_of(emulator, live=True).read(read.position)
    assert "is of Stripe's test mode and the key is of the live mode" in raised.value.reason


async def test_a_position_of_something_else_is_refused() -> None:
    """What another kind of source kept under this name is not guessed at."""
    _, emulator = arranged()
    with pytest.raises(Permanent) as raised:
        await poll_of(emulator).read("17")
    assert "give the source another name" in raised.value.reason
