"""Why an install or an uninstall was not carried out."""

from __future__ import annotations


class InstallRefusedError(Exception):
    """Nothing was changed; the message says why and what to do."""


class InstallFailedError(Exception):
    """A step failed and what was done before it was taken back; the message says what, and what could not be."""
