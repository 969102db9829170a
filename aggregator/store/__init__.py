"""The only SQL and the only writer of the database. `open_writer` gives a `Store`, `open_reader` a `Reader`;
its verbs are functions in the modules, by noun, which take the one of the three types that they need
(`base`).

`entries` what came in · `queue` what waits · `vocabulary` words, and what they find · `members` entries in
stories · `events` stories in events · `overrides` the editor's word · `stories` what is published · `labels`
their topics · `unpublished` what is to be published anew · `archives` · `digests` and what hooks were told ·
`sources` what we know of them · `lookup` entries by what people know of them · `upkeep` retention, backup,
checks · `schema.sql` the tables.

`intents` and `recognise` decide what an item of a document is; `rows` knows the columns; `opening`,
`migrations`, `lock` and `trouble` are about the file.

In: values of `model`. Out: the same, with the ids that they have here. Start reading at `schema.sql`, then at
`base`.
"""

from aggregator.store.base import Reader, Store, Writer
from aggregator.store.opening import daemon_lock, is_there, open_reader, open_writer

__all__ = ["Reader", "Store", "Writer", "daemon_lock", "is_there", "open_reader", "open_writer"]
