"""Local files as sources."""

from __future__ import annotations

import glob
from pathlib import Path

from aggregator.model import Failure, FetchResult, Limits


def read(pattern: str, limits: Limits, at: int) -> tuple[FetchResult, ...]:
    """The files that an absolute path or glob names, in the order of their names, as they are now, `at`; trouble
    with one is that file's failure.
    """
    names = [pattern] if Path(pattern).exists() else sorted(glob.glob(pattern, recursive=True))
    if not names:
        return (
            FetchResult(
                pattern, at, failure=Failure("missing", f"{pattern}: there is no such file; check `path`")
            ),
        )
    if len(names) == 1 and Path(names[0]).is_dir():
        return (
            FetchResult(
                pattern,
                at,
                failure=Failure(
                    "unreadable", f"{pattern}: is a folder; name files in it, for example {pattern}/*.txt"
                ),
            ),
        )
    found = tuple(_read(Path(name), at, limits) for name in names if not Path(name).is_dir())
    empty = Failure("missing", f"{pattern}: only folders there, no files")
    return found or (FetchResult(pattern, at, failure=empty),)


def _read(path: Path, at: int, limits: Limits) -> FetchResult:
    url = path.as_uri()
    try:
        if not path.is_file():
            return FetchResult(url, at, failure=Failure("unreadable", f"{path}: is no regular file"))
        with path.open("rb") as file:
            body = file.read(limits.max_bytes + 1)
    except OSError as error:
        return FetchResult(url, at, failure=Failure("unreadable", f"{path}: can't be read: {error.strerror}"))
    if len(body) > limits.max_bytes:
        return FetchResult(
            url,
            at,
            failure=Failure(
                "too-big", f"{path}: more than {limits.max_bytes // 1_000_000} MB (poll.max_bytes)"
            ),
        )
    return FetchResult(url, at, body=body, name=path.name)
