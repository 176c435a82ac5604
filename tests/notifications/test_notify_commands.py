"""`solvent notify test` and `list`, and the channels of the settings: each refusal is one sentence."""

from __future__ import annotations

import base64
import builtins
import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from adapters.channels.webhook import Webhook
from adapters.clocks import SystemClock
from config.extras import install_hint
from config.settings import MailChannel, MqttChannel, MqttSettings, Settings, WebhookChannel
from daemon.assembly.channels import channels_of, fingerprint_of
from daemon.cli.notify import notify_group
from daemon.telemetry.notification_samples import notification_samples
from machines.events import ChannelClosed, DeliveryEnded, FreezeChanged, NotificationCleared, NotificationRaised
from machines.ports.channels import ChannelUnusableError, Message
from tests.cli.recorded import started, write
from tests.machines.histories import acting
from tests.provisioners.mqtt.brokers import free_port

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, ok").decode()
ENVIRON = {"PAGER_SECRET": SECRET}
HOOK = WebhookChannel(url="https://hooks.example.org/t0ken", secret="env:PAGER_SECRET")


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """204 for /well, 410 for anything else."""
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204 if self.path == "/well" else 410)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """Of a receiver."""
    server = HTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


def settings_file(tmp_path: Path, urls: Mapping[str, str]) -> str:
    """A webhook for each."""
    path = tmp_path / "solvent.toml"
    path.write_text(
        "".join(
            f'[channels.{name}]\nkind = "webhook"\nurl = "{url}"\nsecret = "env:PAGER_SECRET"\nprivate_allowed = true\n'
            for name, url in urls.items()
        )
    )
    return str(path)


def notify(*arguments: str) -> tuple[int, str]:
    """The exit code and the words of `solvent notify`."""
    ended = CliRunner(env=ENVIRON).invoke(notify_group, list(arguments))
    return ended.exit_code, ended.output


def test_notify_test_says_what_became_of_each(tmp_path: Path, port: int) -> None:
    """Without a daemon, without a journal, and without the token of a URL."""
    urls = {
        "pager": f"http://127.0.0.1:{port}/well",
        "gone": f"http://127.0.0.1:{port}/t0ken",
        "away": f"http://127.0.0.1:{free_port()}/t0ken",
    }
    path = settings_file(tmp_path, urls)

    assert (0, "pager: delivered\n") == notify("test", "--settings", path, "--channel", "pager")
    code, said = notify("test", "--settings", path)
    assert 1 == code
    assert "pager: delivered\n" in said
    assert f"gone: failed: http://127.0.0.1:{port} answered 410 Gone: the daemon would close this channel\n" in said
    assert "away: failed: http://127.0.0.1" in said
    assert "t0ken" not in said


