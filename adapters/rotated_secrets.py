"""A secret and the one before its rotation, read from where they are each time that they are needed."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.secret_references import SecretMissingError, read_secret
from config.secret import Secret


class RotatedSecrets:
    """References, never kept secrets: what was taken away from a file is not accepted a moment longer."""

    def __init__(self, present: str, before: str, environ: Mapping[str, str]) -> None:
        """`before` is empty where there is no rotation."""
        self._present = present
        self._before = before
        self._environ = environ

    def at_start(self) -> dict[str, Secret]:
        """All that are named, by reference. Raises `SecretMissingError` for any of them."""
        return {each: read_secret(each, self._environ) for each in (self._present, self._before) if each}

    def now(self) -> dict[str, Secret]:
        """As `at_start`, but the one before may be gone by now: whoever deletes it ends the rotation."""
        found = {self._present: read_secret(self._present, self._environ)} if self._present else {}
        if self._before:
            try:
                found[self._before] = read_secret(self._before, self._environ)
            except SecretMissingError:
                return found
        return found
