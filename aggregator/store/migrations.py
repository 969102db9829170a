"""How a database of an earlier version becomes one of this version, step by step. Released steps are frozen:
a test holds what each of them makes of the tables. New databases are made from `schema.sql`, which says the
same as all steps together and describes every table; a change goes into both.
"""

from __future__ import annotations

import json
import sqlite3
import struct
import zlib
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # asked for its version at every start: without what carries the steps out
    from sqlite_utils import Database

Step = Callable[["Database"], None]
STEPS: list[Step] = []
SCHEMA = Path(__file__).with_name("schema.sql")


def version() -> int:
    """Of databases of this program, kept in `PRAGMA user_version`, so that an older program can refuse a
    newer file.
    """
    return len(STEPS)


def apply(conn: sqlite3.Connection, until: int | None = None) -> None:
    """All steps that this database has not taken yet, or those up to a version."""
    from sqlite_utils import Database, Migrations

    migrations = Migrations("aggregator")
    for step in STEPS[:until]:
        migrations(name=step.__name__)(step)
    migrations.apply(Database(conn))
    conn.execute(f"PRAGMA user_version = {len(STEPS[:until])}")


def make(conn: sqlite3.Connection) -> None:
    """A new database: all steps are taken."""
    from sqlite_utils import Database, Migrations

    conn.executescript(f"BEGIN; {SCHEMA.read_text(encoding='utf-8')}; COMMIT;")
    taken = Migrations("aggregator")
    taken.ensure_migrations_table(Database(conn))
    conn.executemany(
        f"INSERT INTO {taken.migrations_table} (migration_set, name, applied_at) "
        "VALUES (?, ?, strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'))",
        [(taken.name, step.__name__) for step in STEPS],
    )
    conn.execute(f"PRAGMA user_version = {version()}")


def _step(step: Step) -> Step:
    STEPS.append(step)
    return step


# fmt: off  # frozen: the SQL of released steps stays as it was
_SOURCE = """
CREATE TABLE source (
  id TEXT PRIMARY KEY, url TEXT, title TEXT NOT NULL DEFAULT '', state TEXT NOT NULL, state_since INTEGER NOT NULL,
  polled INTEGER, succeeded INTEGER, last_new INTEGER, next_poll INTEGER NOT NULL, not_before INTEGER NOT NULL, why TEXT NOT NULL,
  failures INTEGER NOT NULL, failing_since INTEGER, failure TEXT, etag TEXT, last_modified TEXT, body_hash TEXT,
  posts TEXT NOT NULL, moved TEXT, body_bytes INTEGER NOT NULL, hints TEXT NOT NULL, feed TEXT, present TEXT NOT NULL DEFAULT '[]'
) STRICT"""

_ENTRY = """
CREATE TABLE entry (
  id INTEGER PRIMARY KEY, source TEXT NOT NULL, key TEXT NOT NULL, public_id TEXT NOT NULL UNIQUE, guid TEXT, link TEXT, link_key TEXT,
  title TEXT NOT NULL, summary TEXT NOT NULL, text TEXT NOT NULL, content TEXT NOT NULL, language TEXT,
  published INTEGER NOT NULL, updated INTEGER, first_seen INTEGER NOT NULL, changed INTEGER NOT NULL,
  authors TEXT NOT NULL, categories TEXT NOT NULL, enclosures TEXT NOT NULL, image TEXT, comments TEXT, rights TEXT,
  extras TEXT NOT NULL, digest TEXT NOT NULL, revisions INTEGER NOT NULL DEFAULT 0, kept INTEGER NOT NULL DEFAULT 1,
  UNIQUE (source, key)
) STRICT"""

