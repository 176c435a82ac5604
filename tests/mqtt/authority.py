"""Certificates of our own making, by `openssl`."""

from __future__ import annotations

import subprocess
from pathlib import Path


class Authority:
    """An authority with its certificate in `<directory>/<name>.pem`; what it issues is for localhost, for two days."""

    def __init__(self, directory: Path, name: str) -> None:
        """Make it."""
        self.pem = str(directory / f"{name}.pem")
        self._directory = directory
        self._key = str(directory / f"{name}.key")
        self._run(self.pem, self._key, name, "basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign")

    def issue(self, name: str) -> tuple[str, str]:
        """The files of a certificate that it signed, and of its key."""
        pem, key = str(self._directory / f"{name}.pem"), str(self._directory / f"{name}.key")
        self._run(pem, key, name, "subjectAltName=DNS:localhost", signed_by=("-CA", self.pem, "-CAkey", self._key))
        return pem, key

    def _run(self, pem: str, key: str, name: str, *extensions: str, signed_by: tuple[str, ...] = ()) -> None:
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
        added = [part for each in extensions for part in ("-addext", each)]
        subprocess.run([*command, *added, *signed_by, "-keyout", key, "-out", pem], check=True, capture_output=True)
