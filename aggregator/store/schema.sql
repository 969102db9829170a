-- The tables of a new database. One that is older comes to the same by the migrations (`migrations.py`); a test
-- holds the two against each other. Comments within a table stay with it: `sqlite3 FILE .schema` shows them.
--
-- What a source *said* (entry, raw) and what we *know of it* (all else) are apart. Times are whole seconds since
-- 1970 in UTC; the views at the end show them as RFC 3339. Lists and small records are JSON. The views are what is
-- meant to be read; only `aggregator` may write: entries are indexed by triggers that call its functions,
-- so that other programs are refused instead of leaving the full-text index wrong.

CREATE TABLE source ( -- what we know of a source: health, validators, next poll and why then, what it says of itself
  id TEXT PRIMARY KEY, -- as in config.toml
  url TEXT, -- what it was polled at; one that changes in the config starts without validators
  title TEXT NOT NULL DEFAULT '', -- of the config, else as the feed says
  state TEXT NOT NULL, -- as `status` shows it
  state_since INTEGER NOT NULL,
  polled INTEGER, -- the last time, whatever came of it
  succeeded INTEGER, -- the last time that a feed or 304 came back
  last_new INTEGER, -- the last time that it told something new
  next_poll INTEGER NOT NULL,
  not_before INTEGER NOT NULL, -- by the server's word (Retry-After); holds even for `run --all`
  why TEXT NOT NULL, -- next_poll is then, in words
  failures INTEGER NOT NULL, -- in a row
  failing_since INTEGER,
  failure TEXT, -- the last one: {kind, detail, …}
  etag TEXT,
  last_modified TEXT, -- as the server said it, byte for byte
  body_hash TEXT, -- of the last document: the same one is not parsed again
  posts TEXT NOT NULL, -- when its newest items were published: its rhythm
  moved TEXT, -- a permanent redirect, and how often it was seen
  body_bytes INTEGER NOT NULL, -- of the last document on the wire: what a 304 saves
  hints TEXT NOT NULL, -- ttl, skipHours …: what it says of how often to ask
  feed TEXT, -- what it says of itself: title, link, authors …
  present TEXT NOT NULL DEFAULT '[]', -- entries of the last document, which are never pruned
  items BLOB, -- by what the items of the last document are known again, one by one as in `present`
  items_context TEXT -- what is around them there: where that changes they are all parsed again
) STRICT;

CREATE TABLE entry ( -- one item as one source said it, in our normal form
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
) STRICT;
CREATE INDEX entry_source ON entry (source);
CREATE INDEX entry_longer_key ON entry (key) WHERE instr(key, char(10)) > 0;
CREATE INDEX entry_published ON entry (published);
CREATE INDEX entry_first_seen ON entry (first_seen);
CREATE INDEX entry_unlinked ON entry (title, source, published) WHERE link_key IS NULL;
CREATE INDEX entry_reporting ON entry (id) WHERE instr(extras, '["telling"') > 0; -- what says who else tells it
CREATE INDEX entry_doubtful ON entry (title, source, published) WHERE instr(link_key, ' ') > 0;

CREATE TABLE by_id ( -- an entry is found by a hash of its published id: whole ones would fill their index again
  id_hash INTEGER NOT NULL, -- as of an event
  entry INTEGER NOT NULL, -- may be of another id: that is compared
  PRIMARY KEY (id_hash, entry)
) STRICT, WITHOUT ROWID;

CREATE TABLE by_key ( -- an entry is found by its source and key
  key_hash INTEGER NOT NULL, -- of source, line end, key
  entry INTEGER NOT NULL,
  PRIMARY KEY (key_hash, entry)
) STRICT, WITHOUT ROWID;

CREATE TABLE by_link ( -- an entry is found by its link, among those of its source by their dates
  link_hash INTEGER NOT NULL, -- of link_key; in a second row of what it has up to its query
  source TEXT NOT NULL,
  published INTEGER NOT NULL,
  entry INTEGER NOT NULL,
  PRIMARY KEY (link_hash, source, published, entry)
) STRICT, WITHOUT ROWID;

-- Hashes may be the same, ids and keys never: no two entries share one.
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

