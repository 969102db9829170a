"""Pages of events and of what has no link: only what needs one is loaded and composed, many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from aggregator import cycle, edition
from aggregator.cycle.publisher import publish_changed
from aggregator.store import lookup, open_writer, unpublished
from tests.helpers import NOW, config, entry, put

SHOWN = 50

LINK = "https://n.example/1"


@pytest.mark.parametrize(
    ("name", "tellings", "expected"),
    [
        ("told once", [(1, LINK)], False),
        ("without a link", [(1, None)], True),
        ("with a link that is none", [(1, "javascript:x")], True),
        ("a copy without a link", [(1, LINK), (1, None)], True),
        ("two stories", [(1, LINK), (2, LINK)], True),
        ("as many copies as an item lists", [(1, LINK)] * SHOWN, False),
        ("one copy more", [(1, LINK)] * (SHOWN + 1), True),
    ],
)
def test_what_has_pages(name: str, tellings: Sequence[tuple[int, str | None]], expected: bool) -> None:
    assert edition.has_pages(tellings) is expected, name


def asked(folder: Path, events: int) -> list[str]:
    """What the store is asked when all of so many events are to be printed anew."""
    folder.mkdir()
    settings = config(folder, '[publish]\nlimit = 5\n[[sources]]\nid = "n"\nurl = "https://n.example/feed"\n')
    told = [entry("n", f"g{n}", f"Herring{n} swims to harbour{n}", link=f"{LINK}{n}") for n in range(events)]
    with open_writer(settings.database) as store:
        put(store, *told)
        cycle.fold_again(settings, store, NOW)
        assert lookup.counts(store)["event"] == events
        unpublished.mark_all_events(store)
        statements: list[str] = []
        store._conn.set_trace_callback(statements.append)
        assert publish_changed(settings, store, NOW + 60).written == ()
        store._conn.set_trace_callback(None)
        assert unpublished.count(store) == 0
    return [one for one in statements if one.startswith("SELECT")]


def test_cost_follows_pages_no_event_without_one_is_asked_for_alone(tmp_path: Path) -> None:
    few, many = asked(tmp_path / "few", 5), asked(tmp_path / "many", 95)
    assert len(many) == len(few)
    texts = [one for one in many if "e.content" in one]
    assert len(texts) == 1, "no text is loaded where no page is made, but for that of the source"


def test_a_page_a_source_is_written_with_its_news_only(tmp_path: Path) -> None:
    two = "".join(f'[[sources]]\nid = "{one}"\nurl = "https://{one}.example/feed"\n' for one in ("n", "o"))
    settings = config(tmp_path, two)
    page, other = settings.output / "source-n.html", settings.output / "source-o.html"
    with open_writer(settings.database) as store:
        put(store, entry("n", "g1", "Herring swims to harbour", link=LINK))
        cycle.fold_again(settings, store, NOW)
        before = page.stat().st_ino
        assert "Herring swims" in page.read_text() and "Herring swims" not in other.read_text()
        put(store, entry("o", "g2", "Budget passed by parliament", link=f"{LINK}2"))
        cycle.fold_again(settings, store, NOW + 60)
        assert "Budget passed" in other.read_text() and page.stat().st_ino == before
        page.unlink()
        assert publish_changed(settings, store, NOW + 70).written == (page.name,), "what somebody removed"
        left = config(tmp_path, two.partition('[[sources]]\nid = "o"')[0])
        assert other.name in publish_changed(left, store, NOW + 80).removed and not other.exists()
