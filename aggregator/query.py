"""The query language of topics, `include`, `exclude` and `search`: one language, evaluated here and nowhere
else.

    query  = or ;  or = and { "OR" and } ;  and = not { ["AND"] not } ;  not = ["NOT"] atom
    atom   = [field ":"] ( "(" or ")" | '"' phrase '"' | word | word "*" ) | ("since" | "before") ":" moment
    field  = title | author | source | category | lang ;  moment = date | duration

Case and accents do not matter. A word without a field is looked for in title and text. A word that is several
(`H-1B`, 東京都) is a phrase of them; signs that are part of a name (`C++`, `.NET`, `AT&T`) have to stand in the
text as well. `and`, `or` and `not` in small letters are operators where they stand between terms (see
`notes`).

A moment is a date (`2026-03-01`, midnight in UTC, or `2026-03-01T09:00Z`) or a duration (`7d`), which counts
back from the time of the question in a search, and from when the entry came in a topic's rule, so that it
never changes its topics.

In: a text. Out: a tree (`parse`), and whether a document fits it (`match`). Start reading at `parse`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Literal, get_args

from aggregator.model import Entry
from aggregator.patterns import lazy
from aggregator.records import dataclass, replace
from aggregator.text.phrases import moment
from aggregator.text.words import apart, fold, is_character, search_words, sought

Field = Literal["title", "author", "source", "category", "lang"]
FIELDS: tuple[str, ...] = get_args(Field)
MOMENTS = ("since", "before")
MAX_LENGTH, MAX_DEPTH = 8000, 50
VERSION = 3  # one more whenever the same query means something else: topics are then read anew


class QueryError(Exception):
    """`position` counts characters from 1."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(position, message)
        self.position, self.message = position, message

    def __str__(self) -> str:
        return f"at character {self.position}: {self.message}"


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase; `prefix`: its last word is the beginning of one; `signed`: what has to stand there
    sign by sign, such as `c++`.
    """

    words: tuple[str, ...]
    prefix: bool = False
    field: Field | None = None
    shown: str = ""
    signed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """`since`: at this time or later, else before it. `at`: Unix time, or, if `back`, seconds before the
    question.
    """

    since: bool
    at: int
    back: bool
    shown: str


@dataclass(frozen=True, slots=True)
class Not:
    part: Query


@dataclass(frozen=True, slots=True)
class Both:
    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple[Query, ...]


Query = Term | Moment | Not | Both | Either


@dataclass(frozen=True, slots=True)
class Hit:
    """A match, with the terms of the query that matched, in its order."""

    terms: tuple[str, ...]


class _Zone:
    """The words of one field, indexed once, when they are asked for."""

    def __init__(self, raw: str) -> None:
        self.raw = raw

    @functools.cached_property
    def words(self) -> str:
        """Each with blanks around it, so that one is looked for as fast as memory is read."""
        return apart(self.raw)

    @functools.cached_property
    def phrases(self) -> str:
        """The words with one blank between two."""
        return f" {' '.join(self.words.split())} "

    def has(self, term: Term) -> bool:
        if not self._has_words(term):
            return False
        return not term.signed or self._has_signs(term)

    def _has_signs(self, term: Term) -> bool:
        raw, last = sought(self.raw), term.signed[-1]
        return all(_as_written(one, term.prefix and one == last).search(raw) for one in term.signed)

    def _has_words(self, term: Term) -> bool:
        first, end = term.words[0], "" if term.prefix else " "
        if len(term.words) > 1:
            return f" {' '.join(term.words)}{end}" in self.phrases
        # one character of a script without spaces: words of these are pairs
        return f" {first}{end}" in self.words or (is_character(first) and first in self.words)


@dataclass(frozen=True, slots=True)
class Doc:
    """An entry as the language sees it."""

    title: _Zone
    text: _Zone
    author: _Zone
    source: _Zone
    category: _Zone
    lang: str = ""
    at: int = 0  # when it was published, as far as that is known
    asked: int = 0  # from when durations count back

    @property
    def words(self) -> set[str]:
        """Of title and text."""
        return {*self.title.words.split(), *self.text.words.split()}

    def holds(self, word: str, whole: bool = True) -> bool:
        """Whether this word stands in title or text, or one that begins so."""
        wanted = f" {word} " if whole else f" {word}"
        return wanted in self.title.words or wanted in self.text.words


def doc(entry: Entry, source_title: str = "", asked: int | None = None) -> Doc:
    """Indexed once, matched against any number of queries. `asked`: from when durations count back; from when
    the entry came, where none is given.
    """
    return Doc(
        _Zone(entry.title),
        _Zone(entry.text if entry.summary in entry.text else f"{entry.summary}\n{entry.text}"),
        _Zone(" . ".join(author.name for author in entry.authors)),
        _Zone(f"{entry.source} . {source_title}"),
        _Zone(" . ".join(category.term for category in entry.categories)),
        fold(entry.language or ""),
        entry.first_seen if entry.published is None else entry.published,
        entry.first_seen if asked is None else asked,
    )


@dataclass(frozen=True, slots=True)
class Anchors:
    """Words of which one at least stands in the title or text of all that a query finds; `beginnings` of
    words count as well.
    """

    words: frozenset[str]
    beginnings: frozenset[str]


def anchors(query: Query) -> Anchors | None:
    """None where there is no such word: everything has to be looked at."""
    match query:
        case Term():
            return _anchors_of_term(query)
        case Both():
            found = [one for one in map(anchors, query.parts) if one is not None]
            return min(found, key=lambda one: (len(one.beginnings), len(one.words)), default=None)
        case Either():
            return _any_of(list(map(anchors, query.parts)))
        case _:
            return None


def _anchors_of_term(term: Term) -> Anchors | None:
    if term.field not in (None, "title") or any(map(is_character, term.words)):
        return None
    if term.prefix and len(term.words) == 1:
        return Anchors(frozenset(), frozenset(term.words))
    return Anchors(frozenset(term.words[:1]), frozenset())


def _any_of(parts: Sequence[Anchors | None]) -> Anchors | None:
    known = [one for one in parts if one is not None]
    if len(known) < len(parts):
        return None
    words = frozenset(word for one in known for word in one.words)
    return Anchors(words, frozenset(beginning for one in known for beginning in one.beginnings))


def match(query: Query, found: Doc) -> Hit | None:
    """None, or the terms that matched."""
    terms: list[str] = []
    return Hit(tuple(dict.fromkeys(terms))) if _match(query, found, terms) else None


def size(query: Query) -> int:
    """How many terms it has."""
    if isinstance(query, Both | Either):
        return sum(map(size, query.parts))
    return size(query.part) if isinstance(query, Not) else 1


def lacking(query: Query, found: Doc) -> list[Query]:
    """Of a near miss, the parts that are not as they have to be. None where less of what has to be said is
    said than is not: that a word is absent, whose an entry is and of when brings nothing near.
    """
    if isinstance(query, Either):
        return min(filter(None, (lacking(part, found) for part in query.parts)), key=len, default=[])
    if not isinstance(query, Both):
        return []
    missing = [part for part in query.parts if not _match(part, found, [])]
    said = [part for part in query.parts if _says(part) and part not in missing]
    return missing if len(missing) <= len(said) else []


def _says(query: Query) -> bool:
    """Whether it asks for something that an entry says."""
    if isinstance(query, Term):
        return query.field not in ("source", "lang")
    return isinstance(query, Both | Either) and any(map(_says, query.parts))


def shown(query: Query) -> str:
    """A query in its own language."""
    if isinstance(query, Not):
        return f"NOT {shown(query.part)}"
    if isinstance(query, Both | Either):
        between = " AND " if isinstance(query, Both) else " OR "
        return f"({between.join(map(shown, query.parts))})"
    return query.shown


def _match(query: Query, found: Doc, terms: list[str]) -> bool:
    if isinstance(query, Term):
        return _noted(query, terms) if _has(query, found) else False
    if isinstance(query, Moment):
        return _noted(query, terms) if _is_then(query, found) else False
    if isinstance(query, Both):
        mark = len(terms)
        if all(_match(part, found, terms) for part in query.parts):
            return True
        del terms[mark:]
        return False
    if isinstance(query, Either):
        return any(_match(part, found, terms) for part in query.parts)
    return not _match(query.part, found, [])


def _noted(one: Term | Moment, terms: list[str]) -> bool:
    terms.append(one.shown)
    return True


def _is_then(moment: Moment, found: Doc) -> bool:
    at = found.asked - moment.at if moment.back else moment.at
    return (found.at >= at) is moment.since


def _has(term: Term, found: Doc) -> bool:
    if term.field is None:
        return found.title.has(term) or found.text.has(term)
    if term.field == "lang":
        wanted = "-".join(term.words)
        return (
            found.lang == wanted
            or found.lang.startswith(f"{wanted}-")
            or (term.prefix and found.lang.startswith(wanted))
        )
    zone: _Zone = getattr(found, term.field)
    return zone.has(term)


# ---------------------------------------------------------------- text → Query

_TOKEN = lazy(
    r"\s*(?:(?P<open>\()|(?P<close>\))|(?P<field>[A-Za-z]+):"
    r'|"(?P<phrase>[^"]*)"(?P<star>\*?)|(?P<quote>")|(?P<word>[^\s()"]+))'
)


# Signs that are part of a name: C++, C#, .NET, node.js, AT&T, #hashtag, 24/7; a full stop only before a
# letter.
_SIGNED = lazy(r"[+#&@$%€£*/\\_=~^|<>]|\.(?=\w)")
_AROUND = ".,;:!?'\"’‘“”«»()[]{}-–—…"  # what may stand around a name


def _signed(text: str) -> tuple[str, ...]:
    """The parts of a word or phrase that hold such signs."""
    parts = []
    for part in sought(text).split():
        whole = part.lstrip(_AROUND.replace(".", "")).rstrip(_AROUND)
        if _SIGNED.search(whole):
            parts.append(whole)
    return tuple(parts)


@functools.lru_cache(maxsize=1000)
def _as_written(text: str, prefix: bool) -> re.Pattern[str]:
    """Whole: `.net` is neither in example.net nor `c+` in C++."""
    before = r"(?<!\w)" + ("" if text[0].isalnum() else f"(?<!{re.escape(text[0])})")
    after = r"(?!\w)" if text[-1].isalnum() else f"(?!{re.escape(text[-1])})"
    return re.compile(before + re.escape(text) + ("" if prefix else after))


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int
    star: bool = False


def parse(text: str) -> Query:
    """Raises QueryError with the position and what was expected there."""
    if len(text) > MAX_LENGTH:
        raise QueryError(MAX_LENGTH + 1, f"a query has at most {MAX_LENGTH} characters")
    tokens = _with_operators(_tokens(text))
    if not tokens:
        raise QueryError(1, "the query is empty; expected a word")
    parser = _Parser(tokens, len(text) + 1)
    query = parser.either(None, 0)
    if parser.next is not None:
        raise QueryError(
            parser.next.at,
            "this closing parenthesis has no opening one"
            if parser.next.kind == "close"
            else f"unexpected {parser.next.text}",
        )
    return query


def notes(text: str) -> tuple[str, ...]:
    """What a good query means that its writer may not know. Raises QueryError."""
    parse(text)
    read = zip(_tokens(text), _with_operators(_tokens(text)), strict=True)
    return tuple(
        f"at character {said.at}: “{said.text}” is read as {meant.text}; to look for the word write "
        f'"{said.text}" in quotation marks'
        for said, meant in read
        if said.text != meant.text
    )


def _with_operators(tokens: list[_Token]) -> list[_Token]:
    """`or`, `and`, `not` in small letters are operators where they stand between terms."""
    found: list[_Token] = []
    for place, token in enumerate(tokens):
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        if _is_meant(token, found[-1] if found else None, after):
            token = replace(token, text=token.text.upper())
        found.append(token)
    return found


def _is_meant(token: _Token, before: _Token | None, after: _Token | None) -> bool:
    """Whether an operator in small letters is meant as one, by what stands around it."""
    if not _is_operator(token, "and", "or", "not") or before is None or after is None:
        return False
    if after.kind == "close" or _is_operator(after, "AND", "OR"):
        return False
    refused = ("NOT",) if token.text == "not" else ("AND", "OR", "NOT")
    return before.kind not in ("field", "open") and not _is_operator(before, *refused)


def _is_operator(token: _Token, *names: str) -> bool:
    return token.kind == "word" and token.text in names


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while position < len(text.rstrip()):
        found = _TOKEN.match(text, position)
        assert found is not None
        tokens.append(_token(found))
        position = found.end()
    return tokens


def _token(found: re.Match[str]) -> _Token:
    kind = "phrase" if found.lastgroup == "star" else str(found.lastgroup)
    at = found.start(kind) + (kind != "phrase")  # of a phrase: its quotation mark
    if kind == "quote":
        raise QueryError(at, "this quotation mark is not closed")
    if kind == "field":
        _refuse_unknown(found["field"], at)
    return _Token(kind, found.group(kind), at, bool(found.group("star")))


def _refuse_unknown(field: str, at: int) -> None:
    known = (*FIELDS, *MOMENTS)
    if field.lower() not in known:
        fields = ", ".join(f"{name}:" for name in known)
        raise QueryError(at, f"there is no field “{field}:”; fields are {fields} (or quote the word)")


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[_Token], end: int) -> None:
        self._tokens, self._position, self._end = tokens, 0, end

    @property
    def next(self) -> _Token | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _operator(self, name: str) -> bool:
        token = self.next
        if token is not None and token.kind == "word" and token.text == name:
            self._position += 1
            return True
        return False

    def either(self, within: Field | None, depth: int) -> Query:
        if depth > MAX_DEPTH:
            raise QueryError(
                self.next.at if self.next else self._end, f"parentheses nest deeper than {MAX_DEPTH}"
            )
        parts = [self._both(within, depth)]
        while self._operator("OR"):
            parts.append(self._both(within, depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self, within: Field | None, depth: int) -> Query:
        parts = [self._not(within, depth)]
        while True:
            token = self.next
            if token is None or token.kind == "close" or (token.kind == "word" and token.text == "OR"):
                return parts[0] if len(parts) == 1 else Both(tuple(parts))
            self._operator("AND")
            parts.append(self._not(within, depth))

    def _not(self, within: Field | None, depth: int) -> Query:
        negative = False
        while self._operator("NOT"):
            negative = not negative
        part = self._atom(within, depth)
        return Not(part) if negative else part

    def _atom(self, within: Field | None, depth: int) -> Query:
        while (token := self.next) is not None and token.kind == "field":
            self._position += 1
            if token.text.lower() in MOMENTS:
                return self._moment(token)
            within = token.text.lower()  # type: ignore[assignment]  # _tokens let only FIELDS through
        if token is None:
            raise QueryError(self._end, "the query ends where a word was expected")
        self._position += 1
        if token.kind == "open":
            return self._within_parentheses(token, within, depth)
        if _is_no_word(token):
            shown = ")" if token.kind == "close" else token.text
            raise QueryError(token.at, f"expected a word, not “{shown}”")
        return _term(token, within)

    def _within_parentheses(self, opening: _Token, within: Field | None, depth: int) -> Query:
        part = self.either(within, depth + 1)
        closing = self.next
        if closing is None or closing.kind != "close":
            raise QueryError(opening.at, "this parenthesis is not closed")
        self._position += 1
        return part

    def _moment(self, field: _Token) -> Moment:
        token, name = self.next, field.text.lower()
        if token is None or token.kind not in ("word", "phrase"):
            at = self._end if token is None else token.at
            raise QueryError(
                at, f"expected a date or a duration after {name}:, such as {name}:2026-03-01 or {name}:7d"
            )
        self._position += 1
        at, back = _when(token, name)
        return Moment(name == "since", at, back, f"{name}:{token.text}")


def _when(token: _Token, name: str) -> tuple[int, bool]:
    try:
        return moment(token.text)
    except ValueError as error:
        raise QueryError(token.at, f"{error}; write {name}:2026-03-01 or {name}:7d") from None


def _is_no_word(token: _Token) -> bool:
    return token.kind == "close" or _is_operator(token, "AND", "OR", "NOT")


_WITH_PARTICLES = lazy("[가-힣]{2,}")  # Korean writes them behind a word: 서울, 서울에서


def _term(token: _Token, within: Field | None) -> Term:
    is_phrase = token.kind == "phrase"
    text = token.text if is_phrase else token.text.rstrip("*")
    prefix = token.star if is_phrase else token.text.endswith("*")
    found = tuple(search_words(text))
    if not is_phrase:
        _refuse(token, text, found, prefix)
    if not found:
        raise QueryError(token.at, f"“{token.text}” holds no word")
    said = f'"{text}"' if is_phrase else text
    shown = f"{within + ':' if within else ''}{said}{'*' if prefix else ''}"
    open_ended = prefix or bool(_WITH_PARTICLES.fullmatch(found[-1]))
    return Term(found, open_ended, within, shown, () if within == "lang" else _signed(text))


def _refuse(token: _Token, text: str, found: tuple[str, ...], prefix: bool) -> None:
    """What a word can't be."""
    if "*" in text and found:
        at = token.at + token.text.index("*")
        raise QueryError(at, f"“{token.text}”: a * stands at the end of a word only")
    if re.match(r"-\w", text):
        raise QueryError(token.at, f"“{token.text}”: to leave a word out write NOT {text[1:]}")
    if prefix and len(text) == 1 and text.isascii() and found:
        raise QueryError(
            token.at + 1,
            f"“{token.text}” would match every word that begins so; write two letters before the *, "
            f'or "{token.text}" in quotation marks to look for that',
        )


