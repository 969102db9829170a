"""Commands that only look: for a user who may not write, without secrets, and over a damaged file."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from aggregator import cli, cycle
from aggregator.cli import group, upkeep
from aggregator.config import load
from aggregator.errors import AggregatorError, ConfigError, StoreError
from aggregator.store import open_reader, open_writer
from tests.helpers import NOW, config, entry, put

NOBODY = 65_534
LOOKING = (
    ["status"],
    ["search", "ferry"],
    ["why", "1"],
    ["dump"],
    ["plan"],
    ["sources", "list"],
    ["topics", "list"],
    ["overrides", "list"],
    ["doctor", "--json"],
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Path]:
    """A folder that holds a database, whose config wants a secret that nobody has."""
    settings = config(
        tmp_path, '[[sources]]\nid = "a"\npath = "none.txt"\n[[topics]]\nid = "sea"\nmatch = "ferry"\n'
    )
    with open_writer(settings.database) as store:
        put(store, entry("a", "1", "Ferry sinks in the harbour", "Many lines of text. " * 200, at=NOW - 900))
        put(
            store,
            *(
                entry("a", str(n), f"Ferry number {n} sails", "Other words of it. " * 200, at=NOW - n)
                for n in range(2, 40)
            ),
        )
        cycle.run(settings, store, None, NOW)
    path = tmp_path / "config.toml"
    path.write_text(
        path.read_text()
        + '[[sources]]\nid = "paid"\nurl = "https://paid.example/feed"\nheaders = { Authorization = "env:NOBODY_KNOWS" }\n'
    )
    yield tmp_path


def _run(desk: Path, *arguments: str) -> str:
    done = CliRunner().invoke(
        group, ["--config", str(desk / "config.toml"), *arguments], standalone_mode=False
    )
    if done.exception is not None:
        raise done.exception
    return done.output


@pytest.mark.parametrize("arguments", LOOKING, ids=" ".join)
def test_R9_who_only_looks_needs_no_secret(desk: Path, arguments: list[str]) -> None:
    assert _run(desk, *arguments)


@pytest.mark.parametrize("arguments", [["run"], ["split", "1"]], ids=" ".join)
def test_who_polls_or_publishes_does(desk: Path, arguments: list[str]) -> None:
    with pytest.raises(ConfigError, match="NOBODY_KNOWS is not set"):
        _run(desk, *arguments)


def test_a_secret_that_is_an_address_is_made_up_as_one(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(
        '[service]\nping_url = "env:PING"\n[[sources]]\nid = "a"\nurl = "env:FEED"\n'
        '[poll]\ndask_scheduler = "env:CLUSTER"\n'
    )
    found = load(tmp_path / "c.toml", {"PING": "https://ping.example/"}, secrets=False)
    assert (found.ping_url, found.sources[0].url) == (
        "https://ping.example/",
        "https://unset.invalid:443/FEED",
    )


def _as_nobody(folder: Path, arguments: list[str]) -> tuple[int, str]:
    """(exit code, what was printed) of a command run by a user who may read the folder, and nothing more.

    In a child of this process, since another user may not even be able to run this Python.
    """
    for place in (folder, *folder.rglob("*")):
        place.chmod(0o555 if place.is_dir() else 0o444)
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        code, said = 70, ""
        try:
            if os.geteuid() == 0:
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            done = CliRunner().invoke(
                group, ["--config", str(folder / "config.toml"), *arguments], standalone_mode=False
            )
            failed = done.exception
            code = (
                failed.exit_code
                if isinstance(failed, AggregatorError)
                else 70
                if failed
                else int(done.return_value or 0)
            )
            said = done.output if failed is None else f"{type(failed).__name__}: {failed}"
        finally:
            os.write(sending, said.encode()[:60_000])
            os._exit(code)
    os.close(sending)
    with os.fdopen(receiving, "rb") as wire:
        said = wire.read().decode()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


@pytest.fixture
def readable(desk: Path) -> Iterator[Path]:
    """The same below a place that everybody may enter."""
    for arguments in LOOKING:  # what these load and another user may not read is in memory from now on
        _run(desk, *arguments)
    with tempfile.TemporaryDirectory(dir="/tmp") as outer:
        Path(outer).chmod(0o755)
        folder = Path(outer) / "desk"
        shutil.copytree(desk, folder)
        yield folder
        for place in (folder, *folder.rglob("*")):
            place.chmod(0o755)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_R9_who_only_looks_needs_no_right_to_write(readable: Path) -> None:
    assert not list(readable.glob("*.db-wal")), "closed well: no files of the WAL are left to read through"
    for arguments in LOOKING:
        code, said = _as_nobody(readable, arguments)
        if arguments[0] == "doctor":  # says what this user lacks, and that nothing is damaged
            found = {one["what"]: one for one in json.loads(said)}
            assert code == 1 and found["database"]["ok"] and not found["database folder"]["ok"], said
            assert "restore" not in said
        else:
            assert code == 0 and said, (arguments, said)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_R9_who_may_not_even_read_is_told_so(readable: Path) -> None:
    database = load(readable / "config.toml", {}, secrets=False).database
    for arguments in (["status"], ["doctor"]):
        code, said = _unreadable(readable, database, arguments)
        assert code in (1, 2) and "permission" in said and "restore" not in said, said


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_R9_a_folder_that_may_not_be_entered_is_one_line_in_every_command(readable: Path) -> None:
    locked, polling = readable / "locked", ["check", "--online", "--json"]
    locked.mkdir()
    (locked / "s.txt").write_text("A headline of today\n")
    (readable / "config.toml").write_text(
        '[service]\ndatabase = "locked/a.db"\noutput = "locked/public"\n'
        '[[sources]]\nid = "s"\npath = "locked/s.txt"\n[[topics]]\nid = "sea"\nlike = ["file:locked/s.txt"]\n'
    )
    _run(readable, *polling)  # what is loaded for it is in memory from now on
    for arguments in LOOKING:
        code, said = _unreadable(readable, locked, arguments)
        assert "a.db: can't be looked for: Permission denied; mend the permissions" in said
        assert said.startswith("StoreError: ") or (arguments[0], code) == ("doctor", 1)
    code, said = _unreadable(readable, locked, ["status", "--config", str(locked / "config.toml")])
    assert said.startswith("ConfigError: ") and said.endswith("config.toml: can't be read: Permission denied")
    code, said = _unreadable(readable, locked, ["check"])
    assert "there is no such file: " in said and "locked/s.txt" in said
    path = readable / "config.toml"
    path.chmod(0o644)
    path.write_text(path.read_text().partition("[[topics]]")[0].replace("locked/a.db", "a.db"))
    said = _unreadable(readable, locked, polling)[1]
    assert "locked/s.txt: can't be read: Permission denied" in said


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left"), "the output: can't be written: No space left; make room"),
        (
            OSError(errno.ENOSPC, "No space left", "a.txt"),
            "a.txt: can't be written: No space left; make room",
        ),
        (
            OSError(errno.EACCES, "Permission denied", "a.txt"),
            "a.txt: Permission denied; mend the permissions",
        ),
        (OSError(errno.EROFS, "Read-only", "a.txt"), "a.txt: Read-only; choose another place"),
        (OSError(errno.ENAMETOOLONG, "Too long", "a.txt"), "a.txt: Too long; choose a shorter one"),
        (OSError(errno.EACCES, "Permission denied"), None),
        (OSError(errno.ENOENT, "No such file", "a.txt"), None),
    ],
)
def test_what_is_no_bug_of_ours_is_one_line(error: OSError, words: str | None) -> None:
    said = cli._of_this_machine(error)
    assert said is words or (said is not None and words is not None and said.startswith(words))


def _unreadable(folder: Path, database: Path, arguments: list[str]) -> tuple[int, str]:
    if os.geteuid() == 0:
        os.chown(database, 0, 0)
    before = Path.chmod

    def chmod(place: Path, mode: int) -> None:
        before(place, 0o000 if place == database else mode)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "chmod", chmod)
        return _as_nobody(folder, arguments)


def _damaged(desk: Path) -> Path:
    """Every page but the first is noise."""
    path = load(desk / "config.toml", {}, secrets=False).database
    body = path.read_bytes()
    path.write_bytes(body[:4096] + b"\xa5" * (len(body) - 4096))
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        *LOOKING[:5],
        ["topics", "list"],
        ["overrides", "list"],
        ["backup", "copy.db"],
        ["split", "1"],
        ["join", "1", "2"],
        ["refold"],
        ["prune"],
        ["run", "--offline"],
        ["add", "--title", "x"],
    ],
    ids=" ".join,
)
def test_R8_a_damaged_file_is_one_line_in_every_command(
    desk: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _damaged(desk)
    monkeypatch.chdir(desk)
    monkeypatch.setenv("NOBODY_KNOWS", "x")
    with pytest.raises(AggregatorError) as caught:
        _run(desk, *arguments)
    assert isinstance(caught.value, StoreError) and caught.value.exit_code == 2
    words = str(caught.value)
    assert str(path) in words and "\n" not in words and "restore" in words


def test_R8_doctor_tells_damage(desk: Path) -> None:
    _damaged(desk)
    done = CliRunner().invoke(
        group, ["--config", str(desk / "config.toml"), "doctor", "--json"], standalone_mode=False
    )
    assert done.return_value == 1
    (found,) = [one for one in json.loads(done.output) if one["what"] == "database"]
    assert not found["ok"] and "restore a backup" in found["detail"]


def test_R8_doctor_takes_no_full_disk_for_damage(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = load(desk / "config.toml", {}, secrets=False).database

    def said() -> dict[str, tuple[bool, str]]:
        done = CliRunner().invoke(
            group, ["--config", str(desk / "config.toml"), "doctor", "--json"], standalone_mode=False
        )
        return {one["what"]: (one["ok"], one["detail"]) for one in json.loads(done.output)}

    assert said()["database"][0] and said()["database folder"][0]
    free = shutil.disk_usage(database.parent).free
    monkeypatch.setattr(upkeep, "ROOM", free * 2)
    assert "MB are free there" in said()["database folder"][1] and not said()["output folder"][0]
    database.with_name(f"{database.name}-wal").unlink(missing_ok=True)
    database.with_name(f"{database.name}-wal").mkdir()
    sound, words = said()["database"]
    assert not sound and "can't be opened" in words and "restore" not in words


def test_a_mistake_in_our_own_sql_is_no_damage(desk: Path) -> None:
    import sqlite3

    path = load(desk / "config.toml", {}, secrets=False).database
    with pytest.raises(sqlite3.ProgrammingError), open_reader(path) as store:
        store.row("SELECT ?")
