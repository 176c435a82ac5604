"""The value types that settings share."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Seconds = Annotated[int, Meta(ge=1, le=86_400)]
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}\Z")]
FilePath = Annotated[str, Meta(max_length=4_096)]
"""A path on the machine; empty for none."""
REFERENCE_EXPECTED: Final = "where the secret is: env:NAME, file:/PATH or credential:NAME"
SecretReference = Annotated[
    str,
    Meta(
        pattern=r"^(env:[A-Za-z_][A-Za-z0-9_]{0,127}|file:/.{1,4000}|credential:[A-Za-z0-9._-]{1,128}|)\Z",
        description=REFERENCE_EXPECTED,
    ),
]
"""Where a secret is, never the secret: a variable of the environment, a file, or a credential that systemd loads. Empty
for none."""