CREATE TABLE raw ( -- an entry with every element as the source gave it, unaltered; `dump --raw` shows it
  entry INTEGER PRIMARY KEY REFERENCES entry ON DELETE CASCADE,
  packed BLOB NOT NULL -- JSON, compressed against title, link and content of the entry (`raw.py`)
) STRICT;
CREATE TRIGGER raw_au AFTER UPDATE OF title, link, content ON entry
WHEN old.title <> new.title OR old.link IS NOT new.link OR old.content <> new.content BEGIN
  UPDATE raw SET packed = packed_anew(packed, old.title, old.link, old.content, new.title, new.link, new.content)
    WHERE entry = new.id;
END;

CREATE TABLE revision ( -- an earlier headline of an entry
  entry INTEGER NOT NULL REFERENCES entry ON DELETE CASCADE,
  at INTEGER NOT NULL, -- since when it read so
  title TEXT NOT NULL,
  PRIMARY KEY (entry, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE pending_edit ( -- an edit that came too soon after others: a debt, taken when its time has come
  entry INTEGER PRIMARY KEY REFERENCES entry ON DELETE CASCADE,
  record TEXT NOT NULL, -- column → value
  raw TEXT NOT NULL -- what the source said, as JSON
) STRICT;

CREATE TABLE pending_entry ( -- an entry that waits to be folded
  entry INTEGER PRIMARY KEY REFERENCES entry ON DELETE CASCADE
) STRICT;

CREATE TABLE event ( -- one or more stories that report the same happening
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL, -- that of the entry that founded it
  id_hash INTEGER NOT NULL, -- four bytes of blake2b of public_id, to find it by: an index of whole ids is five times as large
  published INTEGER NOT NULL, -- that of the founder
  changed INTEGER NOT NULL, -- when readers last saw a difference
  told INTEGER NOT NULL DEFAULT 1 -- by how many independent sources, without what is hidden, at least 1 (`edition.independent`)
) STRICT;
CREATE INDEX event_id_hash ON event (id_hash);

CREATE TABLE story ( -- one or more entries that are the same item or the same text
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL, -- that of the entry that founded it
  id_hash INTEGER NOT NULL, -- as of an event
  event INTEGER NOT NULL REFERENCES event,
  published INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  labelled INTEGER NOT NULL DEFAULT 0, -- 0: new or reads differently, its topics are to be found; 2: by other rules, again; 1: they are found
  archived INTEGER NOT NULL DEFAULT 0 -- 1: in an archive document of `all`
) STRICT;
CREATE INDEX story_event ON story (event);
CREATE INDEX story_id_hash ON story (id_hash);
CREATE INDEX story_published ON story (published); -- few come in one second: ids there would be most of the index
CREATE INDEX story_unarchived ON story (published) WHERE archived = 0;
CREATE INDEX story_unlabelled ON story (id) WHERE labelled <> 1;

CREATE TABLE member ( -- an entry's place in its story, and why it is there
  entry INTEGER PRIMARY KEY REFERENCES entry ON DELETE CASCADE,
  story INTEGER NOT NULL REFERENCES story,
  level TEXT, -- item, text, event: what folded it; NULL: it founded its story, and its event
  against INTEGER, -- the entry that it was folded with
  score REAL NOT NULL DEFAULT 0,
  threshold REAL NOT NULL DEFAULT 0, -- that the score had to reach
  features TEXT NOT NULL DEFAULT '[]' -- what spoke for it: [[name, value], …]
) STRICT;
CREATE INDEX member_story ON member (story);

CREATE TABLE term ( -- in how many events a word was seen: learned from the stream
  id INTEGER PRIMARY KEY, -- a hash of the word as of an event's id, without sign; where others have that the next that is free
  term TEXT NOT NULL,
  events INTEGER NOT NULL -- -1: it is in vectors, and was not counted
) STRICT;

CREATE TABLE posting ( -- a story is found by this word, one of its heaviest
  period INTEGER NOT NULL, -- weeks since 1970: what is written goes to the newest ones, however many there are
  term INTEGER NOT NULL, -- crc32 of the word less 2^31
  at INTEGER NOT NULL, -- seconds since the week began
  story INTEGER NOT NULL,
  weight INTEGER NOT NULL, -- of the word there, up to 255
  PRIMARY KEY (period, term, at, story)
) STRICT, WITHOUT ROWID;

CREATE TABLE vector ( -- the weighted words of a story
  story INTEGER PRIMARY KEY REFERENCES story ON DELETE CASCADE,
  terms BLOB NOT NULL, -- ids of the words, four bytes each, the low one first: the view `words` shows them
  weights BLOB NOT NULL -- weight * 10000 of each, in their order: unsigned, two bytes, the low one first
) STRICT;

CREATE TABLE standing ( -- a sentence or a title's tail that several items of a source share: what says nothing
  source TEXT NOT NULL,
  part INTEGER NOT NULL, -- crc32 of it
  first INTEGER NOT NULL, -- the entry that had it first
  second INTEGER, -- the next one, where a third is needed to tell
  stands INTEGER NOT NULL DEFAULT 0, -- 1: it is left out where entries are compared
  PRIMARY KEY (source, part)
) STRICT, WITHOUT ROWID;

CREATE TABLE alias ( -- a published id of an event that was merged into another one
  public_id TEXT PRIMARY KEY,
  now TEXT NOT NULL -- the id that it is published under now
) STRICT, WITHOUT ROWID;
CREATE INDEX alias_now ON alias (now);

CREATE TABLE override ( -- an editor's word: it holds until it is taken back
  kind TEXT NOT NULL, -- split, join, pin, hide, topic
  a TEXT NOT NULL, -- published id of the entry
  b TEXT NOT NULL, -- published id of the other one; of kind topic the topic; else ''
  level TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (kind, a, b)
) STRICT, WITHOUT ROWID;

CREATE TABLE topic ( -- as configured when a cycle last ran
  id TEXT PRIMARY KEY,
  min_sources INTEGER NOT NULL -- so many tell an event (`event.told`) whose stories are in its feed
) STRICT, WITHOUT ROWID;

CREATE TABLE label ( -- a story is in a topic by a rule; whether enough sources tell it the view `in_topics` says
  topic TEXT NOT NULL,
  story INTEGER NOT NULL REFERENCES story ON DELETE CASCADE,
  published INTEGER NOT NULL, -- as of the story, which the indexes below go by
  entry INTEGER NOT NULL, -- because of this one
  rule TEXT NOT NULL, -- and this rule
  archived INTEGER NOT NULL DEFAULT 0, -- 1: in an archive document of the topic
  PRIMARY KEY (story, topic)
) STRICT, WITHOUT ROWID;
CREATE INDEX label_newest ON label (topic, published);
CREATE INDEX label_unarchived ON label (topic, published) WHERE archived = 0;

CREATE TABLE dirty ( -- what has to be published anew: a topic, 'all', 'sources', 'source-ID', 'event:ID'
  edition TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE archived ( -- which archive document (RFC 5005) of a topic holds an item; 0: told within another item
  edition TEXT NOT NULL,
  public_id TEXT NOT NULL, -- once in an edition
  id_hash INTEGER NOT NULL, -- as of an event
  number INTEGER NOT NULL,
  position INTEGER NOT NULL
) STRICT;
CREATE INDEX archived_id_hash ON archived (id_hash);
CREATE INDEX archived_number ON archived (edition, number);

CREATE TABLE publication ( -- each time that something was published: what came out together, what later
  newest INTEGER PRIMARY KEY -- the last entry that was folded by then
) STRICT, WITHOUT ROWID;

CREATE TABLE digest ( -- what was told of a topic in a day or a week, as it was made and published
  topic TEXT NOT NULL,
  until INTEGER NOT NULL,
  public_id TEXT NOT NULL,
  title TEXT NOT NULL,
  html TEXT NOT NULL,
  text TEXT NOT NULL,
  events INTEGER NOT NULL, -- how many it tells; 0: it is not published
  PRIMARY KEY (topic, until)
) STRICT, WITHOUT ROWID;

CREATE TABLE hooked ( -- what each hook was told of, so that it is told once
  hook TEXT NOT NULL,
  key TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (hook, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE state_change ( -- of a source: died, moved, blocked, back; published in sources.*
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  title TEXT NOT NULL,
  at INTEGER NOT NULL,
  before TEXT NOT NULL, -- the state until then
  state TEXT NOT NULL, -- since then
  words TEXT NOT NULL -- for people
) STRICT;

CREATE TABLE traffic ( -- of a source on a day
  day INTEGER NOT NULL, -- since 1970
  source TEXT NOT NULL,
  requests INTEGER NOT NULL,
  not_modified INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  new INTEGER NOT NULL, -- entries
  wire_bytes INTEGER NOT NULL,
  saved_bytes INTEGER NOT NULL, -- by answers of 304 and by compression
  PRIMARY KEY (day, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE meta ( -- small facts about this database
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Full-text search over our own words (`text.words.search_words`): one idea of what a word is for topics and search,
-- in every script. External content, so that nothing is stored twice; a summary that the text begins with is indexed
-- with the text alone. Only what changes a word is indexed anew.
CREATE VIRTUAL TABLE entry_fts USING FTS5 (title, summary, text,
  tokenize='unicode61 remove_diacritics 2', content="entry");
CREATE TRIGGER entry_ai AFTER INSERT ON entry BEGIN
  INSERT INTO entry_fts (rowid, title, summary, text)
    VALUES (new.rowid, words(new.title), words_beside(new.summary, new.text), words(new.text));
END;
CREATE TRIGGER entry_ad AFTER DELETE ON entry BEGIN
  INSERT INTO entry_fts (entry_fts, rowid, title, summary, text)
    VALUES ('delete', old.rowid, words(old.title), words_beside(old.summary, old.text), words(old.text));
END;
CREATE TRIGGER entry_au AFTER UPDATE OF title, summary, text ON entry BEGIN
  INSERT INTO entry_fts (entry_fts, rowid, title, summary, text)
    VALUES ('delete', old.rowid, words(old.title), words_beside(old.summary, old.text), words(old.text));
  INSERT INTO entry_fts (rowid, title, summary, text)
    VALUES (new.rowid, words(new.title), words_beside(new.summary, new.text), words(new.text));
END;

-- For people, who open the file with `sqlite-utils` or Datasette.
CREATE VIEW entries AS SELECT e.id, e.source, e.title, e.link,
  strftime('%Y-%m-%dT%H:%M:%SZ', e.published, 'unixepoch') AS published,
  strftime('%Y-%m-%dT%H:%M:%SZ', e.first_seen, 'unixepoch') AS first_seen,
  m.level, m.story, s.event, e.public_id, e.guid, e.language, e.summary
  FROM entry e LEFT JOIN member m ON m.entry = e.id LEFT JOIN story s ON s.id = m.story;
CREATE VIEW in_topics AS SELECT l.topic, l.story, s.event, l.entry, l.rule -- topics in effect: in whose feeds it stands
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
CREATE VIEW folds AS SELECT m.entry, e.source, e.title, m.level, round(m.score, 3) AS score,
  round(m.threshold, 3) AS threshold, m.against, o.source AS against_source, o.title AS against_title, m.story, s.event
  FROM member m JOIN entry e ON e.id = m.entry JOIN story s ON s.id = m.story LEFT JOIN entry o ON o.id = m.against
  WHERE m.level IS NOT NULL;
CREATE VIEW words AS SELECT v.story, t.term, ( -- of vectors
    (instr('123456789ABCDEF', substr(hex(v.weights), w.key * 4 + 1, 1)) << 4) + (instr('123456789ABCDEF', substr(hex(v.weights), w.key * 4 + 2, 1)) << 0) +
    (instr('123456789ABCDEF', substr(hex(v.weights), w.key * 4 + 3, 1)) << 12) + (instr('123456789ABCDEF', substr(hex(v.weights), w.key * 4 + 4, 1)) << 8)
  ) / 10000.0 AS weight
  FROM vector v JOIN json_each('[' || substr(replace(hex(zeroblob(length(v.terms) / 4)), '00', ',0'), 2) || ']') w
  JOIN term t ON t.id =
    (instr('123456789ABCDEF', substr(hex(v.terms), w.key * 8 + 1, 1)) << 4) + (instr('123456789ABCDEF', substr(hex(v.terms), w.key * 8 + 2, 1)) << 0) +
    (instr('123456789ABCDEF', substr(hex(v.terms), w.key * 8 + 3, 1)) << 12) + (instr('123456789ABCDEF', substr(hex(v.terms), w.key * 8 + 4, 1)) << 8) +
    (instr('123456789ABCDEF', substr(hex(v.terms), w.key * 8 + 5, 1)) << 20) + (instr('123456789ABCDEF', substr(hex(v.terms), w.key * 8 + 6, 1)) << 16) +
    (instr('123456789ABCDEF', substr(hex(v.terms), w.key * 8 + 7, 1)) << 28) + (instr('123456789ABCDEF', substr(hex(v.terms), w.key * 8 + 8, 1)) << 24);
CREATE VIEW sources AS SELECT id, title, state,
  strftime('%Y-%m-%dT%H:%M:%SZ', polled, 'unixepoch') AS polled,
  strftime('%Y-%m-%dT%H:%M:%SZ', last_new, 'unixepoch') AS last_new,
  strftime('%Y-%m-%dT%H:%M:%SZ', next_poll, 'unixepoch') AS next_poll, why, failures, failure, url FROM source;
