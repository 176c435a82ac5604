"""Reading secrets from where the settings say they are: a variable, a file, a credential that systemd loaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from config.secret import Secret

SECRET_BYTES_MAX: Final = 65_536
CREDENTIALS_VARIABLE: Final = "CREDENTIALS_DIRECTORY"


class SecretMissingError(Exception):
    """A secret is not where the settings say; the message says where that is and what to do, and never the secret."""


def read_secret(reference: str, environ: Mapping[str, str]) -> Secret:
    """The secret that `env:NAME`, `file:/PATH` or `credential:NAME` names, without the line break at its end.

    An empty reference is an empty secret. Raises `SecretMissingError`.
    """
    if not reference:
        return Secret("")
    kind, _, name = reference.partition(":")
    if kind == "env":
        text = environ.get(name, "")
        if not text:
            raise SecretMissingError(f"the variable {name} is not set: export it, or name another place")
        return Secret(text)
    if kind == "file":
        return _from_file(Path(name), reference)
    folder = environ.get(CREDENTIALS_VARIABLE, "")
    if not folder:
        raise SecretMissingError(
            f"{reference} is a credential of systemd, and none were loaded: add LoadCredential={name}:/PATH to the "
            "unit, or name file:/PATH"
        )
    return _from_file(Path(folder) / name, reference)


def _from_file(path: Path, reference: str) -> Secret:
    try:
        with path.open("rb") as file:
            data = file.read(SECRET_BYTES_MAX + 1)
        text = data.decode("utf-8").rstrip("\r\n")
    except OSError as error:
        raise SecretMissingError(f"{reference} cannot be read: {error.strerror}; see its path and its mode") from None
    except UnicodeDecodeError:
        raise SecretMissingError(f"{reference} is not text in UTF-8") from None
    if len(data) > SECRET_BYTES_MAX:
        raise SecretMissingError(f"{reference} has more than {SECRET_BYTES_MAX} bytes: that is no secret")
    if not text:
        raise SecretMissingError(f"{reference} is empty")
    return Secret(text)
