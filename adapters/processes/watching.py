"""Hearing of a script's end without a thread for each: where none could be started, the script ran on unseen."""

from __future__ import annotations

import asyncio
import os
import sys


def watch_ends_without_threads() -> None:
    """Let the running loop hear of ends by descriptors, as Python does by itself from 3.12 on.

    Where the kernel has none for processes (before Linux 5.3) nothing changes.
    """
    if sys.version_info >= (3, 12) or not hasattr(os, "pidfd_open"):
        return
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return
    watcher = asyncio.PidfdChildWatcher()
    watcher.attach_loop(asyncio.get_running_loop())
    asyncio.set_child_watcher(watcher)
