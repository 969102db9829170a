"""What commands say where something is wrong: one line, what it is about, what to do; never a traceback."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from aggregator import fold
from aggregator.cli import group
from aggregator.errors import AggregatorError
from aggregator.store import open_writer
from tests.helpers import config, entry, put

BODY = '[[sources]]\nid = "alpha"\nurl = "https://a.example/feed"\n[[sources]]\nid = "beta"\nurl = "https://b.example/feed"\n[[topics]]\nid = "t"\nmatch = "harbour"\n'
TEXT = "The harbour of the old town was opened again after the storm. " * 8

SEVERAL = {"4": "One link, three items", "5": "Another item of that link", "6": "And a third one altogether"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("trouble")
    settings = config(made, BODY)
    with open_writer(settings.database) as store:
        put(store, entry("alpha", "1", "Harbour opened again", TEXT, link="https://a.example/one"))
        put(
            store,
            entry("alpha", "2", "Nothing of the kind"),
            entry("beta", "3", "Harbour opened again", TEXT),
        )
        several = [entry("beta", n, title, link="https://b.example/two") for n, title in SEVERAL.items()]
        put(store, *several)
        fold.fold(store, fold.Windows(), {})
    (made / "junk").write_bytes(b"\xff\xfe\0junk")
    (made / "list.json").write_text("[1, 2]")
    (made / "empty").mkdir()
    yield made
    shutil.rmtree(made)


def said(folder: Path, *arguments: str, given: str = "") -> tuple[int, str]:
    """(exit code, what is printed, or the error): of this command, in that folder."""
    done = CliRunner().invoke(
        group, ["--config", str(folder / "config.toml"), *arguments], standalone_mode=False, input=given
    )
    error = done.exception
    if isinstance(error, click.ClickException):
        return error.exit_code, error.message
    if isinstance(error, AggregatorError):
        return error.exit_code, str(error).replace(f"{folder}/", "")
    if error is not None:
        raise error
    return 0, done.output.replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            "backup {}/none/copy.db",
            "none/copy.db: can't be written: unable to open database file; make the folder, or mend its permissions",
        ),
        ("backup {}/empty", "empty: exists already; choose another name or remove it"),
        (
            "backup {}/var/aggregator.db",
            "var/aggregator.db: exists already; choose another name or remove it",
        ),
        ("restore {}/none", "none: there is no such file"),
        ("restore {}/empty", "empty: is no file"),
        ("restore {}/junk", "junk: is no usable copy: file is not a database"),
        (
            "why nothing",
            "nothing: no stored entry has this id, link or guid; `aggregator search WORDS` finds entries",
        ),
        (
            "why 999999999999999999999999",
            "999999999999999999999999: no stored entry has this id, link or guid",
        ),
        ("why https://[::1/", "https://[::1/: no stored entry has this id, link or guid"),
        ("why x\udcff", "x\udcff: no stored entry has this id, link or guid"),
        (
            "why https://b.example/two",
            "https://b.example/two: several entries are meant (4, 5, 6); give one of these numbers",
        ),
        ("split nothing", "nothing: no stored entry has this id, link or guid"),
        ("split x\udcff", "x\udcff: no stored entry has this id, link or guid"),
        ("split 2", "2: entry 2 stands alone already"),
        ("join 2 2", "2 and 2 are the same entry, 2"),
        ("join 2 nothing", "nothing: no stored entry has this id, link or guid"),
        ("hide nothing", "nothing: no stored entry has this id, link or guid"),
        ("pin nothing", "nothing: no stored entry has this id, link or guid"),
        ("search (", "search: at character 2: the query ends where a word was expected"),
        ("search tilte:a", "search: at character 1: there is no field “tilte:”"),
        ("search a --since x", "--since: “x” is no date or duration; write 2026-03-01 or 7d"),
        (
            "search a --before 999999w",
            "--before: “999999w” is no date or duration; write 2026-03-01 or 7d",
        ),
        ("search a --limit 0", "0 is not in the range 1<=x<=1000."),
        ("search a --limit 1001", "1001 is not in the range 1<=x<=1000."),
        ("search a --format xml", "'xml' is not one of 'text', 'json', "),
        ("status --state bad", "'bad' is not one of 'gone', 'blocked', "),
        ("sources remove gamma", "gamma: no such source; `aggregator sources list` shows them"),
        ("sources remove alhpa", "alhpa: no such source; did you mean alpha?"),
        ("sources pause alhpa", "alhpa: no such source; did you mean alpha?"),
        ("sources import {}/junk", "junk: not an OPML file: no <opml> and no feed in it"),
        ("sources import {}/none", "File '{}/none' does not exist."),
        ("sources export {}/none/x.opml", "none/x.opml: can't be written: No such file or directory"),
        ("sources export {}/empty", "File '{}/empty' is a directory."),
        (
            "sources add ftp://a.example/",
            "ftp://a.example/: only http and https can be polled; a local file goes into config.toml as path = …",
        ),
        ("plan --against {}/junk", "junk:1: is not UTF-8; save the file as UTF-8"),
        ("plan --against {}/list.json", "list.json:1: "),
        ("eval {}/junk", "junk:1: is no JSON ("),
        ("eval --keep {}/none/x.jsonl", "none/x.jsonl: can't be written: No such file or directory"),
        ("eval --keep {}/empty", "File '{}/empty' is a directory."),
        (
            "backup {}/var/public/copy.db",
            "var/public/copy.db: lies in the output folder, where everybody could fetch it; choose another place",
        ),
        ("help config lern", 'help config: there is no key "lern"; did you mean "learn"?'),
        ("help nothing", "help: there is no command"),
        ("init {}/junk", "Directory '{}/junk' is a file."),
        ("init {}", "config.toml: exists already and is left as it is; choose another directory"),
        ("init {}/new --from {}/junk", "junk: not an OPML file: no <opml> and no feed in it"),
        ("topics suggest --since soon", "--since: “soon” is no date or duration; write 2026-03-01 or 7d"),
    ],
)
def test_trouble_is_told_in_a_line(folder: Path, arguments: str, expected: str) -> None:
    code, words = said(folder, *arguments.format(folder, folder).split(" "))
    assert words.startswith(expected.replace("{}", str(folder))) and "\n" not in words
    assert code in (1, 2) and not (folder / "new" / "config.toml").exists()


NONE_YET = "var/aggregator.db: there is no database yet; `aggregator run` makes it"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("status", "var/aggregator.db: nothing was polled yet; `aggregator run` does the first cycle"),
        ("sources update", "nothing was polled yet, so that no source is known to have moved"),
        ("split 1", NONE_YET),
        ("join 1 2", NONE_YET),
        ("pin 1", NONE_YET),
        ("hide 1 --undo", NONE_YET),
        ("why 1", NONE_YET),
        ("dump", NONE_YET),
        ("search a", NONE_YET),
        ("plan", NONE_YET),
        ("eval", NONE_YET),
        ("backup copy.db", NONE_YET),
    ],
)  # fmt: skip
def test_before_anything_was_polled_a_command_says_so(tmp_path: Path, command: str, expected: str) -> None:
    config(tmp_path, BODY)
    code, words = said(tmp_path, *command.split(" "))
    assert words.startswith(expected) and "\n" not in words and code == 2


@pytest.mark.parametrize(
    ("given", "lines", "expected"),
    [
        ("y\n", 2, "1 of 1 right"),
        ("n\n", 2, "0 of 1 right"),
        ("s\n", 0, ""),
        ("q\n", 0, ""),
        ("", 0, ""),
        ("maybe\n\nYes\n", 2, "1 of 1 right"),
    ],
)  # fmt: skip
def test_what_somebody_says_of_a_fold_is_kept_as_eval_reads_it(
    folder: Path, tmp_path: Path, given: str, lines: int, expected: str
) -> None:
    kept = tmp_path / "kept.jsonl"
    code, words = said(folder, "eval", "--questions", "1", "--keep", str(kept), given=given)
    assert code == 0 and expected in words
    rows = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    assert len(rows) == lines and kept.exists() == bool(rows), "without an answer there is no file"
    if rows:
        same = rows[0]["event"] == rows[1]["event"]
        assert same == ("1 of 1" in expected) and said(folder, "eval", str(kept))[0] == 0
        code, words = said(folder, "eval", "--questions", "50", "--keep", str(kept), given="q\n")
        assert code == 0 and rows[0]["title"] not in words, "nobody is asked twice"
