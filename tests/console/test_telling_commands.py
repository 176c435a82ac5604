"""A command as it is to be typed: the daemon's own address and stream, and never a password."""

from __future__ import annotations

import shlex

import pytest

from daemon.telling_commands import Orders, redis_cli_line


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("redis://127.0.0.1:6390/0", "-p 6390"),
        ("redis://alice:se:cret@redis.example:6380/2", "-h redis.example -p 6380 -n 2"),
        ("rediss://redis.example", "--tls -h redis.example -p 6379"),
        ("unix:///run/redis.sock?db=0", "-s /run/redis.sock"),
        ("", "-h HOST -p PORT"),
        ("redis://redis.example:none", "-h HOST -p PORT"),
        ("redis+sentinel://sentinel.example:26379/revenue", "-h HOST -p PORT"),
    ],
)
def test_a_line_leads_to_the_daemons_redis(url: str, options: str) -> None:
    """Also where its address is strange or unknown; what is secret in it is left out."""
    line = redis_cli_line(url, "solvent", {"verb": "resume"})

    assert f"redis-cli {options} XADD solvent:commands '*' verb resume" == line


def test_a_line_names_the_stream_of_the_instance_and_the_operator() -> None:
    """What is sent elsewhere reaches another daemon, or is refused."""
    orders = Orders("redis://127.0.0.1:6379", "shop", "alice")

    assert "redis-cli -p 6379 XADD solvent:shop:commands:alice '*' verb resume reason REASON" == orders.line("resume")


def test_words_stay_what_they_are() -> None:
    """A shell hands the fields over as they were."""
    fields = {"verb": "pause", "reason": "it's $(late)"}

    assert ["verb", "pause", "reason", "it's $(late)"] == shlex.split(redis_cli_line("", "solvent", fields))[-4:]
