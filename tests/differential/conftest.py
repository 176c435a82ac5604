"""A simulated daemon speaks into the void."""

from tests.simulation.conftest import silent_logs

__all__ = ["silent_logs"]
