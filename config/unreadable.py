"""What reading JSON raises when somebody else wrote it: in one place, so that no reader forgets one."""

from __future__ import annotations

from typing import Final

import msgspec

UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""No JSON or another shape; bytes that are no UTF-8; nested deeper than anything that solvent or its neighbours say."""
