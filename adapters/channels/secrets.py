"""The secrets of channels, read at the start, where one that is missing refuses it, and at each delivery."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.secret_references import SecretMissingError, read_secret
from config.secret import Secret
from machines.ports.channels import ChannelUnusableError


def channel_secret(channel: str, field: str, reference: str, environ: Mapping[str, str]) -> Secret:
    """The secret that a field of `[channels.NAME]` refers to; raises `ChannelUnusableError`."""
    try:
        return read_secret(reference, environ)
    except SecretMissingError as missing:
        raise ChannelUnusableError(f"channels.{channel}.{field}: {missing}") from None
