"""Local files as sources."""

from __future__ import annotations

import glob
import os
from pathlib import Path

from aggregator import machine
from aggregator.model import Failure, FetchResult, Limits


def read(pattern: str, limits: Limits, at: int) -> tuple[FetchResult, ...]:
    """The files that an absolute path or glob names, in the order of their names, as they are now, `at`;
    trouble with one is that file's failure.
    """
    try:
        names = [pattern] if Path(pattern).exists() else sorted(glob.glob(pattern, recursive=True))
    except OSError as error:  # a folder on the way that may not be entered
        return (FetchResult(pattern, at, failure=_unreadable(pattern, error)),)
    files = [Path(name) for name in names if not os.path.isdir(name)]
    if files:
        return tuple(_read(path, at, limits) for path in files)
    return (FetchResult(pattern, at, failure=_nothing(pattern, names)),)


def _unreadable(path: Path | str, error: OSError) -> Failure:
    unreadable = Failure("unreadable", f"{path}: can't be read: {error.strerror}")
    return machine.trouble(error) or unreadable


def _nothing(pattern: str, names: list[str]) -> Failure:
    """Where none of these is a file."""
    if not names:
        missing = Failure("missing", f"{pattern}: there is no such file; check `path`")
        return machine.spent() or missing
    if len(names) == 1:
        words = f"{pattern}: is a folder; name files in it, for example {pattern}/*.txt"
        return Failure("unreadable", words)
    return Failure("missing", f"{pattern}: only folders there, no files")


def _read(path: Path, at: int, limits: Limits) -> FetchResult:
    url = path.as_uri()
    try:
        if not path.is_file():
            return FetchResult(url, at, failure=Failure("unreadable", f"{path}: is no regular file"))
        with path.open("rb") as file:
            body = file.read(limits.max_bytes + 1)
    except OSError as error:
        return FetchResult(url, at, failure=_unreadable(path, error))
    if len(body) > limits.max_bytes:
        words = f"{path}: more than {limits.max_bytes // 1_000_000} MB (poll.max_bytes)"
        return FetchResult(url, at, failure=Failure("too-big", words))
    return FetchResult(url, at, body=body, name=path.name)