_REST = """
CREATE INDEX entry_link_key ON entry (link_key) WHERE link_key IS NOT NULL;
CREATE INDEX entry_published ON entry (published, public_id);
CREATE INDEX entry_first_seen ON entry (first_seen);
CREATE TABLE said (entry INTEGER PRIMARY KEY REFERENCES entry ON DELETE CASCADE, json TEXT NOT NULL) STRICT;
CREATE TABLE revision (entry INTEGER NOT NULL REFERENCES entry ON DELETE CASCADE, at INTEGER NOT NULL, title TEXT NOT NULL,
  PRIMARY KEY (entry, at)) STRICT, WITHOUT ROWID;
CREATE TABLE event (id INTEGER PRIMARY KEY, public_id TEXT NOT NULL, name INTEGER NOT NULL, published INTEGER NOT NULL,
  changed INTEGER NOT NULL) STRICT;
CREATE INDEX event_name ON event (name);
CREATE TABLE story (id INTEGER PRIMARY KEY, public_id TEXT NOT NULL, name INTEGER NOT NULL, event INTEGER NOT NULL REFERENCES event,
  published INTEGER NOT NULL, changed INTEGER NOT NULL, labelled INTEGER NOT NULL DEFAULT 0, archived INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX story_event ON story (event);
CREATE INDEX story_name ON story (name);
CREATE INDEX story_published ON story (published, public_id);
CREATE INDEX story_unarchived ON story (published, public_id) WHERE archived = 0;
CREATE INDEX story_unlabelled ON story (id) WHERE labelled = 0;
CREATE TABLE member (entry INTEGER PRIMARY KEY REFERENCES entry ON DELETE CASCADE, story INTEGER NOT NULL REFERENCES story,
  level TEXT, against INTEGER, score REAL NOT NULL DEFAULT 0, threshold REAL NOT NULL DEFAULT 0,
  features TEXT NOT NULL DEFAULT '[]') STRICT;
CREATE INDEX member_story ON member (story);
CREATE TABLE term (term TEXT PRIMARY KEY, events INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE posting (period INTEGER NOT NULL, term INTEGER NOT NULL, at INTEGER NOT NULL, story INTEGER NOT NULL,
  weight INTEGER NOT NULL, PRIMARY KEY (period, term, at, story)) STRICT, WITHOUT ROWID;
CREATE TABLE vector (story INTEGER PRIMARY KEY REFERENCES story ON DELETE CASCADE, terms TEXT NOT NULL) STRICT;
CREATE TABLE untold (entry INTEGER PRIMARY KEY REFERENCES entry ON DELETE CASCADE) STRICT;
CREATE TABLE alias (public_id TEXT PRIMARY KEY, now TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX alias_now ON alias (now);
CREATE TABLE override (kind TEXT NOT NULL, a TEXT NOT NULL, b TEXT NOT NULL, level TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (kind, a, b)) STRICT, WITHOUT ROWID;
CREATE TABLE label (topic TEXT NOT NULL, story INTEGER NOT NULL REFERENCES story ON DELETE CASCADE, published INTEGER NOT NULL,
  public_id TEXT NOT NULL, entry INTEGER NOT NULL, rule TEXT NOT NULL, archived INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (story, topic)) STRICT, WITHOUT ROWID;
CREATE INDEX label_newest ON label (topic, published, public_id);
CREATE INDEX label_unarchived ON label (topic, published, public_id) WHERE archived = 0;
CREATE TABLE dirty (edition TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE archived (edition TEXT NOT NULL, public_id TEXT NOT NULL, number INTEGER NOT NULL, position INTEGER NOT NULL,
  PRIMARY KEY (edition, public_id)) STRICT, WITHOUT ROWID;
CREATE INDEX archived_number ON archived (edition, number);
CREATE TABLE notice (id INTEGER PRIMARY KEY, source TEXT NOT NULL, title TEXT NOT NULL, at INTEGER NOT NULL, before TEXT NOT NULL,
  state TEXT NOT NULL, words TEXT NOT NULL) STRICT;
CREATE TABLE traffic (day INTEGER NOT NULL, source TEXT NOT NULL, requests INTEGER NOT NULL, not_modified INTEGER NOT NULL,
  failed INTEGER NOT NULL, new INTEGER NOT NULL, wire_bytes INTEGER NOT NULL, saved_bytes INTEGER NOT NULL,
  PRIMARY KEY (day, source)) STRICT, WITHOUT ROWID;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
"""

_TIME = "strftime('%Y-%m-%dT%H:%M:%SZ', {}, 'unixepoch')"

_VIEWS = f"""
CREATE VIEW entries AS SELECT e.id, e.source, e.title, e.link, {_TIME.format("e.published")} AS published,
  {_TIME.format("e.first_seen")} AS first_seen, m.level, m.story, s.event, e.public_id, e.guid, e.language, e.summary
  FROM entry e LEFT JOIN member m ON m.entry = e.id LEFT JOIN story s ON s.id = m.story;
CREATE VIEW stories AS SELECT s.id, s.event, e.title, e.link, {_TIME.format("s.published")} AS published,
  (SELECT count(*) FROM member m WHERE m.story = s.id) AS entries,
  (SELECT group_concat(topic, ' ') FROM label l WHERE l.story = s.id) AS topics, s.public_id
  FROM story s LEFT JOIN entry e ON e.public_id = s.public_id;
CREATE VIEW sources AS SELECT id, title, state, {_TIME.format("polled")} AS polled, {_TIME.format("last_new")} AS last_new,
  {_TIME.format("next_poll")} AS next_poll, why, failures, failure, url FROM source;
"""


# Full-text search over our own words (`text.words.search_words`, a function of the connections that write):
# one idea of what a word is for topics and search, in every script. External content, so that nothing is
# stored twice. Only what changes a word is indexed anew: sqlite-utils' own triggers do so on every UPDATE of
# a row, whichever column changed (34 µs against 5 µs a row).
_OLD, _NEW = (
    ", ".join(f"words({row}.{column})" for column in ("title", "summary", "text")) for row in ("old", "new")
)
_REMOVE = (
    f"INSERT INTO entry_fts (entry_fts, rowid, title, summary, text) VALUES ('delete', old.rowid, {_OLD});"
)
_ADD = f"INSERT INTO entry_fts (rowid, title, summary, text) VALUES (new.rowid, {_NEW});"
_FTS_TRIGGERS = f"""
CREATE TRIGGER entry_ai AFTER INSERT ON entry BEGIN
  {_ADD}
END;
CREATE TRIGGER entry_ad AFTER DELETE ON entry BEGIN
  {_REMOVE}
END;
CREATE TRIGGER entry_au AFTER UPDATE OF title, summary, text ON entry BEGIN
  {_REMOVE}
  {_ADD}
END;
"""


