"""Keys of one kind in the daemon's own Redis, a hash for each component: what provisioners publish to applications."""

from __future__ import annotations

from adapters.redis_keys.connection import TIMEOUT_S, KeyConnection, KeyedKind, script_sentence

__all__ = ["TIMEOUT_S", "KeyConnection", "KeyedKind", "script_sentence"]
