"""What the tests of the kinds at AWS share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.provisioners.aws.moto_place import moto_server


@pytest.fixture(scope="session")
def moto_port() -> Iterator[int]:
    """One emulator for all tests of a worker; each test empties it."""
    with moto_server() as port:
        yield port
