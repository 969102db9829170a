"""A lock that belongs to a process and ends with it, however it ends: flock on a file."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

_PAUSE = 0.1  # seconds between two tries


class Lock:
    """On a file that is made and stays; what is in it is nobody's business."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = -1

    def acquire(self, wait: float = 0) -> bool:
        """Whether it is ours now; another process gets `wait` seconds to let it go. OSError where the file
        can't be opened.
        """
        deadline = time.monotonic() + wait
        while not (taken := self._take()) and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        return taken

    def _take(self) -> bool:
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        except OSError:
            os.close(file)
            raise
        self._file = file
        return True

    def release(self) -> None:
        """Costs nothing where it isn't ours."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
