"""Templates as they were compiled before: Jinja takes as long to compile them as to fill them in."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from jinja2.bccache import Bucket, BytecodeCache


class Compiled(BytecodeCache):
    """Keeps them where Python keeps what it compiles of this package, and where it does: nowhere if that
    folder is not there, can't be written, or nothing is to be written (PYTHONDONTWRITEBYTECODE).
    """

    def __init__(self, module: str | None) -> None:
        """`module`: where a module beside them is kept; None: nowhere."""
        self._folder = None if module is None else Path(module).parent

    def load_bytecode(self, bucket: Bucket) -> None:
        if self._folder is None:
            return
        # What is damaged is compiled again, as it is after a change of the template.
        with contextlib.suppress(Exception), self._place(self._folder, bucket).open("rb") as file:
            bucket.load_bytecode(file)

    def dump_bytecode(self, bucket: Bucket) -> None:
        if self._folder is None or sys.dont_write_bytecode:
            return
        place = self._place(self._folder, bucket)
        unfinished = place.with_name(f"{place.name}.{os.urandom(8).hex()}")
        with contextlib.suppress(OSError):
            with unfinished.open("wb") as file:
                bucket.write_bytecode(file)
            unfinished.replace(place)

    @staticmethod
    def _place(folder: Path, bucket: Bucket) -> Path:
        return folder / f"{bucket.key}.{sys.implementation.cache_tag}.jinja"
