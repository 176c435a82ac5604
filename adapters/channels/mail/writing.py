"""A notification as an e-mail: plain text, and nothing of it can become a header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from config.instants import datetime_from_instant, instant_text
from machines.ports.channels import Message

_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f\u0080-\u009f\u2028\u2029]+")
SUBJECT_CHARACTERS_MAX: Final = 200


def mail_of(message: Message, sender: str, recipients: Sequence[str]) -> EmailMessage:
    """The mail of one notification; the same at every attempt."""
    mail = EmailMessage(policy=SMTP)
    user, _, domain = sender.rpartition("@")
    mail["Subject"] = subject_of(message)
    mail["From"] = Address(_plain(f"solvent {message.instance}"), user, domain)
    mail["To"] = ", ".join(recipients)
    mail["Date"] = format_datetime(datetime_from_instant(message.at))
    mail["Message-ID"] = f"<{message.id}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Solvent-Key"] = _plain(message.key)
    mail["X-Solvent-Severity"] = _plain(message.severity)
    mail.set_content(
        f"{message.text}\n\n-- \n{message.severity} of solvent {message.instance}, {instant_text(message.at)},"
        f" {message.id}\n",
        cte="quoted-printable",
    )
    return mail


def subject_of(message: Message) -> str:
    """`[solvent shop] critical: Cost is above the cap`."""
    return _plain(f"[solvent {message.instance}] {message.severity}: {message.title}")[:SUBJECT_CHARACTERS_MAX]


def _plain(text: str) -> str:
    """One line: a line break in a header would begin another header."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())
