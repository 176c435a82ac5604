"""Running `promtool`; where it is not installed the test says so."""

from __future__ import annotations

import shutil
import subprocess

import pytest

NO_PROMTOOL = "promtool is not installed (Debian: apt install prometheus): the shipped rules were not tried"

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason=NO_PROMTOOL)


def promtool(*arguments: str, text: str = "") -> tuple[int, str]:
    """The exit code, and everything that it said."""
    result = subprocess.run(
        ["promtool", *arguments], input=text, capture_output=True, text=True, timeout=60, check=False
    )
    return result.returncode, result.stdout + result.stderr
