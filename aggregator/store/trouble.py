"""What SQLite says is wrong, in words for people: which file, what it means, what to do. By its codes
(https://www.sqlite.org/rescode.html), since its texts vary. The one place where its errors become ours.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from aggregator.errors import Stopped, StoreError

_DAMAGE = (
    "is damaged or no database ({text}); restore a backup: `aggregator restore FILE`; published files stay"
)
_WORDS = {
    sqlite3.SQLITE_CORRUPT: _DAMAGE,
    sqlite3.SQLITE_NOTADB: _DAMAGE,
    sqlite3.SQLITE_FULL: "the disk is full; nothing was stored half; free some space and run again",
    sqlite3.SQLITE_READONLY: "can't be written ({text}); mend the permissions of the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "can't be opened by this user ({text}); "
    "mend the permissions of the file and its folder",
    sqlite3.SQLITE_IOERR: "the system can't read or write it ({text}): a full or failing disk, "
    "a lost volume, or a limit on the size of files (`ulimit -f`); nothing was stored half; "
    "mend that and run again",
    sqlite3.SQLITE_BUSY: "another program holds it ({text}); close that and run again",
}
# What Python's module raises for a file; text that is no UTF-8, in a message too, it can't put into words.
ERRORS = (sqlite3.Error, UnicodeDecodeError)
# What SQLite says of our own SQL, not of the file; of the second only where the file is whole.
_BUGS = (sqlite3.ProgrammingError, sqlite3.IntegrityError)
# What SQLite has no code of its own for: a table of the full-text index that can't be read any more, and text
# that is none.
_SIGNS_OF_DAMAGE = ("vtable constructor failed", "Could not decode to UTF-8")
LONGEST = 300  # characters of what SQLite says: of a damaged schema it is a whole statement


def is_damage(error: BaseException | None) -> bool:
    """Whether the file holds something else than what was written."""
    if isinstance(error, UnicodeDecodeError):
        return True
    is_said = code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return is_said or any(sign in str(error) for sign in _SIGNS_OF_DAMAGE)


def is_cut_off(error: BaseException) -> bool:
    """Whether we ended the statement ourselves (`Reader.until`)."""
    return code(error) == sqlite3.SQLITE_INTERRUPT


def code(error: BaseException | None) -> int:
    """The primary result code; 0 where Python's own module complains."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def ours(path: Path, error: Exception) -> Exception:
    """What to raise in its place: a line for people; or the error itself, where our own SQL is wrong."""
    if isinstance(error, sqlite3.IntegrityError) and (wrong := _wrong_in_file(path)):
        return StoreError(f"{path}: {_DAMAGE.format(text=wrong)}")
    if not isinstance(error, sqlite3.DatabaseError | UnicodeDecodeError) or isinstance(error, _BUGS):
        return error
    return Stopped() if is_cut_off(error) else StoreError(in_words(path, error))


def in_words(path: Path, error: Exception) -> str:
    words = _DAMAGE if is_damage(error) else _WORDS.get(code(error), "{text}")
    return f"{path}: {words.format(text=in_a_line(str(error)))}"


def wrong_in(conn: sqlite3.Connection) -> str | None:
    """What a check of all of it finds, in words; None: nothing."""
    found = [row[0] for row in conn.execute("PRAGMA integrity_check(3)")]
    if found != ["ok"]:
        return in_a_line("; ".join(found))
    return "rows that point to nothing" if conn.execute("PRAGMA foreign_key_check").fetchone() else None


def _wrong_in_file(path: Path) -> str | None:
    """As `wrong_in`, of what was stored before whatever is under way. It takes as long as reading all of it:
    asked where something went wrong anyway.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as conn:
            return wrong_in(conn)
    except ERRORS as error:
        return in_a_line(str(error)) if is_damage(error) else None


def in_a_line(words: str) -> str:
    """What SQLite says may quote statements of several lines."""
    line = " ".join(words.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def damage_mark(path: Path) -> Path:
    """The file that says that a check found damage (the daily one, or that of a backup), and which; beside
    the database, which can't say so.
    """
    return path.with_name(f"{path.name}.damaged")


def mark_damaged(path: Path, words: str) -> None:
    """From now on every command says so, in these words."""
    with suppress(OSError):
        damage_mark(path).write_text(words, encoding="utf-8")
