"""The only door to the output folder: whole files or none, only changed ones, nothing that is not ours (S17,
S18, F48, F55).

Beside each file stands `.gz` of it, made once. A manifest (`.aggregator-manifest.json`) knows what
is ours, its hash, and what is gone for good: a line of JSON, and where that is long a line for each change.

Start reading at `Folder.write`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from aggregator.errors import PublishError
from aggregator.patterns import lazy
from aggregator.records import dataclass
from aggregator.render import formats

MANIFEST = ".aggregator-manifest.json"
PACKED = ".gz"  # what the name of a packed form ends with
_FORMER = ".br"  # versions before this one packed twice
_NAME = lazy(r"(?:archive/|stories/)?[a-z0-9-]{1,80}\.[a-z0-9]+\Z")
_TEMPORARY = lazy(r"\.aggregator-[0-9a-f]{16}\.tmp\Z")
MANY = 8  # files
LARGE = 1_000_000  # bytes: a feed beyond is worth a warning (F25)
_SMALL = 256  # bytes; not worth compressing
_APPENDING = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
LONG = 100_000  # bytes: a manifest of so many is not written again for each change
PART = 4  # … until the changes come to one part in so many of it

Record = dict[str, str | int]  # what the manifest knows of a file: `sha256`, `size`
Value = TypeVar("Value")
_Made = tuple[str, Path]  # a temporary file, and what it is to become


@dataclass(frozen=True, slots=True)
class Written:
    """Names of files, sorted; `unchanged` is a count."""

    written: tuple[str, ...] = ()
    unchanged: int = 0
    removed: tuple[str, ...] = ()
    # feeds that were written and are too heavy for some readers, with their bytes
    large: tuple[tuple[str, int], ...] = ()

    def __add__(self, other: Written) -> Written:
        return Written(
            tuple(sorted({*self.written, *other.written})),
            self.unchanged + other.unchanged,
            tuple(sorted({*self.removed, *other.removed})),
            (*self.large, *other.large),
        )


@dataclass(frozen=True, slots=True)
class _Change:
    """What is to be done to a folder, in the order of names."""

    placed: Mapping[str, bytes]  # files that are new, or other than what is there
    records: Mapping[str, Record]  # of these, for the manifest
    removed: tuple[str, ...]
    gone: Mapping[str, int]  # gone for good, and since when, which this folder did not know yet

    @property
    def is_nothing(self) -> bool:
        return not (self.placed or self.removed or self.gone)

    def done(self, asked: int) -> Written:
        """What it comes to, where so many files were asked for."""
        return Written(tuple(self.placed), asked - len(self.placed), self.removed, _large(self.placed))


class Manifest:
    """What we know of an output folder: the files there, and since when others are gone. A publication writes
    to it as often as to the folder: what that costs follows what changes, not what stands there.
    """

    def __init__(self, folder: Path) -> None:
        """Where it says nothing, everything is written again: right in any case."""
        self._path = folder / MANIFEST
        said = _read(folder)
        self.files, self.gone = said.files, said.gone
        self._first, self._size = said.first, said.size

    def note(self, change: _Change, now: int) -> None:
        """What was done, here and on disk."""
        files = {**change.records, **dict.fromkeys(change.removed)}
        back = dict.fromkeys(name for name in change.placed if name in self.gone)
        gone = {**back, **dict.fromkeys(change.removed, now), **change.gone}
        _apply(files, self.files)
        _apply(gone, self.gone)
        line = _line({"files": files, "gone": gone})
        if not self._append(line):
            self._write_anew()

    def _append(self, line: bytes) -> bool:
        """Whether it could be: the manifest is long, and as it was left."""
        changes = self._size - self._first + len(line)
        if self._first < LONG or changes * PART > self._first:
            return False
        try:
            number = os.open(self._path, _APPENDING)
        except OSError:
            return False
        try:
            # Otherwise a change was not written to its end, or is a stranger's.
            if os.fstat(number).st_size != self._size:
                return False
            _write_all(number, line)
            os.fsync(number)
        finally:
            os.close(number)
        self._size += len(line)
        return True

    def _write_anew(self) -> None:
        line = _line({"files": dict(sorted(self.files.items())), "gone": dict(sorted(self.gone.items()))})
        _replace(self._path, line)
        self._first = self._size = len(line)


class Folder:
    """An output folder. Raises PublishError in words; what stood there is then intact."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._manifest = Manifest(path)
        self._files, self._gone = self._manifest.files, self._manifest.gone
        self._is_swept = False

    def usable(self) -> None:
        """Makes the folder; PublishError where it can't be made or written to, or is a link."""
        self._refuse_link()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PublishError(f"{self.path}: can't be made: {error.strerror}") from None
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise PublishError(f"{self.path}: can't be written; mend its permissions")

    def _refuse_link(self) -> None:
        """Whoever may change a link would have our files written wherever we may write (S18)."""
        if self.path.is_symlink():
            raise PublishError(
                f"{self.path}: is a link to {os.readlink(self.path)}; name that folder as service.output"
            )

    def names(self) -> tuple[str, ...]:
        """What we have published here."""
        return tuple(self._files)

    def needs_no_sweep(self) -> None:
        """Nothing came since a publication was through: no run was killed that leaves anything."""
        self._is_swept = True

    def missing(self) -> tuple[str, ...]:
        """Files of ours that somebody removed or changed the size of (a look at each, no reading)."""
        return tuple(name for name in self._files if self._is_missing(name))

    def _is_missing(self, name: str) -> bool:
        try:
            info = os.lstat(f"{self.path}/{name}")
        except OSError:
            return True
        return not stat.S_ISREG(info.st_mode) or info.st_size != self._files[name]["size"]

    def write(
        self,
        files: Mapping[str, bytes],
        remove: Collection[str],
        now: int,
        check: Callable[[], None] = lambda: None,
        gone: Mapping[str, int] = MappingProxyType({}),
    ) -> Written:
        """Put these there and take those away. All temporary files first, then the renames: together as near
        as a file system can. `check` is called before each file is made, and may raise: then none is
        replaced. `gone`: what was published once, also in another folder, and since when it is not.
        """
        _refuse_strange([*files, *(name for name in remove if name not in self._files)])
        change = self._change(files, remove, gone)
        if change.is_nothing:
            return Written((), len(files))
        with _trouble_in_words(self.path):
            self._make(change, now, check)
        return change.done(asked=len(files))

    def _change(
        self, files: Mapping[str, bytes], remove: Collection[str], gone: Mapping[str, int]
    ) -> _Change:
        records = {name: _record(files[name]) for name in sorted(files)}
        changed = {name: record for name, record in records.items() if self._differs(name, record)}
        removed = tuple(name for name in sorted(remove) if name in self._files and name not in files)
        return _Change({name: files[name] for name in changed}, changed, removed, self._unknown(gone))

    def _unknown(self, gone: Mapping[str, int]) -> dict[str, int]:
        return {name: at for name, at in gone.items() if name not in self._files and name not in self._gone}

    def _make(self, change: _Change, now: int, check: Callable[[], None]) -> None:
        """Of the files, and of what the manifest says of them."""
        self._prepare(change.placed)
        self._place(change.placed, now, check)
        for name in change.removed:
            self._remove(name)
        self._manifest.note(change, now)
        for folder in {self.path, *((self.path / name).parent for name in change.placed)}:
            _sync(folder)

    def _differs(self, name: str, record: Record) -> bool:
        """From what is there: it is new, was changed, or somebody else touched it."""
        known = self._files.get(name)
        return known is None or known["sha256"] != record["sha256"] or self._is_missing(name)

    def _prepare(self, new: Iterable[str]) -> None:
        """The folders, real ones; leftovers of a killed run go, and forms that are made no more."""
        ours = set() if self._is_swept else {*self._files, *new}
        self._refuse_link()
        for folder in (self.path, self.path / "archive", self.path / "stories"):
            if folder.is_symlink() and folder != self.path:
                folder.unlink()
            folder.mkdir(parents=True, exist_ok=True)
            if not self._is_swept:  # once: it takes as long as there are files
                self._sweep(folder, ours)
        self._is_swept = True

    def _sweep(self, folder: Path, ours: set[str]) -> None:
        for entry in os.scandir(folder):
            if _TEMPORARY.match(entry.name) or self._is_former_form(entry, ours):
                os.unlink(entry.path)

    def _is_former_form(self, entry: os.DirEntry[str], ours: set[str]) -> bool:
        """What stands beside a file of others is theirs."""
        if not entry.name.endswith(_FORMER) or not entry.is_file(follow_symlinks=False):
            return False
        return entry.path.removeprefix(f"{self.path}/").removesuffix(_FORMER) in ours

    def _place(self, files: Mapping[str, bytes], now: int, check: Callable[[], None]) -> None:
        """All are made before the first takes its place."""
        made: deque[_Made] = deque()
        # A few files are synced one by one, many by one sync of everything: 8,500 calls of fsync took five
        # minutes on a slow disk.
        many = len(files) > MANY
        try:
            for name, data in files.items():
                check()
                made.extend(_forms(self.path / name, data, now, sync=not many))
            if many:
                os.sync()
            self._drop_old_forms(files)
            _rename(made)
        finally:
            for temporary, _ in made:
                _drop(temporary)

    def _drop_old_forms(self, files: Mapping[str, bytes]) -> None:
        """Packed ones, of files that have become too small for them."""
        for name, data in files.items():
            if len(data) < _SMALL:
                _packed_form(self.path / name).unlink(missing_ok=True)

    def _remove(self, name: str) -> None:
        target = self.path / name
        _packed_form(target).unlink(missing_ok=True)
        target.unlink(missing_ok=True)


