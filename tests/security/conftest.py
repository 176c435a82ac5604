"""The Redis of a process test."""

from tests.processes.conftest import redis_server

__all__ = ["redis_server"]
