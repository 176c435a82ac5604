"""Fixtures of PostgreSQL's faults: a Redis a test, as the process tests have it."""

from __future__ import annotations

from tests.processes.conftest import redis_server

__all__ = ["redis_server"]