def as_left(folder: Path) -> str:
    """Differs where a file came or went in an output folder, or its manifest was written; "" where something
    of it can't be looked at. What was changed in place `Folder.missing` finds.
    """
    said = [str(folder.absolute())]
    try:
        for place in (folder, folder / "archive", folder / "stories", folder / MANIFEST):
            info = os.lstat(place)
            said.append(f"{info.st_ino} {info.st_mtime_ns} {info.st_size}")
    except OSError:
        return ""
    return "\n".join(said)


def recorded(folder: Path) -> tuple[dict[str, Record], dict[str, int]]:
    """What its manifest says of a folder: the files there, and since when others are gone; nothing where it
    is no manifest of ours. No name leads elsewhere: whoever may change it has no other file removed (S18).
    """
    said = _read(folder)
    return said.files, said.gone


class _Said(NamedTuple):
    """By a manifest; bytes of its first line, and of all lines that can be read; 0: none may be appended."""

    files: dict[str, Record]
    gone: dict[str, int]
    first: int = 0
    size: int = 0


def _read(folder: Path) -> _Said:
    files: dict[str, Record] = {}
    gone: dict[str, int] = {}
    read: list[int] = []
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        for line in (folder / MANIFEST).read_bytes().splitlines(keepends=True):
            if read and not line.endswith(b"\n"):
                break  # a change that was not written to its end
            there, left = _change_of(line)
            _apply(there, files)
            _apply(left, gone)
            read.append(len(line) if line.endswith(b"\n") else 0)
    return _Said(files, gone, read[0] if read else 0, sum(read))


