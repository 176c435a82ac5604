"""Settings: a file, variables and a command line, all of which may be nonsense at once."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from config.errors import SettingsError
from config.settings_loading import load_settings, setting_types
from tests.fuzzing.target import Answer, Target, require, require_told

PART: Final = b"\n# then "
"""Between the file, the variables and the command line."""
_SECRET: Final = "geheim"
_KNOWN: Final = "u:geheim"
"""A password behind its user is never shown, whatever became of the signs around both, and in whatever place."""
_DOCUMENTS: Final = (
    b'plan = "starter"\nredis = "redis://127.0.0.1:6379/0"\n[kernel]\nask_timeout_s = 5\n[journal]\nurl = "env:X"\n'
    + PART
    + b"SOLVENT_KERNEL__MAILBOX_ITEMS_MAX=100\nSOLVENT_HTTP=127.0.0.1:8417"
    + PART
    + b"plan=starter\nstopping.ask_s=5",
    (
        b'plan = "p.yaml"\n[sources.shop]\nkind = "post"\nsecret = "env:S"\n[notifications]\nquiet_from = "22:00"\n'
        b'quiet_until = "06:00"\n[backup]\nto = "/b"\nrecipients = []\n[mqtt]\nurl = "mqtts://u@host:8883"\n'
    ),
    b'plan = "p"\n[sources.till]\nkind = "sql"\nurl = "env:DB"\n[lease]\nttl_s = 6\nrenew_every_s = 2\nmargin_s = 1\n'
    + PART
    + b"SOLVENT_REDIS=rediss://u:geheim@host:6380\nSOLVENT_STANDBY=true",
    b"[" + b"]\n[".join(sorted({key.partition(".")[0].encode() for key in setting_types()})) + b"]\n",
)


def check(data: bytes) -> Answer:
    """One start."""
    file, _, rest = data.partition(PART)
    variables, _, options = rest.partition(PART)
    given = data.decode("latin-1")
    is_whole = _KNOWN in given and _SECRET not in given.replace(_KNOWN, "")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "solvent.toml"
        path.write_bytes(file)
        try:
            load_settings(str(path), _pairs(variables), _pairs(options))
        except SettingsError as error:
            require(bool(error.problems), "no problem is named")
            for problem in error.problems[:200]:
                require_told(problem.text.replace(folder, ""))
                assert not is_whole or _SECRET not in problem.text, "a problem shows a password"
            return Answer("refused")
    return Answer("taken")


def _pairs(data: bytes) -> dict[str, str]:
    """`NAME=value` lines, as a process finds its variables: bytes that are no UTF-8 become surrogates."""
    lines = [line.partition(b"=") for line in data.split(b"\n") if line]
    return {
        name.decode("utf-8", "surrogateescape"): value.decode("utf-8", "surrogateescape") for name, _, value in lines
    }


TARGET: Final = Target("settings", _DOCUMENTS, check, share=15, examples=40)
