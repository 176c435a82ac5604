"""A real daemon with a Stripe account: polled, told by a webhook, killed with `kill -9` in between."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from pathlib import Path

from adapters.clocks import SystemClock
from config.instants import SECOND
from machines.revenue.payments import Kind
from machines.sources.freshness import quality_of
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.redis_place import RedisServer
from tests.processes.waiting import until
from tests.sources.stripe.account import Account
from tests.sources.stripe.emulator import KEY, Emulator
from tests.sources.stripe.posting import SECRET, body_of, signed
from tests.sources.stripe.server import EmulatorServer

SETTINGS = """\
[receiving]
http = "127.0.0.1:{port}"

[sources.stripe]
kind = "stripe"
api_key = "env:STRIPE_KEY"
webhook_secret = "env:STRIPE_WEBHOOK_SECRET"
base_url = "{url}"
history_days = 30
poll_every_s = 10
settle_s = 1
"""
ENVIRONMENT = {"STRIPE_KEY": KEY, "STRIPE_WEBHOOK_SECRET": SECRET}


def now_s() -> int:
    """The machine's time, as Stripe counts it."""
    return SystemClock().wall() // SECOND


def free_port() -> int:
    """A port of this machine that nobody has now."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port: int = chosen.getsockname()[1]
        return port


def charge(account: Account, identity: str, amount: int) -> None:
    """A charge of an hour ago."""
    account.now_s = now_s() - 3_600
    account.charge(identity, amount)
    account.now_s = now_s()


def post(port: int, account: Account, secret: str = SECRET) -> int:
    """Stripe posts its newest event; the status of the answer."""
    body = body_of(account.all_events[-1])
    url = f"http://127.0.0.1:{port}/sources/stripe"
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, data=body, headers=signed(body, now_s(), secret)), timeout=20
        ) as answer:
            json.load(answer)
            status: int = answer.status
            return status
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def net(daemon: DaemonProcess) -> tuple[int, int]:
    """The net micros of everything counted, and how many payments that were."""
    counted = daemon.journal.counted()
    return sum(each.amount_micros if each.kind is Kind.PAYMENT else -each.amount_micros for each in counted), len(
        counted
    )


def test_stripes_payments_count_once_across_posts_polls_and_a_kill(
    tmp_path: Path, redis_server: RedisServer, shop: FileShop
) -> None:
    """History, a webhook's news, what came while the daemon was dead: each once; and the key is nowhere."""
    account, port = Account(now_s()), free_port()
    with EmulatorServer(Emulator(account)) as server:
        settings = tmp_path / "settings.toml"
        settings.write_text(SETTINGS.format(port=port, url=server.url), encoding="utf-8")
        options = ("--settings", str(settings))
        charge(account, "ch_history", 50_000)
        with DaemonProcess(
            tmp_path / "state", shop.plan_path, redis_server.url, *options, settings=ENVIRONMENT
        ) as daemon:
            until(lambda: (500_000_000, 1) == net(daemon), "the history")
            charge(account, "ch_told", 7_000)
            assert (400, 200) == (post(port, account, "whsec_ofSomebodyElse"), post(port, account))
            until(lambda: (570_000_000, 2) == net(daemon), "what the webhook told of")
            daemon.kill()
            charge(account, "ch_meanwhile", 3_000)
            account.refund("re_meanwhile", "ch_told", 1_000)
            daemon.start()
            until(lambda: (590_000_000, 4) == net(daemon), "what came while nobody listened")
            assert [200, 200] == [post(port, account), post(port, account)]
            until(lambda: "good" == quality_of(daemon.journal.state(), "stripe").value, "a good source")
            command = Path(f"/proc/{daemon.pid}/cmdline").read_bytes().decode()
            assert 0 == daemon.stop()
            written = b"".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file())
            assert (590_000_000, 4) == net(daemon)
            assert [] == [place for place in (daemon.log, command) if KEY in place or SECRET in place]
            assert not any(each.encode() in written for each in (KEY, SECRET))
