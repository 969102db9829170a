"""Stories in topics. SQL only; `topics` decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from aggregator.model import Story
from aggregator.store.base import Reader, Store, Writer
from aggregator.store.stories import stories
from aggregator.store.unpublished import mark, mark_events

# what `story.labelled` says
_READS_DIFFERENTLY, _LABELLED, _BY_OTHER_RULES = 0, 1, 2
_WAITS = f"labelled <> {_LABELLED}"
_ASK_AGAIN = f"UPDATE story SET labelled = {_BY_OTHER_RULES} WHERE labelled = {_LABELLED}"

Label = tuple[str, int, str]
"""(topic, entry, rule)"""
Labels = Iterable[Label]


def label(store: Store, decide: Callable[[Story], Labels], limit: int = 1000) -> int:
    """Give topics to stories that have none yet, read differently now, or are asked by other rules; returns
    how many (0: none is left).
    """
    with store.transaction() as writer:
        waiting: dict[int, int] = dict(
            writer.rows(f"SELECT id, labelled FROM story WHERE {_WAITS} LIMIT ?", (limit,))
        )
        found = [(story, tuple(decide(story))) for story in stories(store, list(waiting))]
        before = _relabel(writer, found)
        news = {story.id for story, labels in found if _is_news(waiting[story.id], before[story.id], labels)}
        mark(writer, {topic for story in news for topic in before[story]})
        mark_events(writer, {story.event for story, _ in found if story.id in news})
        writer.run_many("UPDATE story SET labelled = ? WHERE id = ?", [(_LABELLED, one) for one in waiting])
    return len(waiting)


def _topics_of(reader: Reader, stories: Iterable[int]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {story: set() for story in stories}
    for story, topic in reader.chosen("SELECT story, topic FROM label WHERE story", found):
        found[story].add(topic)
    return found


def _relabel(writer: Writer, found: Sequence[tuple[Story, Sequence[Label]]]) -> dict[int, set[str]]:
    """The topics that each had before, by its number."""
    before = _topics_of(writer, [story.id for story, _ in found])
    writer.run_many("DELETE FROM label WHERE story = ?", [(one,) for one, topics in before.items() if topics])
    writer.run_many(
        "INSERT INTO label (topic, story, published, entry, rule) VALUES (?, ?, ?, ?, ?)",
        [
            (topic, story.id, story.published, entry, rule)
            for story, labels in found
            for topic, entry, rule in labels
        ],
    )
    return before


def _is_news(waited: int, before: set[str], labels: Sequence[Label]) -> bool:
    """What reads the same and stays in the same topics is not published anew."""
    return waited != _BY_OTHER_RULES or before != {topic for topic, _, _ in labels}


def topic_counts(reader: Reader) -> dict[str, tuple[int, int]]:
    """Topic → (stories, when the newest was published)."""
    query = "SELECT topic, count(*), max(published) FROM label GROUP BY topic"
    return {topic: (count, newest) for topic, count, newest in reader.rows(query)}


def unlabel_all(store: Store, topics: Sequence[str]) -> None:
    """The rules changed: every story is labelled anew."""
    with store.transaction() as writer:
        writer.run(_ASK_AGAIN)
        known = set(writer.column("SELECT DISTINCT topic FROM label"))
        writer.run_many("DELETE FROM label WHERE topic = ?", [(topic,) for topic in known - set(topics)])
        writer.run_many("DELETE FROM archived WHERE edition = ?", [(topic,) for topic in known - set(topics)])


def unlabel_some(
    store: Store, changed: Iterable[str], gone: Iterable[str], words: str, sources: Iterable[str]
) -> None:
    """The rules of some topics changed, or they are `gone`: what was in them is labelled anew, and what a
    rule may find: entries that match an FTS5 expression ("": none), or of these sources.
    """
    with store.transaction() as writer:
        again = set(writer.chosen("SELECT story FROM label WHERE topic", changed))
        by_entry = "SELECT m.story FROM member m WHERE m.entry IN (SELECT {})"
        if words:
            matching = by_entry.format("rowid FROM entry_fts WHERE entry_fts MATCH ?")
            again |= set(writer.rows(matching, (words,)))
        for source in sources:
            again |= set(writer.rows(by_entry.format("id FROM entry WHERE source = ?"), (source,)))
        writer.run_many(f"{_ASK_AGAIN} AND id = ?", sorted(again))
        left = [(topic,) for topic in gone]
        writer.run_many("DELETE FROM label WHERE topic = ?", left)
        writer.run_many("DELETE FROM archived WHERE edition = ?", left)


def unlabel_newest(store: Store, entries: int) -> None:
    """What tells topics was taught anew: the stories of so many of the newest entries are looked at again."""
    with store.transaction() as writer:
        writer.run(
            f"{_ASK_AGAIN} AND id IN (SELECT story FROM member WHERE entry IN "
            "(SELECT id FROM entry WHERE kept = 1 ORDER BY published DESC, public_id DESC LIMIT ?))",
            (entries,),
        )


def unlabel(writer: Writer, story: int) -> None:
    """Somebody said something of it that decides on its topics."""
    writer.run("UPDATE story SET labelled = ? WHERE id = ?", (_READS_DIFFERENTLY, story))


def any_unlabelled(reader: Reader) -> bool:
    """Whether a story is new, or reads differently now."""
    return reader.row(f"SELECT 1 FROM story WHERE {_WAITS} LIMIT 1") is not None


def labelled(reader: Reader) -> dict[str, set[str]]:
    """Topic → published ids of its stories."""
    found: dict[str, set[str]] = {}
    for topic, public_id in reader.rows(
        "SELECT l.topic, s.public_id FROM label l JOIN story s ON s.id = l.story"
    ):
        found.setdefault(topic, set()).add(public_id)
    return found


def labels_of(reader: Reader, story: int) -> tuple[tuple[str, int, str], ...]:
    """(topic, entry, rule) of a story."""
    return tuple(reader.rows("SELECT topic, entry, rule FROM label WHERE story = ? ORDER BY topic", (story,)))
