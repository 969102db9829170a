"""What waits: entries to be folded, for the first time or again; editions to be published; held edits. SQL
only.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

from aggregator.store.base import Reader, Store, Writer
from aggregator.store.intents import free_at
from aggregator.store.members import drop_empty, events_of
from aggregator.store.unpublished import mark_event
from aggregator.store.vocabulary import PERIOD, WORDS, forget_postings_of


def pending(reader: Reader) -> Sequence[int]:
    """All entries that wait, in the order (published, id): it does not matter who answered first."""
    # An array: a million numbers take 8 MB, not 40.
    return array(
        "q",
        (
            row[0]
            for row in reader.stream(
                "SELECT e.id FROM pending_entry u CROSS JOIN entry e ON e.id = u.entry ORDER BY e.published, "
                "e.public_id"
            )
        ),
    )


def pending_count(reader: Reader) -> int:
    return int(reader.value("SELECT count(*) FROM pending_entry"))


def forget(store: Store, since: int | None) -> int:
    """Unmake the stories published from `since` on (None: all); their entries wait to be folded again.
    Overrides stay.
    """
    least = -(1 << 62) if since is None else since
    with store.transaction() as writer:
        writer.run("INSERT OR IGNORE INTO dirty SELECT DISTINCT topic FROM label")
        writer.run("INSERT OR IGNORE INTO dirty VALUES ('all')")
        writer.run("INSERT OR IGNORE INTO dirty SELECT 'event:' || id FROM event")
        stories = writer.column("SELECT id FROM story WHERE published >= ?", (least,))
        with _chosen_stories(writer, stories):
            if since is not None:
                _uncount(writer)
            _let_go(writer)
        writer.run("DELETE FROM posting WHERE (period, at) >= (?, ?)", divmod(least, PERIOD))
        if since is None:
            for table in ("term", "vector", "alias"):
                writer.run(f"DELETE FROM {table}")
            writer.run("DELETE FROM meta WHERE key = 'events seen'")
        # what was told within another item may stand alone now
        writer.run("DELETE FROM archived WHERE number = 0")
        writer.run(
            "INSERT OR IGNORE INTO pending_entry SELECT id FROM entry WHERE kept = 1 AND id NOT IN (SELECT "
            "entry FROM member)"
        )
    return pending_count(store)


def unmake(writer: Writer, stories: Collection[int]) -> None:
    """These stories alone; their entries wait to be folded again. Inside a transaction."""
    for event in sorted(set(events_of(writer, stories).values())):
        mark_event(writer, event)
    forget_postings_of(writer, stories)
    with _chosen_stories(writer, stories):
        entries_of = "SELECT entry FROM member WHERE story IN (SELECT story FROM unmade)"
        writer.run(
            "DELETE FROM archived WHERE +number = 0 AND (id_hash, public_id) IN "
            f"(SELECT id_hash(public_id), public_id FROM entry WHERE id IN ({entries_of}))"
        )
        _uncount(writer)
        _let_go(writer)


@contextmanager
def _chosen_stories(writer: Writer, stories: Iterable[int]) -> Iterator[None]:
    """Their numbers as the temporary table `unmade`."""
    writer.run("CREATE TEMP TABLE unmade (story INTEGER PRIMARY KEY)")
    try:
        writer.run_many("INSERT INTO unmade VALUES (?)", [(story,) for story in stories])
        yield
    finally:
        writer.run("DROP TABLE unmade")


def _let_go(writer: Writer) -> None:
    """The entries of the stories in `unmade` wait again, and the stories are gone."""
    of_these = "story IN (SELECT story FROM unmade)"
    writer.run(f"INSERT OR IGNORE INTO pending_entry SELECT entry FROM member WHERE {of_these}")
    writer.run(f"DELETE FROM member WHERE {of_these}")
    drop_empty(writer, writer.column("SELECT story FROM unmade"))


def _uncount(writer: Writer) -> None:
    """Take what only the stories in `unmade` say out of what was counted of their events: it is counted
    again.
    """
    these = "(SELECT story FROM unmade)"
    words = (
        "SELECT s.event AS event, word.value AS term FROM story s JOIN vector v ON v.story = s.id, "
        f"{WORDS} word WHERE s.id"
    )
    touched = f"SELECT DISTINCT event FROM story WHERE id IN {these}"
    found = writer.rows(
        f"SELECT count(*), term FROM ({words} IN {these} "
        f"EXCEPT {words} NOT IN {these} AND s.event IN ({touched})) GROUP BY term"
    )
    writer.run_many("UPDATE term SET events = max(0, events - ?) WHERE id = ?", found)
    whole = writer.value(
        f"SELECT count(*) FROM ({touched}) t WHERE NOT EXISTS "
        f"(SELECT 1 FROM story s WHERE s.event = t.event AND s.id NOT IN {these})"
    )
    writer.set_meta("events seen", str(max(0, int(writer.meta("events seen") or 0) - whole)))


def work(reader: Reader, at: int) -> bool:
    """Entries that wait to be folded, editions to be printed, held edits that may be taken at `at`."""
    waits = reader.value("SELECT EXISTS (SELECT 1 FROM pending_entry) OR EXISTS (SELECT 1 FROM dirty)")
    debts = reader.rows(
        "SELECT e.revisions, e.changed FROM pending_edit p CROSS JOIN entry e ON e.id = p.entry"
    )
    return bool(waits) or any(at >= free_at(revisions, changed) for revisions, changed in debts)
