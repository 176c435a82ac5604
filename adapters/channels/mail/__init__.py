"""E-mail over SMTP. Needs the extra `mail`."""

from __future__ import annotations

from adapters.channels.mail.channel import Mail

__all__ = ["Mail"]
