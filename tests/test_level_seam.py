"""A new level of sameness is one value in one table: entries that show the same picture, added here, are one story."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from aggregator import cycle
from aggregator.cli import group
from aggregator.fold import levels
from aggregator.fold.batch import Batch, Found
from aggregator.fold.coming import New
from aggregator.fold.levels import Home, Level
from aggregator.model import Reason
from aggregator.store import lookup, open_writer
from tests.helpers import NOW, config, entry, put

SAME_IMAGE = (
    "SELECT e.id, m.story FROM entry e LEFT JOIN member m ON m.entry = e.id "
    "WHERE e.image = ? AND e.id <> ? AND e.source <> ? ORDER BY e.published, e.public_id"
)


def same_picture(batch: Batch, new: New, _: Sequence[Found]) -> Home | None:
    """The story of the oldest entry of another source that shows it."""
    own = new.entry
    for other, known in batch.writer.rows(SAME_IMAGE, (own.image, own.id, own.source)):
        story = batch.placed.get(other, known)
        if story is not None and not batch.kept_apart(own, story):
            return story, Reason("picture", other, 1.0, 1.0, (("same picture", own.image or ""),))
    return None


PICTURE = Level("picture", "shows the same picture as", same_picture)


@pytest.fixture(autouse=True)
def level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "LEVELS", (levels.ITEM, levels.TEXT, PICTURE, levels.EVENT))


def folded(store_path: Path) -> list[list[str]]:
    with open_writer(store_path) as store:
        found: dict[str, list[str]] = {}
        for one, story, _, level, _ in lookup.dump(store):
            found.setdefault(str(story), []).append(f"{one.guid} {level or '–'}")
    return sorted(sorted(group) for group in found.values())


def test_an_added_level_folds_explains_and_is_split(tmp_path: Path) -> None:
    sources = "".join(f'[[sources]]\nid = "{one}"\nurl = "https://{one}.example/feed"\n' for one in "ab")
    settings = config(tmp_path, sources)
    comet, boat = "https://img.example/comet.jpg", "https://img.example/boat.jpg"
    with open_writer(settings.database) as store:
        put(store, entry("a", "a1", "Comet over Korvik bay", at=NOW - 900, image=comet),
            entry("a", "a2", "Ferry aground near Ansel", at=NOW - 800, image=boat),
            entry("b", "b1", "Night sky dazzles thousands", at=NOW - 700, image=comet),
            entry("b", "b2", "Tax on tea to rise again", at=NOW - 600))  # fmt: skip
        cycle.run(settings, store, None, NOW)
    assert folded(settings.database) == [["a1 –", "b1 picture"], ["a2 –"], ["b2 –"]]

    def said(*words: str) -> str:
        made = CliRunner().invoke(group, ["--config", str(tmp_path / "config.toml"), *words])
        assert made.exit_code == 0, made.output
        return made.output

    assert "shows the same picture as “Comet over Korvik bay”" in " ".join(said("why", "3").split())
    said("split", "3")
    assert folded(settings.database) == [["a1 –"], ["a2 –"], ["b1 –"], ["b2 –"]]
    said("refold")
    assert folded(settings.database) == [["a1 –"], ["a2 –"], ["b1 –"], ["b2 –"]]
    said("split", "3", "--undo")
    assert folded(settings.database) == [["a1 –", "b1 picture"], ["a2 –"], ["b2 –"]]