def _script(db: Database, script: str) -> None:
    """Run statement by statement inside the open transaction (`executescript` would commit it)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if statement.strip() and sqlite3.complete_statement(statement):
            db.conn.execute(statement)
            statement = ""


@_step
def m001_first(db: Database) -> None:
    """Everything up to version 0.1."""
    db.conn.execute(_SOURCE)
    db.conn.execute(_ENTRY)
    _script(db, _REST)
    entry = db.table("entry")
    entry.enable_fts(["title", "summary", "text"], tokenize="unicode61 remove_diacritics 2")
    _script(db, _FTS_TRIGGERS)
    _script(db, _VIEWS)


@_step
def m002_names(db: Database) -> None:
    """Stories and events are found by a number; stores of before have an index of the ids, which stays."""
    for table in ("story", "event"):
        if "name" in db.table(table).columns_dict:
            continue
        db.conn.execute(f"ALTER TABLE {table} ADD COLUMN name INTEGER NOT NULL DEFAULT 0")
        known = db.conn.execute(f"SELECT id, public_id FROM {table}").fetchall()
        db.conn.executemany(
            f"UPDATE {table} SET name = ? WHERE id = ?",
            [(zlib.crc32(public_id.encode()), row) for row, public_id in known],
        )
        db.conn.execute(f"CREATE INDEX {table}_name ON {table} (name)")


@_step
def m003_pending_edits(db: Database) -> None:
    """Edits that come too soon after others are kept until they may be taken."""
    db.conn.execute(
        "CREATE TABLE pending_edit (entry INTEGER PRIMARY KEY REFERENCES entry ON DELETE CASCADE, record "
        "TEXT NOT NULL, "
        "said TEXT NOT NULL) STRICT"
    )


@_step
def m004_publications(db: Database) -> None:
    """What came out together is known from now on; all of before counts as one publication."""
    db.conn.execute("CREATE TABLE publication (newest INTEGER PRIMARY KEY) STRICT, WITHOUT ROWID")


@_step
def m005_recognised(db: Database) -> None:
    """An item is found again by its link or its title within its source, without a look at all of it."""
    _script(
        db,
        """DROP INDEX entry_link_key;
        CREATE INDEX entry_link_key ON entry (link_key, source, published) WHERE link_key IS NOT NULL;
        CREATE INDEX entry_unlinked ON entry (title, source, published) WHERE link_key IS NULL;
        CREATE INDEX entry_doubtful ON entry (title, source, published) WHERE instr(link_key, ' ') > 0;
        """,
    )


@_step
def m006_standing(db: Database) -> None:
    """What sources say under several titles; and joiners within words, which cut words of before in two."""
    db.conn.execute(
        "CREATE TABLE standing (source TEXT NOT NULL, part INTEGER NOT NULL, first INTEGER NOT NULL, second "
        "INTEGER, "
        "stands INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (source, part)) STRICT, WITHOUT ROWID"
    )
    joined = " OR ".join(
        f"instr(title || summary || text, char({sign}))" for sign in (0xAD, 0x200C, 0x200D, 0x2060)
    )
    if db.conn.execute(f"SELECT 1 FROM entry WHERE {joined} LIMIT 1").fetchone():
        db.conn.execute("INSERT INTO entry_fts (entry_fts) VALUES ('delete-all')")
        db.conn.execute(
            "INSERT INTO entry_fts (rowid, title, summary, text) SELECT id, words(title), words(summary), "
            "words(text) FROM entry"
        )


@_step
def m007_search_letters(db: Database) -> None:
    """`lodz` finds Łódź: the index is made anew from what is stored, once."""
    db.conn.execute("INSERT INTO entry_fts (entry_fts) VALUES ('delete-all')")
    db.conn.execute(
        "INSERT INTO entry_fts (rowid, title, summary, text) SELECT id, words(title), words(summary), "
        "words(text) FROM entry"
    )


@_step
def m008_items(db: Database) -> None:
    """By what the items of each source's last document are known again; `present` are their entries,
    one by one.
    """
    for column in ("items BLOB", "items_context TEXT"):
        db.conn.execute(f"ALTER TABLE source ADD COLUMN {column}")


@_step
def m009_digests(db: Database) -> None:
    """Digests as they were made, and what hooks were told of."""
    _script(
        db,
        """CREATE TABLE digest (topic TEXT NOT NULL, until INTEGER NOT NULL, public_id TEXT NOT NULL, title TEXT NOT NULL,
          html TEXT NOT NULL, text TEXT NOT NULL, events INTEGER NOT NULL, PRIMARY KEY (topic, until)) STRICT, WITHOUT ROWID;
        CREATE TABLE hooked (hook TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (hook, key)) STRICT, WITHOUT ROWID;
        """,
    )


@_step
def m010_views(db: Database) -> None:
    """Events and folds, for people who look with SQL."""
    _script(
        db,
        f"""CREATE VIEW events AS SELECT v.id, e.title, e.link, {_TIME.format("v.published")} AS published,
          count(DISTINCT s.id) AS stories, count(DISTINCT o.source) AS sources, v.public_id
          FROM event v JOIN story s ON s.event = v.id JOIN member m ON m.story = s.id JOIN entry o ON o.id = m.entry
          LEFT JOIN entry e ON e.public_id = v.public_id GROUP BY v.id;
        CREATE VIEW folds AS SELECT m.entry, e.source, e.title, m.level, round(m.score, 3) AS score,
          round(m.threshold, 3) AS threshold, m.against, o.source AS against_source, o.title AS against_title, m.story, s.event
          FROM member m JOIN entry e ON e.id = m.entry JOIN story s ON s.id = m.story LEFT JOIN entry o ON o.id = m.against
          WHERE m.level IS NOT NULL;
        """,
    )


@_step
def m011_titles(db: Database) -> None:
    """Stories and events keep a title when the entry that founded them is gone."""
    _script(
        db,
        f"""DROP VIEW stories;
        DROP VIEW events;
        CREATE VIEW stories AS SELECT s.id, s.event, e.title, e.link, {_TIME.format("s.published")} AS published,
          (SELECT count(*) FROM member m WHERE m.story = s.id) AS entries,
          (SELECT group_concat(topic, ' ') FROM label l WHERE l.story = s.id) AS topics, s.public_id
          FROM story s LEFT JOIN entry e ON e.id = coalesce(
            (SELECT o.id FROM member m JOIN entry o ON o.id = m.entry WHERE m.story = s.id AND o.public_id = s.public_id),
            (SELECT o.id FROM member m JOIN entry o ON o.id = m.entry WHERE m.story = s.id
              ORDER BY o.published, o.public_id LIMIT 1));
        CREATE VIEW events AS SELECT v.id, e.title, e.link, {_TIME.format("v.published")} AS published,
          (SELECT count(*) FROM story s WHERE s.event = v.id) AS stories,
          (SELECT count(DISTINCT o.source) FROM story s JOIN member m ON m.story = s.id JOIN entry o ON o.id = m.entry
            WHERE s.event = v.id) AS sources, v.public_id
          FROM event v LEFT JOIN entry e ON e.id = coalesce(
            (SELECT o.id FROM entry o WHERE o.public_id = v.public_id),
            (SELECT o.id FROM story s JOIN member m ON m.story = s.id JOIN entry o ON o.id = m.entry WHERE s.event = v.id
              ORDER BY o.published, o.public_id LIMIT 1));
        """,
    )


@_step
def m012_words(db: Database) -> None:
    """Tables and columns are called by words that people know."""
    _script(
        db,
        """ALTER TABLE untold RENAME TO pending_entry;
        ALTER TABLE said RENAME TO raw;
        ALTER TABLE pending_edit RENAME COLUMN said TO raw;
        ALTER TABLE notice RENAME TO state_change;
        DROP INDEX story_name;
        DROP INDEX event_name;
        ALTER TABLE story RENAME COLUMN name TO id_hash;
        ALTER TABLE event RENAME COLUMN name TO id_hash;
        CREATE INDEX story_id_hash ON story (id_hash);
        CREATE INDEX event_id_hash ON event (id_hash);
        """,
    )


@_step
def m013_weights(db: Database) -> None:
    """The words of a vector are text, their weights bytes: two thirds of what they took as JSON."""
    db.conn.execute(
        "CREATE TABLE vector_new (story INTEGER PRIMARY KEY REFERENCES story ON DELETE CASCADE, words TEXT "
        "NOT NULL, weights BLOB NOT NULL) STRICT"
    )
    portion = "SELECT story, terms FROM vector WHERE story > ? ORDER BY story LIMIT 1000"
    last = -1
    while known := db.conn.execute(portion, (last,)).fetchall():
        last = known[-1][0]
        for story, terms in known:
            vector = json.loads(terms)
            weights = struct.pack(f"<{len(vector)}H", *vector.values())
            db.conn.execute("INSERT INTO vector_new VALUES (?, ?, ?)", (story, " ".join(vector), weights))
    _script(db, "DROP TABLE vector;\nALTER TABLE vector_new RENAME TO vector;\n")


@_step
def m014_summaries(db: Database) -> None:
    """A summary that the text begins with is not indexed a second time: the index is made anew, once."""
    remove = (
        "INSERT INTO entry_fts (entry_fts, rowid, title, summary, text) VALUES ('delete', old.rowid, "
        "words(old.title), words_beside(old.summary, old.text), words(old.text));"
    )
    add = (
        "INSERT INTO entry_fts (rowid, title, summary, text) VALUES (new.rowid, words(new.title), "
        "words_beside(new.summary, new.text), words(new.text));"
    )
    _script(
        db,
        f"""DROP TRIGGER entry_ai;
        DROP TRIGGER entry_ad;
        DROP TRIGGER entry_au;
        INSERT INTO entry_fts (entry_fts) VALUES ('delete-all');
        INSERT INTO entry_fts (rowid, title, summary, text)
          SELECT id, words(title), words_beside(summary, text), words(text) FROM entry;
        CREATE TRIGGER entry_ai AFTER INSERT ON entry BEGIN
          {add}
        END;
        CREATE TRIGGER entry_ad AFTER DELETE ON entry BEGIN
          {remove}
        END;
        CREATE TRIGGER entry_au AFTER UPDATE OF title, summary, text ON entry BEGIN
          {remove}
          {add}
        END;
        """,
    )


@_step
def m015_dates(db: Database) -> None:
    """Indexes by date hold dates alone: ids, which are links more often than not, were most of them."""
    _script(
        db,
        """DROP INDEX entry_published;
        DROP INDEX story_published;
        DROP INDEX story_unarchived;
        DROP INDEX label_newest;
        DROP INDEX label_unarchived;
        ALTER TABLE label DROP COLUMN public_id;
        CREATE INDEX entry_published ON entry (published);
        CREATE INDEX story_published ON story (published);
        CREATE INDEX story_unarchived ON story (published) WHERE archived = 0;
        CREATE INDEX label_newest ON label (topic, published);
        CREATE INDEX label_unarchived ON label (topic, published) WHERE archived = 0;
        """,
    )


@_step
def m016_hashes(db: Database) -> None:
    """Hashes have a sign, and postings the seconds of their week: each is a byte or two shorter in SQLite."""
    _script(
        db,
        """UPDATE story SET id_hash = id_hash - 2147483648;
        UPDATE event SET id_hash = id_hash - 2147483648;
        CREATE TABLE posting_new (period INTEGER NOT NULL, term INTEGER NOT NULL, at INTEGER NOT NULL, story INTEGER NOT NULL,
          weight INTEGER NOT NULL, PRIMARY KEY (period, term, at, story)) STRICT, WITHOUT ROWID;
        INSERT INTO posting_new SELECT period, term - 2147483648, at - period * 604800, story, weight FROM posting;
        DROP TABLE posting;
        ALTER TABLE posting_new RENAME TO posting;
        """,
    )


@_step
def m017_raw(db: Database) -> None:
    """What a source said is compressed beside the texts of its entry: a tenth of what it took."""
    from aggregator.store import raw

    _script(
        db,
        """CREATE TABLE raw_new (entry INTEGER PRIMARY KEY REFERENCES entry ON DELETE CASCADE, packed BLOB NOT NULL) STRICT;
        """,
    )
    portion = (
        "SELECT r.entry, r.json, e.title, e.link, e.content FROM raw r JOIN entry e ON e.id = r.entry "
        "WHERE r.entry > ? ORDER BY r.entry LIMIT 100"
    )
    last = -1 << 62
    while known := db.conn.execute(portion, (last,)).fetchall():
        last = known[-1][0]
        packed = [(number, raw.packed(*said)) for number, *said in known]
        db.conn.executemany("INSERT INTO raw_new VALUES (?, ?)", packed)
    _script(
        db,
        """DROP TABLE raw;
        ALTER TABLE raw_new RENAME TO raw;
        CREATE TRIGGER raw_au AFTER UPDATE OF title, link, content ON entry
        WHEN old.title <> new.title OR old.link IS NOT new.link OR old.content <> new.content BEGIN
          UPDATE raw SET packed = packed_anew(packed, old.title, old.link, old.content, new.title, new.link, new.content)
            WHERE entry = new.id;
        END;
        """,
    )


@_step
def m018_archived(db: Database) -> None:
    """What is archived is found by a number, as stories and events are: ids, which are links more often than
    not, stood in the table and in its index. Indexes come first: made afterwards they would be sorted in
    memory.
    """
    from aggregator.store.rows import id_hash

    db.conn.create_function("id_hash", 1, id_hash, deterministic=True)
    _script(
        db,
        """ALTER TABLE archived RENAME TO archived_old;
        DROP INDEX archived_number;
        CREATE TABLE archived (edition TEXT NOT NULL, public_id TEXT NOT NULL, id_hash INTEGER NOT NULL, number INTEGER NOT NULL,
          position INTEGER NOT NULL) STRICT;
        CREATE INDEX archived_id_hash ON archived (id_hash);
        CREATE INDEX archived_number ON archived (edition, number);
        INSERT INTO archived SELECT edition, public_id, id_hash(public_id), number, position FROM archived_old;
        DROP TABLE archived_old;
        """,
    )


@_step
def m019_undated(db: Database) -> None:
    """Whether anybody knows when an entry was new. Of those that are there already it is not noted."""
    _script(db, "ALTER TABLE entry ADD COLUMN undated INTEGER NOT NULL DEFAULT 0;")


_AT_ONCE = 20_000  # rows: what a statement changes is held in memory, as it was, until its end

_FOUND = """CREATE TABLE by_id (
  id_hash INTEGER NOT NULL,
  entry INTEGER NOT NULL,
  PRIMARY KEY (id_hash, entry)
) STRICT, WITHOUT ROWID;
CREATE TABLE by_key (
  key_hash INTEGER NOT NULL,
  entry INTEGER NOT NULL,
  PRIMARY KEY (key_hash, entry)
) STRICT, WITHOUT ROWID;
CREATE TABLE by_link (
  link_hash INTEGER NOT NULL,
  source TEXT NOT NULL,
  published INTEGER NOT NULL,
  entry INTEGER NOT NULL,
  PRIMARY KEY (link_hash, source, published, entry)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER entry_found_ai AFTER INSERT ON entry BEGIN
  SELECT RAISE(ABORT, 'two entries with one published id') FROM by_id i JOIN entry o ON o.id = i.entry
    WHERE i.id_hash = id_hash(new.public_id) AND o.public_id = new.public_id;
  SELECT RAISE(ABORT, 'two entries with one key of a source') FROM by_key k JOIN entry o ON o.id = k.entry
    WHERE k.key_hash = id_hash(new.source || char(10) || new.key) AND o.source = new.source AND o.key = new.key;
  INSERT INTO by_id VALUES (id_hash(new.public_id), new.id);
  INSERT INTO by_key VALUES (id_hash(new.source || char(10) || new.key), new.id);
  INSERT OR IGNORE INTO by_link SELECT id_hash(new.link_key), new.source, new.published, new.id WHERE new.link_key IS NOT NULL;
  INSERT OR IGNORE INTO by_link SELECT id_hash(substr(new.link_key, 1, instr(new.link_key, '?'))), new.source, new.published, new.id
    WHERE instr(new.link_key, '?') > 0;
END;
CREATE TRIGGER entry_found_ad AFTER DELETE ON entry BEGIN
  DELETE FROM by_id WHERE id_hash = id_hash(old.public_id) AND entry = old.id;
  DELETE FROM by_key WHERE key_hash = id_hash(old.source || char(10) || old.key) AND entry = old.id;
  DELETE FROM by_link WHERE link_hash IN (id_hash(old.link_key), id_hash(substr(old.link_key, 1, instr(old.link_key, '?'))))
    AND source = old.source AND published = old.published AND entry = old.id;
END;
CREATE TRIGGER entry_id_au AFTER UPDATE OF public_id ON entry WHEN old.public_id <> new.public_id BEGIN
  SELECT RAISE(ABORT, 'a published id never changes');
END;
CREATE TRIGGER entry_key_au AFTER UPDATE OF source, key ON entry WHEN old.source <> new.source OR old.key <> new.key BEGIN
  SELECT RAISE(ABORT, 'two entries with one key of a source') FROM by_key k JOIN entry o ON o.id = k.entry
    WHERE k.key_hash = id_hash(new.source || char(10) || new.key) AND o.source = new.source AND o.key = new.key
    AND o.id <> new.id;
  DELETE FROM by_key WHERE key_hash = id_hash(old.source || char(10) || old.key) AND entry = new.id;
  INSERT INTO by_key VALUES (id_hash(new.source || char(10) || new.key), new.id);
END;
CREATE TRIGGER entry_link_au AFTER UPDATE OF source, link_key, published ON entry
WHEN old.source <> new.source OR old.link_key IS NOT new.link_key OR old.published <> new.published BEGIN
  DELETE FROM by_link WHERE link_hash IN (id_hash(old.link_key), id_hash(substr(old.link_key, 1, instr(old.link_key, '?'))))
    AND source = old.source AND published = old.published AND entry = old.id;
  INSERT OR IGNORE INTO by_link SELECT id_hash(new.link_key), new.source, new.published, new.id WHERE new.link_key IS NOT NULL;
  INSERT OR IGNORE INTO by_link SELECT id_hash(substr(new.link_key, 1, instr(new.link_key, '?'))), new.source, new.published, new.id
    WHERE instr(new.link_key, '?') > 0;
END;
"""

_EVENTS = """CREATE VIEW events AS SELECT v.id, e.title, e.link, -- as of stories
  strftime('%Y-%m-%dT%H:%M:%SZ', v.published, 'unixepoch') AS published,
  (SELECT count(*) FROM story s WHERE s.event = v.id) AS stories,
  (SELECT count(DISTINCT o.source) FROM story s JOIN member m ON m.story = s.id JOIN entry o ON o.id = m.entry
    WHERE s.event = v.id) AS sources, v.public_id
  FROM event v LEFT JOIN entry e ON e.id = coalesce(
    (SELECT o.id FROM by_id i JOIN entry o ON o.id = i.entry WHERE i.id_hash = v.id_hash AND o.public_id = v.public_id),
    (SELECT o.id FROM story s JOIN member m ON m.story = s.id JOIN entry o ON o.id = m.entry WHERE s.event = v.id
      ORDER BY o.published, o.public_id LIMIT 1));
"""

_ENTRY_NOW = """CREATE TABLE entry ( -- one item as one source said it, in our normal form
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  key TEXT NOT NULL, -- by which the source's next document finds it: guid, or made from link and title
  public_id TEXT NOT NULL, -- published; never changes
  guid TEXT, -- as the source said it
  link TEXT, -- to follow
  link_key TEXT, -- to compare; behind a space what may be tracking only
  title TEXT NOT NULL, -- plain text
  summary TEXT NOT NULL, -- safe markup
  text TEXT NOT NULL, -- words of summary and content, to compare and search
  content TEXT NOT NULL, -- safe markup
  language TEXT,
  published INTEGER NOT NULL, -- when the source says; else first_seen. Never changes
  updated INTEGER, -- as the source says
  first_seen INTEGER NOT NULL,
  changed INTEGER NOT NULL, -- when it last read differently
  authors TEXT NOT NULL,
  categories TEXT NOT NULL,
  enclosures TEXT NOT NULL,
  image TEXT,
  comments TEXT, -- a link to them
  rights TEXT,
  extras TEXT NOT NULL, -- elements of extensions that are published again: [[name, value], …]
  digest TEXT NOT NULL, -- of all that it says; another one is an edit
  revisions INTEGER NOT NULL DEFAULT 0, -- edits that were taken
  kept INTEGER NOT NULL DEFAULT 1, -- 0: left out by the source's include and exclude
  undated INTEGER NOT NULL DEFAULT 0 -- 1: no date, and in the first document of its source: nobody knows when it was new
) STRICT"""


@_step
def m020_found_by_hashes(db: Database) -> None:
    """Entries are found by hashes of their ids, keys and links: whole ones, links more often than not, stood
    in the table and in three indexes. What the hashes are of is read from these indexes, not from the texts.
    """
    from aggregator.store.base import teach_hash

    teach_hash(db.conn)
    for table in ("story", "event", "archived"):
        newest = db.conn.execute(f"SELECT coalesce(max(rowid), 0) FROM {table}").fetchone()[0]
        for first in range(0, newest + 1, _AT_ONCE):
            db.conn.execute(
                f"UPDATE {table} SET id_hash = id_hash(public_id) WHERE rowid BETWEEN ? AND ?",
                (first, first + _AT_ONCE - 1),
            )
    tables, triggers = _FOUND.split("CREATE TRIGGER", 1)
    _script(db, tables)
    _script(
        db,
        """INSERT INTO by_id SELECT id_hash(public_id), id FROM entry;
        INSERT INTO by_key SELECT id_hash(source || char(10) || key), id FROM entry;
        INSERT INTO by_link SELECT id_hash(link_key), source, published, id FROM entry WHERE link_key IS NOT NULL;
        INSERT OR IGNORE INTO by_link SELECT id_hash(substr(link_key, 1, instr(link_key, '?'))), source, published, id
          FROM entry WHERE link_key IS NOT NULL AND instr(link_key, '?') > 0;
        CREATE INDEX entry_longer_key ON entry (key) WHERE instr(key, char(10)) > 0;
        CREATE INDEX entry_source ON entry (source);
        DROP INDEX entry_link_key;
        DROP VIEW events;
        """,
    )
    _script(db, f"CREATE TRIGGER{triggers}")
    _script(db, _EVENTS)
    _without_unique(db)


def _without_unique(db: Database) -> None:
    """The indexes of what is unique in `entry` become indexes of the usual kind, and go: no row is written
    anew, which in a store of a million would take its texts' size once more. Where SQLite is built to refuse
    that (as some systems' is) they stay, and do no harm.
    """
    columns = "SELECT * FROM pragma_table_xinfo('entry')"
    before = db.conn.execute(columns).fetchall()
    unique = [
        (name, ", ".join(row[0] for row in db.conn.execute("SELECT name FROM pragma_index_info(?)", (name,))))
        for name, made_by in db.conn.execute("SELECT name, origin FROM pragma_index_list('entry')").fetchall()
        if made_by == "u"
    ]
    db.conn.execute("PRAGMA writable_schema = ON")
    try:
        for number, (name, indexed) in enumerate(unique):
            db.conn.execute(
                "UPDATE sqlite_schema SET name = ?1, sql = 'CREATE UNIQUE INDEX ' || ?1 || ' ON entry (' || ?2 || ')' "
                "WHERE type = 'index' AND name = ?3",
                (f"entry_unique_{number}", indexed, name),
            )
        db.conn.execute(
            "UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = 'entry'", (_ENTRY_NOW,)
        )
    except sqlite3.DatabaseError as error:
        if "may not be modified" not in str(error):
            raise
        unique = []
    db.conn.execute("PRAGMA writable_schema = RESET")
    for number in range(len(unique)):
        db.conn.execute(f"DROP INDEX entry_unique_{number}")
    assert db.conn.execute(columns).fetchall() == before


_TERM = """CREATE TABLE term_new (id INTEGER PRIMARY KEY, term TEXT NOT NULL, events INTEGER NOT NULL) STRICT;
CREATE TABLE vector_new (story INTEGER PRIMARY KEY REFERENCES story ON DELETE CASCADE, terms BLOB NOT NULL, weights BLOB NOT NULL) STRICT;
"""

_WORDS = """CREATE VIEW words AS SELECT v.story, t.term, ( -- of vectors
    (instr('123456789ABCDEF', substr(hex(v.weights), w.key * 4 + 1, 1)) << 4) + (instr('123456789ABCDEF', substr(hex(v.weights), w.key * 4 + 2, 1)) << 0) +
    (instr('123456789ABCDEF', substr(hex(v.weights), w.key * 4 + 3, 1)) << 12) + (instr('123456789ABCDEF', substr(hex(v.weights), w.key * 4 + 4, 1)) << 8)
  ) / 10000.0 AS weight
  FROM vector v JOIN json_each('[' || substr(replace(hex(zeroblob(length(v.terms) / 4)), '00', ',0'), 2) || ']') w
  JOIN term t ON t.id =
    (instr('123456789ABCDEF', substr(hex(v.terms), w.key * 8 + 1, 1)) << 4) + (instr('123456789ABCDEF', substr(hex(v.terms), w.key * 8 + 2, 1)) << 0) +
    (instr('123456789ABCDEF', substr(hex(v.terms), w.key * 8 + 3, 1)) << 12) + (instr('123456789ABCDEF', substr(hex(v.terms), w.key * 8 + 4, 1)) << 8) +
    (instr('123456789ABCDEF', substr(hex(v.terms), w.key * 8 + 5, 1)) << 20) + (instr('123456789ABCDEF', substr(hex(v.terms), w.key * 8 + 6, 1)) << 16) +
    (instr('123456789ABCDEF', substr(hex(v.terms), w.key * 8 + 7, 1)) << 28) + (instr('123456789ABCDEF', substr(hex(v.terms), w.key * 8 + 8, 1)) << 24);
"""

_HELD = 200_000  # words of which the number is held in memory


class _Numbers:
    """Numbers of words in `term_new`: a word's hash, or the next that is free."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn
        self._held: dict[str, int] = {}

    def of(self, word: str, events: int = -1) -> int:
        """It is stored where it wasn't."""
        known = self._held.get(word)
        if known is None:
            if len(self._held) == _HELD:
                self._held.clear()
            known = self._held[word] = self._stored(word, events)
        return known

    def _stored(self, word: str, events: int) -> int:
        place = int.from_bytes(blake2b(word.encode(), digest_size=4).digest(), "big")
        query = "SELECT term FROM term_new WHERE id = ?"
        while (there := self._conn.execute(query, (place,)).fetchone()) is not None:
            if there[0] == word:
                return place
            place = (place + 1) % (1 << 32)
        self._conn.execute("INSERT INTO term_new VALUES (?, ?, ?)", (place, word, events))
        return place


@_step
def m021_numbered_words(db: Database) -> None:
    """Vectors have numbers of words in place of these: most of what a story takes were its words."""
    _script(db, _TERM)
    numbers = _Numbers(db.conn)
    for word, events in db.conn.execute("SELECT term, events FROM term"):
        numbers.of(word, events)
    portion = "SELECT story, words, weights FROM vector WHERE story > ? ORDER BY story LIMIT 1000"
    last = -1
    while known := db.conn.execute(portion, (last,)).fetchall():
        last = known[-1][0]
        packed = [
            (story, struct.pack(f"<{len(weights) // 2}I", *map(numbers.of, words.split())), weights)
            for story, words, weights in known
        ]
        db.conn.execute("DELETE FROM vector WHERE story <= ?", (last,))
        db.conn.executemany("INSERT INTO vector_new VALUES (?, ?, ?)", packed)
    _script(
        db,
        """DROP TABLE term;
        DROP TABLE vector;
        ALTER TABLE term_new RENAME TO term;
        ALTER TABLE vector_new RENAME TO vector;
        """,
    )
    _script(db, _WORDS)


@_step
def m022_asked_by_other_rules(db: Database) -> None:
    """What is asked again for its topics by other rules is told from what reads differently."""
    db.conn.execute("DROP INDEX story_unlabelled")
    db.conn.execute("CREATE INDEX story_unlabelled ON story (id) WHERE labelled <> 1")


_IN_TOPICS = """CREATE VIEW in_topics AS SELECT l.topic, l.story, s.event, l.entry, l.rule -- topics in effect: in whose feeds it stands
  FROM label l JOIN story s ON s.id = l.story JOIN event v ON v.id = s.event LEFT JOIN topic t ON t.id = l.topic
  WHERE v.told >= coalesce(t.min_sources, 1) AND NOT EXISTS (SELECT 1 FROM member m CROSS JOIN entry e ON e.id = m.entry
    CROSS JOIN override o ON o.kind = 'hide' AND o.a = e.public_id WHERE m.story = l.story);
CREATE VIEW stories AS SELECT s.id, s.event, e.title, e.link, -- of the founder; where that is gone, of the oldest entry
  strftime('%Y-%m-%dT%H:%M:%SZ', s.published, 'unixepoch') AS published,
  (SELECT count(*) FROM member m WHERE m.story = s.id) AS entries,
  (SELECT group_concat(topic, ' ') FROM in_topics i WHERE i.story = s.id) AS topics, s.public_id -- those in effect
  FROM story s LEFT JOIN entry e ON e.id = coalesce(
    (SELECT o.id FROM member m JOIN entry o ON o.id = m.entry WHERE m.story = s.id AND o.public_id = s.public_id),
    (SELECT o.id FROM member m JOIN entry o ON o.id = m.entry WHERE m.story = s.id
      ORDER BY o.published, o.public_id LIMIT 1));
CREATE VIEW events AS SELECT v.id, e.title, e.link, -- as of stories
  strftime('%Y-%m-%dT%H:%M:%SZ', v.published, 'unixepoch') AS published,
  (SELECT count(*) FROM story s WHERE s.event = v.id) AS stories,
  (SELECT count(DISTINCT o.source) FROM story s JOIN member m ON m.story = s.id JOIN entry o ON o.id = m.entry
    WHERE s.event = v.id) AS sources, v.told AS independent, v.public_id -- sources: who copies others counts in the first only
  FROM event v LEFT JOIN entry e ON e.id = coalesce(
    (SELECT o.id FROM by_id i JOIN entry o ON o.id = i.entry WHERE i.id_hash = v.id_hash AND o.public_id = v.public_id),
    (SELECT o.id FROM story s JOIN member m ON m.story = s.id JOIN entry o ON o.id = m.entry WHERE s.event = v.id
      ORDER BY o.published, o.public_id LIMIT 1));
"""


@_step
def m023_told(db: Database) -> None:
    """By how many independent sources an event is told, and how many a topic asks for: the views tell the
    topics of which a story is in the feed. Of events that are there the next cycle counts it; until then the
    views tell the topics by their rules, as they did.
    """
    _script(
        db,
        """ALTER TABLE event ADD COLUMN told INTEGER NOT NULL DEFAULT 1;
        CREATE TABLE topic (id TEXT PRIMARY KEY, min_sources INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        INSERT OR IGNORE INTO dirty SELECT 'event:' || event FROM story GROUP BY event HAVING count(*) > 1;
        CREATE INDEX entry_reporting ON entry (id) WHERE instr(extras, '["telling"') > 0;
        INSERT OR IGNORE INTO dirty SELECT 'event:' || s.event FROM entry e CROSS JOIN member m ON m.entry = e.id
          CROSS JOIN story s ON s.id = m.story WHERE instr(e.extras, '["telling"') > 0;
        DROP VIEW stories;
        DROP VIEW events;
        """,
    )
    _script(db, _IN_TOPICS)


# fmt: on
