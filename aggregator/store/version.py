"""How we know our own files, and how new they are: asked at every start, without what makes or migrates them."""

from __future__ import annotations

# "aggr", see https://www.sqlite.org/pragma.html#pragma_application_id
APPLICATION_ID = 0x61676772
# The number of migrations, kept in `PRAGMA user_version`, so that an older program can refuse a newer file;
# `schema` holds them, and checks that they are so many.
LATEST = 10
