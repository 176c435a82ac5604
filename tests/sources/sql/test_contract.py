"""The contract of sources, held by SQL on SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from machines.ports.sources import PaymentSource
from tests.contracts.source import SourceContract
from tests.sources.sql.shop import Shop, sqlite_shop


class SqliteSubject:
    """A file, which is moved away to hide it."""

    def __init__(self, folder: Path) -> None:
        self.shop: Shop = sqlite_shop(folder)
        self.source: PaymentSource = self.shop.source()
        self.made = [self.source]
        self._path = folder / "shop.db"
        self._rows = 0

    def another(self) -> PaymentSource:
        """On the same file."""
        self.made.append(self.shop.source())
        return self.made[-1]

    async def add(self, *payment_ids: str) -> None:
        """Rows with rising ids."""
        for payment_id in payment_ids:
            self._rows += 1
            self.shop.insert(self._rows, payment_id)
        self.shop.settle()

    async def hide(self) -> None:
        """Moved away."""
        self._path.rename(self._path.with_suffix(".away"))

    async def show(self) -> None:
        """Moved back."""
        self._path.with_suffix(".away").rename(self._path)


class TestSqlite(SourceContract):
    """The contract."""

    @pytest.fixture
    async def subject(self, tmp_path: Path) -> AsyncIterator[SqliteSubject]:
        """A shop in a file."""
        made = SqliteSubject(tmp_path)
        yield made
        for source in made.made:
            await source.close()
