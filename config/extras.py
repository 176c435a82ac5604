"""How an optional part is added to an installation: solvent is on no package index, so its bare name is never told."""

from __future__ import annotations


def install_hint(extra: str) -> str:
    """What a person does who lacks the packages of an extra."""
    return f"install solvent's extra {extra}: pip install 'solvent-….whl[{extra}]' (docs/systemd.md, Extras)"