def test_a_defect_of_one_channel_leaves_the_others_their_results(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said of the channel that has it, whatever it is."""
    delivered = Webhook.deliver

    async def deliver(channel: Webhook, message: Message) -> None:
        if channel.name == "odd":
            raise OverflowError("too large")
        await delivered(channel, message)

    monkeypatch.setattr(Webhook, "deliver", deliver)
    well = f"http://127.0.0.1:{port}/well"

    code, said = notify("test", "--settings", settings_file(tmp_path, {"odd": well, "pager": well}))

    assert 1 == code
    assert {"odd: failed: the channel failed: OverflowError: too large", "pager: delivered"} == set(said.splitlines())


def test_notify_test_refuses_what_it_cannot_try(tmp_path: Path) -> None:
    """A name that is none, a secret that is missing, and no channels at all."""
    path = settings_file(tmp_path, {"pager": "http://127.0.0.1:1/"})

    assert (2, "--channel: expected one of pager; found nobody\n") == notify(
        "test", "--settings", path, "--channel", "nobody"
    )
    ended = CliRunner(env={"PAGER_SECRET": ""}).invoke(notify_group, ["test", "--settings", path])
    assert (2, True) == (ended.exit_code, ended.output.startswith("channels.pager.secret: the variable PAGER_SECRET"))
    assert 3 == notify("test", "--settings", settings_file(tmp_path, {}))[0]


RAISED = NotificationRaised("j-1-1", "frozen:clock", "critical", "Frozen: clock", "It is.", ("pager", "mail"))
STORY = (
    FreezeChanged("clock", frozen=True, reason="it jumped"),
    RAISED,
    DeliveryEnded("j-1-1", "pager", "failed", 1, 1_717_200_600_000_000, "https://hooks.example.org answered 500"),
    DeliveryEnded("j-1-1", "mail", "dead", 10, reason="554 this is spam"),
    ChannelClosed("mail", "410 Gone"),
)


def test_notify_list_shows_what_stands_what_waits_and_what_is_dead(tmp_path: Path) -> None:
    """From the journal, which is not changed."""
    write(tmp_path, started(), *STORY)

    code, said = notify("list", "--state-dir", str(tmp_path))
    expected = (
        "1 stands.\n"
        "  2024-06-01T00:02:00Z  critical  Frozen: clock  (frozen:clock)\n"
        "1 delivery waits.\n"
        "  j-1-1 to pager: critical: Frozen: clock, 1 attempts, next 2024-06-01T00:10:00Z:"
        " https://hooks.example.org answered 500\n"
        "1 dead letter.\n"
        "  j-1-1 to mail: critical: Frozen: clock, 10 attempts: 554 this is spam\n"
        "The channel mail is closed since 2024-06-01T00:05:00Z: 410 Gone\n"
    )
    assert (0, expected) == (code, said)
    found = json.loads(notify("list", "--dead", "--format", "json", "--state-dir", str(tmp_path))[1])
    assert {"dead", "closed"} == set(found)
    assert ["j-1-1"] == [each["id"] for each in found["dead"]]


def test_notify_replay_wants_an_id_or_all() -> None:
    """Not both, and not neither."""
    assert (2, 2) == (notify("replay")[0], notify("replay", "j-1-1", "--all")[0])


def settings(**channels: Any) -> Settings:
    """With these channels."""
    return Settings(plan="starter", channels=channels)


@pytest.mark.parametrize(
    ("channel", "module", "said"),
    [
        (HOOK, "httpx", f"of the kind webhook needs the package httpx: {install_hint('webhooks')}"),
        (
            MailChannel(to=("a@b",), sender="a@b", host="localhost"),
            "aiosmtplib",
            f"of the kind mail needs the package aiosmtplib: {install_hint('mail')}",
        ),
        (MqttChannel(), "aiomqtt", f"of the kind mqtt needs the package aiomqtt: {install_hint('mqtt')}"),
    ],
)
def test_a_missing_package_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, channel: Any, module: str, said: str
) -> None:
    """That says what to install."""
    really = builtins.__import__

    def imported(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("adapters.channels."):
            raise ModuleNotFoundError(f"No module named {module}", name=module)
        return really(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", imported)

    with pytest.raises(ChannelUnusableError) as refused:
        channels_of(settings(pager=channel), SystemClock(), ENVIRON)
    assert f"channels.pager: a channel {said}" == str(refused.value)


def test_an_mqtt_channel_without_a_broker_is_refused() -> None:
    """The setting is named."""
    with pytest.raises(ChannelUnusableError, match=r"needs the broker's address in mqtt\.url"):
        channels_of(settings(home=MqttChannel()), SystemClock(), {})


def test_a_fingerprint_is_that_of_the_place_and_shows_nothing_of_it() -> None:
    """Another URL, secret's place or broker is another receiver; the same settings are the same for ever."""
    one = fingerprint_of(HOOK, settings())
    other = fingerprint_of(msgspec.structs.replace(HOOK, url="https://hooks.example.org/other"), settings())
    brokers = [Settings(plan="starter", mqtt=MqttSettings(url=f"mqtt://{host}")) for host in ("a", "b")]

    assert one == fingerprint_of(HOOK, settings())
    assert "t0ken" not in one
    assert 4 == len({one, other, *(fingerprint_of(MqttChannel(), each) for each in brokers)})


def test_every_channel_of_the_settings_has_its_samples() -> None:
    """0 where nothing happened yet: there it is known; what an older channel left is counted too."""
    state = acting(*STORY, NotificationCleared("j-1-2", "frozen:clock"))

    found = {
        (each.name, *each.labels): each.value for each in notification_samples(state.notifications, ("pager", "new"))
    }

    assert 1 == found["solvent_notifications_waiting_items", "pager"]
    assert 1 == found["solvent_notifications_dead_items", "mail"]
    assert 0 == found["solvent_notifications_delivered_total", "new"]
    assert 9 == len(found)
