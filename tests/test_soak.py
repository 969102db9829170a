"""The trials of `scripts/soak`, in short; and that they notice what they look for."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import pytest

from aggregator import cycle
from aggregator.config import load
from aggregator.cycle import Wanted
from aggregator.parse import parse
from aggregator.parse.isolate import Workers
from aggregator.store import open_writer
from tests import faults, soak
from tests.helpers import NOW, change
from tests.living import Living, judged


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[faults.Kind, int]]:
    """A folder to break, and how many of each kind a cycle does there."""
    folder = tmp_path_factory.mktemp("faults")
    faults.prepare(folder)
    shutil.copytree(folder / "before", folder / "counted")
    return folder, faults.count(folder / "counted")


POINTS = [
    (kind, deed, round(place / 12, 2))
    for place, (kind, deed) in enumerate(itertools.product(faults.KINDS, faults.DEEDS), 1)
]


@pytest.mark.parametrize(("kind", "deed", "place"), POINTS)
def test_R2_R3_R4_R7_a_fault_leaves_what_was_or_what_is_to_be(
    prepared: tuple[Path, dict[faults.Kind, int]], kind: faults.Kind, deed: faults.Deed, place: float
) -> None:
    """`place`: how far into the cycle; scripts/soak breaks it everywhere."""
    folder, counts = prepared
    assert faults.broken(folder, kind, max(1, round(counts[kind] * place)), deed) == ""


def test_a_fault_that_harms_is_noticed(prepared: tuple[Path, dict[faults.Kind, int]]) -> None:
    folder, counts = prepared
    assert faults.broken(folder, "rename", counts["rename"] + 1, "fail") == "was never reached"
    stray = folder / "whole" / "var" / "public" / "stray.html"
    stray.touch()
    try:
        assert faults.broken(folder, "rename", 1, "fail") == "files differ: stray.html"
    finally:
        stray.unlink()


def test_R3_killed_at_any_time_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    assert soak.kills(tmp_path, 3, feeds=3) == []


@pytest.fixture
def living(tmp_path: Path) -> Iterator[Living]:
    """Two feeds that were read to the end, into a folder that all is well in."""
    with Living(2) as found:
        (tmp_path / "config.toml").write_text(
            soak.LAW.format(hosts=f'"{found.host}"') + soak.TOPICS + found.sources()
        )
        settings = load(tmp_path / "config.toml", {})
        with (
            mock.patch.object(Workers, "parse", lambda _, *given: parse(*given)),
            open_writer(settings.database) as store,
        ):
            cycle.run(settings, store, Wanted(everything=True), NOW)
        assert judged(tmp_path, found, True) == []
        yield found


def _sql(query: str) -> Callable[[Path, Living], None]:
    def harm(folder: Path, _: Living) -> None:
        with open_writer(folder / "var" / "aggregator.db") as store:
            change(store, query)

    return harm


def _cut(name: str) -> Callable[[Path, Living], None]:
    def harm(folder: Path, _: Living) -> None:
        path = folder / "var" / "public" / name
        path.write_bytes(path.read_bytes()[:-20])

    return harm


def _newer(_: Path, living: Living) -> None:
    living.served[0] += 1


def _leftover(folder: Path, _: Living) -> None:
    (folder / "var" / "x.tmp").touch()


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_sql("DELETE FROM member WHERE entry = 3"), "neither folded nor waiting: 1"),
        (_sql("UPDATE source SET etag = '\"9\"' WHERE id = 'f1'"), 'f1 would ask for what is newer than "9"'),
        (_sql("UPDATE entry SET guid = '0-1' WHERE guid = '0-2'"), "items twice: 1"),
        (_sql("INSERT INTO pending_entry VALUES (2)"), "1 entries wait to be folded"),
        (_cut("all.atom"), "all.atom: "),
        (_cut("all.json"), "all.json: "),
        (_cut("index.html"), "index.html: is cut short"),
        (_cut("all.rss.gz"), "all.rss.gz: "),
        (_newer, "1 items are lost, such as ['0-6']"),
        (_leftover, "left over: ['x.tmp']"),
    ],
)
def test_harm_is_noticed(
    tmp_path: Path, living: Living, harm: Callable[[Path, Living], None], words: str
) -> None:
    harm(tmp_path, living)
    assert any(found.startswith(words) for found in judged(tmp_path, living, True))


def test_R20_days_of_cycles_under_retention_stay_as_large(tmp_path: Path) -> None:
    with mock.patch.object(Workers, "parse", lambda _, *given: parse(*given)):
        assert soak.month(tmp_path, days=12, each=1, feeds=2) == []


@pytest.mark.parametrize(
    ("name", "values", "wanted"),
    [
        ("database", [10, 50, 50, 50, 50, 50], []),
        ("handles", [9, 14, 14, 14, 14, 15], []),
        ("handles", [9, 14, 14, 15, 17, 30], ["handles grew from 17 to 30"]),
        ("memory", [50_000_000 * (n + 2) for n in range(6)], ["memory grew from 300,000,000 to 350,000,000"]),
    ],
)
def test_what_grew(name: str, values: list[int], wanted: list[str]) -> None:
    assert soak.grown([{name: value} for value in values], 2) == wanted
