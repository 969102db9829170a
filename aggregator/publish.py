"""The only door to the output folder: whole files or none, only changed ones, nothing that is not ours (S17,
S18, F48, F55).

Beside each file stand `.gz` and `.br` of it, made once. A manifest (`.aggregator-manifest.json`) knows what
is ours, its hash, and
what is gone for good.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from aggregator.errors import PublishError
from aggregator.render import formats

MANIFEST = ".aggregator-manifest.json"
CODINGS = (".gz", ".br")
_NAME = re.compile(r"(?:archive/|stories/)?[a-z0-9-]{1,80}\.[a-z0-9]+\Z")
_TEMPORARY = re.compile(r"\.aggregator-[0-9a-f]{16}\.tmp\Z")
MANY = 8  # files
LARGE = 1_000_000  # bytes: a feed beyond is worth a warning (F25)
_SMALL = 256  # bytes; not worth compressing


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


class Folder:
    """An output folder. Raises PublishError in words; what stood there is then intact."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files: dict[str, dict[str, str | int]] = {}
        self._gone: dict[str, int] = {}
        self._load()

    def _load(self) -> None:
        try:
            record = json.loads((self.path / MANIFEST).read_bytes())
            self._files, self._gone = dict(record["files"]), dict(record["gone"])
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError):
            self._files, self._gone = {}, {}  # everything is written again, which is right in any case

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
        as a file system can. `check` is called before each file is made, and may raise: then none is replaced.
        `gone`: what was published once, also in another folder, and since when it is not.
        """
        _refuse_strange([*files, *(name for name in remove if name not in self._files)])
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        changed = [name for name in sorted(files) if self._differs(name, hashes[name])]
        removed = [name for name in sorted(remove) if name in self._files and name not in files]
        news = {name: at for name, at in gone.items() if name not in self._files and name not in self._gone}
        if not changed and not removed and not news:
            return Written((), len(files))
        try:
            self._prepare()
            self._place({name: files[name] for name in changed}, now, check)
            for name in removed:
                self._remove(name)
            self._note(
                {name: {"sha256": hashes[name], "size": len(files[name])} for name in changed}, removed
            )
            self._gone |= dict.fromkeys(removed, now) | news
            self._remember()
            for folder in {self.path, *((self.path / name).parent for name in changed)}:
                _sync(folder)
        except OSError as error:
            raise PublishError(
                f"{error.filename or self.path}: can't be written: {error.strerror}; the files that stood there are intact"
            ) from None
        large = tuple((name, len(files[name])) for name in changed if _is_large(name, files[name]))
        return Written(tuple(changed), len(files) - len(changed), tuple(removed), large)

    def _differs(self, name: str, sha256: str) -> bool:
        """From what is there: it is new, was changed, or somebody else touched it."""
        record = self._files.get(name)
        return record is None or record["sha256"] != sha256 or self._is_missing(name)

    def _note(self, written: Mapping[str, Any], removed: Iterable[str]) -> None:
        self._files |= written
        for name in written:
            self._gone.pop(name, None)
        for name in removed:
            del self._files[name]

    def _remember(self) -> None:
        record = {"files": dict(sorted(self._files.items())), "gone": dict(sorted(self._gone.items()))}
        text = json.dumps(record, separators=(",", ":")) + "\n"
        self._replace(self.path / MANIFEST, text.encode(), None)

    def _prepare(self) -> None:
        """The folders, real ones; leftovers of a killed run go."""
        self._refuse_link()
        for folder in (self.path, self.path / "archive", self.path / "stories"):
            if folder.is_symlink() and folder != self.path:
                folder.unlink()
            folder.mkdir(parents=True, exist_ok=True)
            for entry in os.scandir(folder):
                if _TEMPORARY.match(entry.name):
                    os.unlink(entry.path)

    def _place(self, files: Mapping[str, bytes], now: int, check: Callable[[], None]) -> None:
        made: list[tuple[Path, Path]] = []
        # A few files are synced one by one, many by one sync of everything: 8,500 calls of fsync took five
        # minutes on a slow disk.
        many = len(files) > MANY
        try:
            for name, data in files.items():
                check()
                target = self.path / name
                when = _later(target, now)
                # Compressed forms first: a server that compares times never finds an old one beside a new
                # file.
                for form, packed in _packed(data):
                    made.append(
                        (
                            _temporary(target.parent, packed, when, sync=not many),
                            target.with_name(target.name + form),
                        )
                    )
                made.append((_temporary(target.parent, data, when, sync=not many), target))
            if many:
                os.sync()
            for name, data in files.items():
                if len(data) < _SMALL:
                    self._drop_codings(self.path / name)
            while made:
                source, target = made[0]
                os.replace(source, target)  # replaces a symlink, never follows it
                made.pop(0)
        finally:
            for source, _ in made:
                with contextlib.suppress(OSError):
                    source.unlink()

    def _replace(self, target: Path, data: bytes, when: int | None) -> None:
        source = _temporary(target.parent, data, when)
        try:
            os.replace(source, target)
        except OSError:
            source.unlink(missing_ok=True)
            raise

    def _remove(self, name: str) -> None:
        target = self.path / name
        self._drop_codings(target)
        target.unlink(missing_ok=True)

    def _drop_codings(self, target: Path) -> None:
        for form in CODINGS:
            target.with_name(target.name + form).unlink(missing_ok=True)


def _refuse_strange(names: Iterable[str]) -> None:
    """No name comes from feed data, and none leads elsewhere (S17)."""
    for name in names:
        if not _NAME.match(name) or formats.of_file(name) is None:
            raise PublishError(f"{name!r} is no name of a published file")


def _is_large(name: str, data: bytes) -> bool:
    """A feed that some readers refuse."""
    return len(data) > LARGE and formats.is_subscribed(name)


def _packed(data: bytes) -> Iterator[tuple[str, bytes]]:
    if len(data) >= _SMALL:
        import gzip  # not before something is written

        import brotli

        yield ".gz", gzip.compress(data, 6, mtime=0)
        yield ".br", brotli.compress(data, quality=4)  # 5 takes 2.3 times as long for 6% less


def _later(target: Path, now: int) -> int:
    """Last-Modified advances by a second at least with every change, or newsboat ignores it (F48)."""
    try:
        return max(now, int(os.lstat(target).st_mtime) + 1)
    except OSError:
        return now


def _temporary(folder: Path, data: bytes, when: int | None, sync: bool = True) -> Path:
    path = folder / f".aggregator-{os.urandom(8).hex()}.tmp"
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        if when is not None:
            os.utime(path, (when, when))
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
