"""What a changed config would do, tried on a copy of the database in memory. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator import fold
from aggregator.config import Config
from aggregator.cycle.issue import label
from aggregator.store import Store, folding, sources, stories


@dataclass(frozen=True, slots=True)
class Change:
    """Of one topic, in stories; of "folds": how many entries would be folded that are not (added), and the other way round."""

    topic: str
    added: int
    removed: int
    items: int


def plan(store: Store, other: Config, present: Config) -> tuple[Change, ...]:
    """Per topic, then the folds."""
    copy = store.in_memory()
    with copy:
        before, level_before = stories.labelled(copy), stories.levels(copy)
        label(other, copy)
        if (other.text_window, other.event_window) != (present.text_window, present.event_window):
            folding.forget(copy, None)
            fold.fold(copy, fold.Settings(other.text_window, other.event_window), sources.titles(copy))
            label(other, copy)
        after, level_after = stories.labelled(copy), stories.levels(copy)
    names = dict.fromkeys([*(topic.id for topic in other.topics), *(topic.id for topic in present.topics)])
    nothing: set[str] = set()
    changes = [Change(name, len(after.get(name, nothing) - before.get(name, nothing)), len(before.get(name, nothing) - after.get(name, nothing)),
                      len(after.get(name, nothing))) for name in names]  # fmt: skip
    made, undone = level_after.keys() - level_before.keys(), level_before.keys() - level_after.keys()
    return (*changes, Change("folds", len(made), len(undone), len(level_after)))
