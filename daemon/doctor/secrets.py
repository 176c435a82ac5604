"""Secrets: whether each is where the settings say. None is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from config.settings import Settings
from config.settings.values import SecretReference
from daemon.assembly.doctor import facts_of, secret_fault
from daemon.doctor.findings import Finding, problem, unknown, well

_CREDENTIAL: Final = "credential:"
_FILE: Final = "file:"
_BY_OTHERS: Final = 0o007
"""A group may have been given the right to read; everybody may not."""
CREDENTIALS_VARIABLE: Final = "CREDENTIALS_DIRECTORY"


def secrets(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """One finding for each that cannot be read, or one that all can."""
    references = dict(references_in(settings))
    if not references:
        return
    faults = 0
    for name, reference in references.items():
        if reference.startswith(_CREDENTIAL) and not environ.get(CREDENTIALS_VARIABLE):
            faults += 1
            yield unknown(
                "secrets",
                f"{name} is {reference}, which only the service itself is given",
                f"`systemctl show solvent -p LoadCredential,LoadCredentialEncrypted` must name {reference[11:]}",
            )
            continue
        fault = secret_fault(reference, environ)
        open_to = "" if fault else _open_file(reference)
        if open_to:
            faults += 1
            yield problem("secrets", f"{name}: {open_to}", f"chmod 0600 {reference.removeprefix(_FILE)}")
        if fault:
            faults += 1
            yield problem("secrets", f"{name}: {fault}", "put the secret there, readable by the daemon's user only")
    if not faults:
        yield well("secrets", f"{len(references)} secrets are where the settings say")


def _open_file(reference: str) -> str:
    """Who else may read the file of a secret; "" for nobody."""
    facts = facts_of(Path(reference.removeprefix(_FILE))) if reference.startswith(_FILE) else None
    if facts is None or not facts.mode & _BY_OTHERS:
        return ""
    return f"{reference} has mode {facts.mode:04o}: others on this machine may read it"


def open_secrets(settings: Settings) -> Iterator[str]:
    """Every secret whose file others may read, in sentences: a daemon says so in its log, and goes on."""
    for name, reference in references_in(settings):
        open_to = _open_file(reference)
        if open_to:
            yield f"{name}: {open_to}. chmod 0600 {reference.removeprefix(_FILE)}"


def references_in(settings: Settings) -> Iterator[tuple[str, str]]:
    """Every secret that the settings name, by its dotted key, with its reference."""
    for field in msgspec.structs.fields(Settings):
        value = getattr(settings, field.name)
        if isinstance(value, dict):
            for name, table in value.items():
                yield from _in_group(f"{field.name}.{name}", table)
        elif isinstance(value, msgspec.Struct):
            yield from _in_group(field.name, value)


def _in_group(group: str, struct: msgspec.Struct) -> Iterator[tuple[str, str]]:
    for field in msgspec.structs.fields(type(struct)):
        value: Any = getattr(struct, field.name)
        if field.type == SecretReference and value:
            yield f"{group}.{field.name}", value
