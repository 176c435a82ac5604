"""Fixtures of the console's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.guarded_redis import Certificates, GuardedRedis, shop_users


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """The authority of this worker's tests."""
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def shared_redis(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[GuardedRedis]:
    """A guarded Redis whose users a test may load anew; each test loads those it needs first."""
    server = GuardedRedis(tmp_path_factory.mktemp("shared") / "redis", certificates)
    server.load(shop_users())
    server.start()
    yield server
    server.stop()


@pytest.fixture
def guarded_redis(tmp_path: Path, certificates: Certificates) -> Iterator[GuardedRedis]:
    """A guarded Redis of the test's own, started, with the users of `shop_users`."""
    server = GuardedRedis(tmp_path / "guarded", certificates)
    server.load(shop_users())
    server.start()
    yield server
    server.stop()
