"""Stores that programs of earlier versions wrote, byte for byte: the tables as they made them, the rows as they filled them,
the index of words as they cut them. `tests/data/stores/N.sql` is of schema N; `a.rss` and `b.rss` are what they polled.
"""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import sys
from pathlib import Path

import pytest

from aggregator import answers, cycle
from aggregator.cli import main
from aggregator.config import Config
from aggregator.cycle import Wanted
from aggregator.store import lookup, migrations, open_writer
from tests.helpers import change, config

STORES = Path(__file__).parent / "data" / "stores"
VERSIONS = sorted(int(one.stem) for one in STORES.glob("*.sql"))
LATER = 1_795_730_000  # two hours after the last of them was written
POLLED = {1, 4, 7, VERSIONS[-1]}  # polled again: a second each
SPLIT = "urn:uuid:a52c5469-6b47-5cae-8875-4b2e16b35c3c"  # from its story, by its editor


def written(folder: Path, version: int) -> tuple[Config, list[str]]:
    """(the config of its user, ids of `all` as that program published them), with the store in place."""
    body = "".join(f'[[sources]]\nid = "{name}"\npath = "{STORES / name}.rss"\n' for name in ("a", "b"))
    settings = config(folder, f'{body}[[topics]]\nid = "sea"\nmatch = "ferry"\n', 'database = "s.db"')
    text = (STORES / f"{version:02}.sql").read_text(encoding="utf-8")
    conn = sqlite3.connect(settings.database, isolation_level=None)
    conn.executescript(text)
    conn.close()
    return settings, re.findall(r"urn:\S+", text.splitlines()[0])


def said_in(file: Path) -> dict[int, str]:
    """Entry → what its source said, as a program before the 17th schema kept it."""
    conn = sqlite3.connect(file)
    table = "said" if conn.execute("SELECT 1 FROM pragma_table_list('said')").fetchone() else "raw"
    found = dict(conn.execute(f"SELECT entry, json FROM {table}"))
    conn.close()
    return found


def published(settings: Config) -> list[str]:
    return [one["id"] for one in json.loads((settings.output / "all.json").read_text())["items"]]


def test_R10_there_is_a_store_of_each_version() -> None:
    assert list(range(1, len(VERSIONS) + 1)) == VERSIONS and len(VERSIONS) >= 10
    assert migrations.version() >= VERSIONS[-1]


@pytest.mark.parametrize("version", VERSIONS)
def test_R10_what_an_earlier_program_wrote_is_all_there(tmp_path: Path, version: int) -> None:
    settings, before = written(tmp_path, version)
    said = said_in(settings.database)
    assert len(before) == 6 and len(said) >= 6
    with open_writer(settings.database) as store:
        assert {number: lookup.said(store, number) for number in said} == said
        cycle.run(settings, store, None, LATER)
        assert published(settings) == before, "the ids that readers know, once each"
        if version in POLLED:
            report = cycle.run(settings, store, Wanted(everything=True), LATER + 60)
            assert not report.collected.failures and report.collected.new == 0, "the same documents"
            assert published(settings) == before
        alone = "SELECT count(*) FROM entries e JOIN entries o ON o.story = e.story WHERE e.public_id = ?"
        assert store.value(alone, (SPLIT,)) == 1, "what was split stays apart"
        assert {one.title for one, _ in answers.search(store, "lodz", 9, LATER)} == {"Łódź elects a mayor"}
        assert len(answers.search(store, "rescued", 9, LATER)) == 2
        change(store, "INSERT INTO entry_fts (entry_fts) VALUES ('integrity-check')")
        assert store.rows("PRAGMA foreign_key_check") == [] and store.value("PRAGMA integrity_check") == "ok"


@pytest.mark.parametrize(
    "words", [["run"], ["status"], ["search", "ferry"], ["dump"], ["refold"], ["prune"], ["doctor"]]
)
def test_R10_an_older_program_leaves_a_newer_store_alone(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the program it is a number that it does not know, as to one of before."""
    settings, _ = written(tmp_path, VERSIONS[-1])
    conn = sqlite3.connect(settings.database)
    conn.execute(f"PRAGMA user_version = {migrations.version() + 1}")
    conn.close()
    stored = settings.database.read_bytes()
    monkeypatch.setattr(sys, "argv", ["aggregator", *words, "--config", str(settings.path)])
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended:
        main()
    signal.signal(signal.SIGTERM, before)  # which a program that is done no longer heeds
    told = capsys.readouterr()
    assert ended.value.code == (1 if words == ["doctor"] else 2)
    (line,) = [one for one in (told.out + told.err).splitlines() if "newer aggregator" in one]
    assert str(settings.database) in line and "update the program" in line
    assert settings.database.read_bytes() == stored
    assert not settings.output.exists()
