"""One target under atheris, in a process that libFuzzer ends itself. `tests.fuzzing.guiding` starts it.

build/fuzz/bin/python -m tests.fuzzing.coverage_guided TARGET PROGRAM OPTION_OF_LIBFUZZER... FOLDER...
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

INSTRUMENTED: Final = ["config", "machines", "adapters", "daemon", "yaml"]


def main(arguments: Sequence[str]) -> None:
    """Never returns: libFuzzer exits."""
    import atheris  # noqa: PLC0415 - in build/fuzz only
    import structlog  # noqa: PLC0415 - beside it

    with atheris.instrument_imports(include=INSTRUMENTED):
        from tests.fuzzing.every_target import TARGETS  # noqa: PLC0415 - instrumented while it is imported
        from tests.fuzzing.target import bounded  # noqa: PLC0415 - as above
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    target = TARGETS[arguments[1]]

    def one(data: bytes) -> None:
        with bounded():
            target.check(data)

    atheris.Setup([*arguments[2:]], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
