"""Fuzzing in short form; our own labelled set; real clients, where they are installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from aggregator import check, cycle, evaluate
from aggregator.cycle import Wanted
from aggregator.store import open_writer
from aggregator.web import Application, Running
from tests import fuzz
from tests.helpers import NOW, config

SEEDS = Path(__file__).parent.parent / "aggregator" / "seeds" / "*.txt"
LABELLED = Path(__file__).parent / "data" / "sameness.jsonl"


def test_mutated_feeds_never_break_what_is_published(tmp_path: Path) -> None:
    assert fuzz.rounds(120, 3, tmp_path) == []


def test_the_levels_hold_on_our_own_labelled_set() -> None:
    text, event = evaluate.labelled(LABELLED)
    assert text.precision >= 0.98 and text.recall >= 0.9, text
    assert event.precision >= 0.9 and event.b3_f1 >= 0.85, event


def test_the_published_seeds_pass_our_own_checks(tmp_path: Path) -> None:
    settings = config(tmp_path, f'[[sources]]\nid = "seeds"\npath = "{SEEDS}"\n')
    with open_writer(settings.database) as store:
        cycle.run(settings, store, Wanted(), NOW)
    assert list(check.folder(settings.output)) == []


@pytest.mark.skipif(shutil.which("newsboat") is None, reason="newsboat is not installed")
def test_F63_newsboat_shows_every_item_once(tmp_path: Path) -> None:
    settings = config(tmp_path, f'[[sources]]\nid = "seeds"\npath = "{SEEDS}"\n[[topics]]\nid = "asia"\nmatch = "taiwan OR korea*"\n')
    with open_writer(settings.database) as store:
        cycle.run(settings, store, Wanted(), NOW)
    running = Running(Application(settings.output, None, settings.site.base_url), "127.0.0.1", 0)
    try:
        (tmp_path / "urls").write_text(f"http://127.0.0.1:{running.port}/asia.atom\nhttp://127.0.0.1:{running.port}/all.rss\n")
        (tmp_path / "nb").write_text("")
        command = ["newsboat", "-C", str(tmp_path / "nb"), "-u", str(tmp_path / "urls"), "-c", str(tmp_path / "cache.db")]
        unread = []
        for _ in range(2):
            subprocess.run([*command, "-x", "reload"], check=True, timeout=60, capture_output=True)
            unread.append(subprocess.run([*command, "-x", "print-unread"], check=True, timeout=60, capture_output=True, text=True).stdout.split()[0])
            with open_writer(settings.database) as store:
                cycle.run(settings, store, Wanted(), NOW + 3600)
        assert unread == ["17", "17"]
    finally:
        running.close()


@pytest.mark.skipif(shutil.which("sfeed") is None, reason="sfeed is not installed")
def test_F67_sfeed_reads_title_link_and_id(tmp_path: Path) -> None:
    settings = config(tmp_path, f'[[sources]]\nid = "seeds"\npath = "{SEEDS}"\n')
    with open_writer(settings.database) as store:
        cycle.run(settings, store, Wanted(), NOW)
    rows = {}
    for form in ("rss", "atom"):
        out = subprocess.run(["sfeed"], input=(settings.output / f"all.{form}").read_bytes(), capture_output=True, check=True, timeout=60).stdout.decode()
        rows[form] = sorted((line.split("\t")[0], line.split("\t")[1], line.split("\t")[2], line.split("\t")[5]) for line in out.splitlines())
    assert rows["rss"] == rows["atom"] and len(rows["rss"]) == 17