# ---------------------------------------------------------------- Query → a superset, by FTS5


def prefilter(query: Query) -> str | None:
    """An FTS5 expression over `title`, `summary` and `text` that finds at least what the query finds; None:
    everything has to be looked at.
    """
    match query:
        case Term():
            return _phrase(query)
        case Both():
            found = [part for part in map(prefilter, query.parts) if part is not None]
            return " AND ".join(f"({part})" for part in found) or None
        case Either():
            parts = [prefilter(part) for part in query.parts]
            return None if None in parts else " OR ".join(f"({part})" for part in parts)
        case _:
            return None


def _phrase(term: Term) -> str | None:
    if term.field not in (None, "title") or is_character(term.words[0]):
        return None
    phrase = f'"{" ".join(term.words)}"{" *" if term.prefix else ""}'
    return f"title : {phrase}" if term.field == "title" else phrase


def sought_for(wanted: Query) -> tuple[Term, ...]:
    """The terms that what matches may hold: those that are not under a NOT."""
    match wanted:
        case Term():
            return (wanted,)
        case Both(parts) | Either(parts):
            return tuple(term for part in parts for term in sought_for(part))
        case _:
            return ()


_PIECES = lazy(r"\w+")


def marked(terms: Sequence[Term], text: str) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is a word of the terms."""
    wanted = _Sought.of(terms)
    pieces: list[tuple[str, bool]] = []
    end = 0
    for found in _PIECES.finditer(text):
        if wanted.holds(found[0]):
            pieces += [(text[end : found.start()], False), (found[0], True)]
            end = found.end()
    return [piece for piece in [*pieces, (text[end:], False)] if piece[0]]


@dataclass(frozen=True, slots=True)
class _Sought:
    """The words of some terms, and the beginnings of words."""

    whole: frozenset[str]
    beginnings: tuple[str, ...]

    @classmethod
    def of(cls, terms: Sequence[Term]) -> _Sought:
        whole = frozenset(word for one in terms for word in (one.words[:-1] if one.prefix else one.words))
        return cls(whole, tuple(one.words[-1] for one in terms if one.prefix and one.words))

    def holds(self, piece: str) -> bool:
        words = search_words(piece)
        return any(word in self.whole or word.startswith(self.beginnings) for word in words)


def occurrences(terms: Sequence[Term], text: str) -> int:
    """How many of its words are words of the terms."""
    return sum(is_sought for _, is_sought in marked(terms, text))