def _change_of(line: bytes) -> tuple[dict[str, Record | None], dict[str, int | None]]:
    """(what is there, since when what is gone); None for what is not, or not any more."""
    said = json.loads(line)
    return (
        {name: one for name, one in said["files"].items() if _NAME.match(name) and _is_record(one)},
        {name: at for name, at in said["gone"].items() if _NAME.match(name) and isinstance(at, int | None)},
    )


def _apply(change: Mapping[str, Value | None], known: dict[str, Value]) -> None:
    for name, one in change.items():
        if one is None:
            known.pop(name, None)
        else:
            known[name] = one


def _line(said: object) -> bytes:
    return f"{json.dumps(said, separators=(',', ':'))}\n".encode()


def _is_record(one: Record | None) -> bool:
    return one is None or (isinstance(one["sha256"], str) and isinstance(one["size"], int))


def _refuse_strange(names: Iterable[str]) -> None:
    """No name comes from feed data, and none leads elsewhere (S17)."""
    for name in names:
        if not _NAME.match(name) or formats.of_file(name) is None:
            raise PublishError(f"{name!r} is no name of a published file")


def _record(data: bytes) -> Record:
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}


def _large(files: Mapping[str, bytes]) -> tuple[tuple[str, int], ...]:
    """Feeds that some readers refuse, with their bytes."""
    return tuple(
        (name, len(data)) for name, data in files.items() if len(data) > LARGE and formats.is_subscribed(name)
    )


@contextlib.contextmanager
def _trouble_in_words(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where, why = error.filename2 or error.filename or folder, error.strerror  # of a rename, its target
        raise PublishError(
            f"{where}: can't be written: {why}; the files that stood there are intact"
        ) from None


def _forms(target: Path, data: bytes, now: int, sync: bool) -> Iterator[_Made]:
    """Temporary files of both forms of one. The packed one first: a server that compares times never finds an
    old one beside a new file.
    """
    when = _later(target, now)
    if len(data) >= _SMALL:
        yield _temporary(target.parent, _packed(data), when, sync), _packed_form(target)
    yield _temporary(target.parent, data, when, sync), target


def _rename(made: deque[_Made]) -> None:
    """To where they belong; what could not be is left in `made`."""
    while made:
        temporary, target = made[0]
        os.replace(temporary, target)  # replaces a symlink, never follows it
        made.popleft()


def _packed_form(target: Path) -> Path:
    return target.with_name(target.name + PACKED)


def _packed(data: bytes) -> bytes:
    """The level by what the next one costs, of 138 files of real feeds in 10.2 MB: 4 → 6: 1.6 times the time
    for 4% less, 3 → 4: 1.4 times for 5%. Brotli takes as long again for 1.5% less.
    """
    import gzip  # not before something is written

    return gzip.compress(data, 4, mtime=0)


def _later(target: Path, now: int) -> int:
    """Last-Modified advances by a second at least with every change, or newsboat ignores it (F48)."""
    try:
        return max(now, int(os.lstat(target).st_mtime) + 1)
    except OSError:
        return now


def _replace(target: Path, data: bytes) -> None:
    """Whole or not at all."""
    source = _temporary(target.parent, data, None)
    try:
        os.replace(source, target)
    except OSError:
        _drop(source)
        raise


def _temporary(folder: Path, data: bytes, when: int | None, sync: bool = True) -> str:
    path = f"{folder}/.aggregator-{os.urandom(8).hex()}.tmp"
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        _write_all(number, data)
        if sync:
            os.fsync(number)
        if when is not None:
            os.utime(number, (when, when))
    except OSError:
        _drop(path)
        raise
    finally:
        os.close(number)
    return path


def _drop(temporary: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(temporary)


def _write_all(file: int, data: bytes) -> None:
    """The system may take less than it is given."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
