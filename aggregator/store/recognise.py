"""Which stored entry is this item of a document? By its guid; where guids change, repeat or mean nothing, by
what it says (C4).

Nothing may be lost: an item that only shares a guid or a link with a stored one, and is otherwise about
something else, is new.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence

from aggregator import urls
from aggregator.model import Entry
from aggregator.records import dataclass
from aggregator.store import rows
from aggregator.store.base import Reader, Writer
from aggregator.store.lookup import numbers_of
from aggregator.store.rows import id_hash
from aggregator.text.words import words

_DAY = 20 * 3600  # seconds: what comes daily comes some minutes early, too
ROTATING = 3  # new links of a document, at least, that show what all of its links say
OWN_WORDS = 8  # of headline and text, at least, that make an item which left the same as a new one
MAX_NEAR = 100  # stored entries that an item is compared with
# The entry with a key of a source
_OF_KEY = (
    "by_key k CROSS JOIN entry e ON e.id = k.entry "
    "WHERE k.key_hash = id_hash(?1 || char(10) || ?2) AND e.source = ?1 AND e.key = ?2"
)
_COLUMNS = (
    "e.id, e.key, e.link_key, e.title, e.published, e.digest, e.changed, e.revisions, e.updated, e.guid"
)


@dataclass(frozen=True, slots=True)
class StoredItem:
    """A stored entry, as far as it matters for recognising it again."""

    id: int
    key: str
    link_key: str | None
    title: str
    published: int
    digest: str
    changed: int
    revisions: int
    updated: int | None
    guid: str | None


def with_keys(reader: Reader, source: str, entries: Sequence[Entry]) -> dict[str, StoredItem]:
    """Key → what is stored under it, of the keys of these entries."""
    keys = {entry.key for entry in entries}
    query = (
        f"SELECT {_COLUMNS} FROM by_key k CROSS JOIN entry e ON e.id = k.entry "
        "WHERE e.source = ? AND k.key_hash"
    )
    found = reader.chosen(query, {id_hash(f"{source}\n{key}") for key in keys}, source)
    return {row[1]: StoredItem(*row) for row in found if row[1] in keys}


def recognise(
    reader: Reader,
    source: str,
    entries: Sequence[Entry],
    stored: Mapping[str, StoredItem],
    held: Collection[int] = (),
) -> dict[str, StoredItem]:
    """By key of the document → the stored entry that it is; who is missing is new. `stored`: of `with_keys`;
    `held`: stored entries that other items of the document are known to be.
    """
    there = ((entry, stored.get(entry.key)) for entry in entries)
    known = {entry.key: row for entry, row in there if row is not None and not _another(entry, row)}
    strangers = [entry for entry in entries if entry.key not in known]
    taken = {row.id for row in known.values()} | set(held)
    found = _under_other_keys(reader, source, strangers, taken)
    others = [entry for entry in strangers if entry.key not in found]
    taken |= {row.id for row in found.values()}
    return known | found | _moved(reader, source, others, taken, is_all=not (known or held))


def _under_other_keys(
    reader: Reader, source: str, strangers: Sequence[Entry], taken: Container[int]
) -> dict[str, StoredItem]:
    """By key of the document → what says so under another key."""
    everywhere = said_by_all(strangers)
    candidates = {entry.key: [*_near(reader, source, entry, everywhere)] for entry in strangers}
    return _matched(strangers, candidates, taken, _SIGNS)


def _matched(
    strangers: Sequence[Entry],
    candidates: Mapping[str, Sequence[StoredItem]],
    taken: Container[int],
    signs: Iterable[_Sign],
) -> dict[str, StoredItem]:
    """By key → which of its candidates an item is, by the surest sign first; each of them is one item only,
    and none that is `taken`.
    """
    found: dict[str, StoredItem] = {}
    own: set[int] = set()
    for same in signs:
        for entry in strangers:
            if entry.key in found:
                continue
            free = (row for row in candidates[entry.key] if row.id not in taken and row.id not in own)
            fitting = [row for row in free if same(entry, row)]
            # Only an unambiguous one: a link blog may say many things about one link.
            if len(fitting) == 1 or (fitting and same is _same_words):
                found[entry.key] = fitting[0]
                own.add(fitting[0].id)
    return found


def take_keys(
    writer: Writer,
    source: str,
    entries: Sequence[Entry],
    stored: Mapping[str, StoredItem],
    known: Mapping[str, StoredItem],
) -> None:
    """Whatever a document says is stored under its key there, so that a repeat of the document finds it
    again. `stored`: of `with_keys`; `known`: what was recognised.

    Who had such a key and is something else now, or is not said any more, goes under a longer one.
    """
    own = {entry.key: known.get(entry.key) for entry in entries}
    takers = [(entry, row) for entry in entries if (row := own[entry.key]) and row.key != entry.key]
    leaving = {row.id for _, row in takers}
    for row in stored.values():
        holder = own[row.key]
        if row.id not in leaving and (holder is None or holder.id != row.id):
            writer.run("UPDATE entry SET key = ? WHERE id = ?", (_longer_key(writer, source, row), row.id))
    if takers:
        _give_keys(writer, takers, leaving)


def _give_keys(writer: Writer, takers: Sequence[tuple[Entry, StoredItem]], leaving: Iterable[int]) -> None:
    """To those that are stored under another key. `leaving`: their numbers."""
    # Two may change places: no guid begins with a line end, so nobody has these keys.
    writer.run_many("UPDATE entry SET key = char(10) || id WHERE id = ?", [(number,) for number in leaving])
    writer.run_many(
        "UPDATE entry SET key = ?, guid = ? WHERE id = ?",
        [(entry.key, entry.guid, row.id) for entry, row in takers],
    )


def said_by_all(entries: Sequence[Entry]) -> frozenset[str]:
    """What the query of every one of these links says: it tells no page from another, and is another one in
    the next document where it is there to keep caches from answering (`?ima=0004`).
    """
    queries = [set(urls.path_and_query(entry.link_key)[1]) for entry in entries if entry.link_key]
    return frozenset(set.intersection(*queries)) if len(queries) >= ROTATING else frozenset()


def is_readdressed(entry: Entry, row: StoredItem, everywhere: Collection[str]) -> bool:
    """Whether the link is another one than the stored one in nothing but what all links say, or what
    may be tracking.
    """
    if not entry.link_key or not row.link_key or entry.link_key == row.link_key:
        return False
    (mine, said), (other, before) = urls.path_and_query(entry.link_key), urls.path_and_query(row.link_key)
    return (
        mine == other
        and _names(said) == _names(before)
        and set(everywhere).issuperset(set(said) - set(before))
    )


def _near(reader: Reader, source: str, entry: Entry, everywhere: frozenset[str]) -> Iterator[StoredItem]:
    """The newest entries that it may be: with its link, or with its title where links say little; with the
    path of its link where its query says nothing but what is said `everywhere`. What a planet or aggregator
    took from one feed is never what it took from another.
    """
    own = (source, entry.teller)
    if entry.link_key is None:
        yield from _newest(reader, _UNLINKED, entry.title, *own)
        return
    page = urls.page_key(entry.link_key)
    for link_key in dict.fromkeys((entry.link_key, page)):
        yield from _newest(reader, _LINKED, link_key, *own)
    for row in _newest(reader, _DOUBTFUL, entry.title, *own):
        if row.link_key not in (None, entry.link_key) and urls.page_key(row.link_key) == page:
            yield row
    path, said = urls.path_and_query(entry.link_key)
    if said and everywhere.issuperset(said):
        yield from _newest(reader, _QUERIED, path, *own)


def _moved(
    reader: Reader, source: str, strangers: Sequence[Entry], taken: Collection[int], is_all: bool
) -> dict[str, StoredItem]:
    """What left the document in which the same headline of the same second is new may be that, under another
    guid and link. `is_all`: nothing in the document is known; then it may be of a site that moved, to another
    host or folder. Else all of the text has to be the same: only the address was edited.
    """
    if not strangers:
        return {}
    left = _left(reader, source, taken)
    near = {one.key: left.get((one.teller, one.title, one.published), []) for one in strangers}
    signs: list[_Sign] = [_same_place, functools.partial(_is_copy, reader)]
    return _matched(strangers, near, taken, signs if is_all else signs[1:])


def _left(
    reader: Reader, source: str, taken: Collection[int]
) -> dict[tuple[str, str, int | None], list[StoredItem]]:
    """What the document held before and does not now, by teller, title and second."""
    before: list[int] = rows.load(reader.value("SELECT present FROM source WHERE id = ?", (source,)) or "[]")
    gone = set(before).difference(taken)
    left: dict[tuple[str, str, int | None], list[StoredItem]] = {}
    for *columns, teller in reader.chosen(f"SELECT {_COLUMNS}, {rows.TELLER} FROM entry e WHERE id", gone):
        row = StoredItem(*columns)
        left.setdefault((teller, row.title, row.published), []).append(row)
    return left


def _is_copy(reader: Reader, entry: Entry, row: StoredItem) -> bool:
    """Whether it says and shows the same, in words that nobody says twice in a second."""
    if len(words(entry.title)) + len(words(entry.text)) < OWN_WORDS:
        return False
    stored = rows.entry(reader.one(f"SELECT {rows.SELECT_ENTRY} FROM entry e WHERE e.id = ?", (row.id,)))
    return stored.text == entry.text and _media(stored) == _media(entry)


def _media(entry: Entry) -> list[str]:
    return [urls.media_key(one) for one in (entry.image or "", *(each.url for each in entry.enclosures))]


def _another(entry: Entry, row: StoredItem) -> bool:
    """Whether a guid that is no address (`0`, a position in the list, the home page) stands for something
    else now: link, headline and date differ.
    """
    if entry.guid is None or (
        urls.is_id(entry.guid) and not (urls.host(entry.guid) and urls.key(entry.guid) is None)
    ):
        return False
    elsewhere = entry.link_key is None or entry.link_key != row.link_key
    return elsewhere and not _alike(entry.title, row.title) and entry.published != row.published


def _same_words(entry: Entry, row: StoredItem) -> bool:
    return entry.digest == row.digest


def _same_title(entry: Entry, row: StoredItem) -> bool:
    """Without a link only at the same time: "Today's headlines" come every day, and under a guid of their
    own.
    """
    return (
        entry.title == row.title
        and entry.link_key == row.link_key
        and (_same_day(entry, row) if entry.link_key else entry.published in (None, row.published))
    )


def _same_link(entry: Entry, row: StoredItem) -> bool:
    """An edited headline; a column that comes each day under one link has another headline and
    another date.
    """
    return (
        entry.link_key is not None
        and entry.link_key == row.link_key
        and (entry.published == row.published or (_alike(entry.title, row.title) and _same_day(entry, row)))
    )


def _same_page(entry: Entry, row: StoredItem) -> bool:
    """Links that differ in what may be tracking only: the same where all else is. Guids say what is meant,
    and without them a headline does.
    """
    return entry.title == row.title and (
        entry.published == row.published or (entry.published is None and entry.guid is None)
    )


def _same_path(entry: Entry, row: StoredItem) -> bool:
    """The same title at the same second under the same path, with another value of what all links say."""
    if not entry.link_key or not row.link_key or entry.published != row.published:
        return False
    (mine, said), (other, before) = urls.path_and_query(entry.link_key), urls.path_and_query(row.link_key)
    return entry.title == row.title and mine == other and _names(said) == _names(before)


def _same_place(entry: Entry, row: StoredItem) -> bool:
    """The same title at the same second, and the end of the link is the same, too."""
    if not entry.link_key or not row.link_key or entry.published != row.published:
        return False
    mine, other = (urls.page_key(key).rpartition("/")[2] for key in (entry.link_key, row.link_key))
    return bool(mine) and mine == other and entry.title == row.title


def _names(query: Iterable[str]) -> list[str]:
    return [pair.partition("=")[0] for pair in query]


def _same_day(entry: Entry, row: StoredItem) -> bool:
    return entry.published is None or abs(entry.published - row.published) < _DAY


def _alike(one: str, other: str) -> bool:
    a, b = set(words(one)), set(words(other))
    return one == other or 2 * len(a & b) > max(len(a), len(b))


def _longer_key(reader: Reader, source: str, row: StoredItem) -> str:
    wanted = [f"{row.key}\n{row.link_key}\n{row.title}", f"{row.key}\n{row.id}"]
    return _first_free(
        lambda key: reader.row(f"SELECT 1 FROM {_OF_KEY}", (source, key)) is None,
        wanted,
    )


def free_ids(reader: Reader, entries: Sequence[Entry], taken: set[str]) -> list[str]:
    """Of each entry the guid where it can be a published id, else one made from source and key; two entries
    never share one (F14). `taken`: of those that are about to be stored, to which these are added.
    """
    wanted = [urls.public_id(entry.source, entry.key, entry.guid) for entry in entries]
    stored = numbers_of(reader, wanted)
    found = []
    for entry, name in zip(entries, wanted, strict=True):
        given = _other_id(reader, entry, taken) if name in stored or name in taken else name
        taken.add(given)
        found.append(given)
    return found


def _other_id(reader: Reader, entry: Entry, taken: Container[str]) -> str:
    """Where somebody else has the guid."""

    def free(name: str) -> bool:
        return name not in taken and reader.value(f"SELECT {rows.entry_of('?1')}", (name,)) is None

    return _first_free(free, [urls.public_id(entry.source, entry.key, None)], entry.source)


def _first_free(free: Callable[[str], bool], wanted: Sequence[str], *minted: str) -> str:
    for one in wanted:
        if free(one):
            return one
    number = 2
    while not free(one := urls.mint(*minted, wanted[-1], str(number))):
        number += 1
    return one


_Sign = Callable[[Entry, StoredItem], bool]
_SIGNS: tuple[_Sign, ...] = (_same_words, _same_title, _same_link, _same_page, _same_path)

# Where the newest are found, by ?1, and of which columns the source and the date are
_BY_LINK = "by_link l CROSS JOIN entry e ON e.id = l.entry WHERE l.link_hash = id_hash"
_LINKED = f"{_BY_LINK}(?1) AND e.link_key = ?1", "l"
_QUERIED = f"{_BY_LINK}(?1 || '?') AND e.link_key > ?1 || '?' AND e.link_key < ?1 || '@'", "l"
_UNLINKED = "entry e WHERE link_key IS NULL AND title = ?1", "e"
_DOUBTFUL = "entry e WHERE instr(link_key, ' ') > 0 AND title = ?1", "e"


def _newest(reader: Reader, place: tuple[str, str], value: str, *own: str) -> Iterator[StoredItem]:
    """Some source's every item has one link or one title: what is asked follows what is new, not what is
    stored. `own`: source and teller.
    """
    found, by = place
    query = (
        f"SELECT {_COLUMNS} FROM {found} AND {by}.source = ?2 AND {rows.TELLER} = ?3 "
        f"ORDER BY {by}.published DESC LIMIT {MAX_NEAR}"
    )
    yield from [StoredItem(*row) for row in reader.rows(query, (value, *own))]
