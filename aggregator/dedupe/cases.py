"""Two cases of one template: alike in their words, two happenings all the same. Pure.

The weather of two towns, the results of two companies, two rulings of one court: what they have in common is
the frame that a source, or a genre, gives to all of its kind. They are never one event.

In: two fingerprints and what lies between their entries. Out: a `Case`. Start reading at `another_case`.
"""

from __future__ import annotations

import difflib
import enum
from collections.abc import Sequence

from aggregator.dedupe.decision import (
    OTHER_NUMBERS,
    TEMPLATE,
    Between,
    containment,
    decide,
    named_anew,
    series,
    tells_of,
    title_similarity,
)
from aggregator.dedupe.fingerprints import Fingerprint
from aggregator.dedupe.frames import Frame, frame
from aggregator.dedupe.headline import NEGATED, OPPOSITE, OTHER_NAMES, OTHER_WORDS, edits, words_of
from aggregator.dedupe.naming import (
    begin_with_two,
    capitals_tell,
    count_two,
    is_uncased,
    name_two,
    name_two_countries,
    share_a_country,
    share_any_name,
    tell_of_their_own,
    tell_of_two,
)
from aggregator.dedupe.numbers import is_number, percentages
from aggregator.dedupe.particulars import differ, on_other_days, tells_a_day
from aggregator.model import Reason
from aggregator.text import contrary, vocabulary
from aggregator.text.offers import offered, speaks_of
from aggregator.text.roundups import is_roundup
from aggregator.text.words import is_dense

STANDS = 0.9  # containment from which two bodies are one and the same text
COMMON = 0.05  # share of all items that hold a word from which on it tells nothing of a happening
SAID = 2  # telling words that two headlines of two sources each say within their frame, at least
PLACE = 3  # words of a measurement that stand in one place of its template, at most
LATER = 12 * 3600  # seconds from which on the contrary of a headline is the next day's news
FRAME = 2  # telling words of two mere headlines for each of the name that stands in another's place
DAILY = 0.6  # likeness of two headlines of one measure on two days


class Case(enum.IntEnum):
    """Whether two stories are two cases of one template: if it is sure, nothing that is like both makes them
    one happening. If it is only doubted that they are not, much has to be alike in them.
    """

    NO = 0
    DOUBTED = 1
    LIKELY = 2
    SURE = 3


def another_case(a: Fingerprint, b: Fingerprint, between: Between, decided: Reason | None = None) -> Case:
    """Whether two stories are two cases of one template, and so not one happening. `decided`: what `decide`
    says of them, where that is known.
    """
    reason = decided or decide(a, b, between)
    if reason.level is not None:
        return Case.NO
    kind = reason.features[-1][0] if reason.features else ""
    of_a_series = series(a, b, reason, between.one_source)
    filled = max(_filled_anew(a, b, between.one_source), _offered(a, b))
    if filled is Case.SURE or _is_sure(a, b, kind, of_a_series):
        return Case.SURE
    if filled is Case.LIKELY or of_a_series or _is_likely(a, b, between):
        return Case.LIKELY
    replaced = kind in (OTHER_WORDS, OTHER_NUMBERS) and (_stands(a, b) or _one_word_replaced(a, b))
    if replaced:
        return Case.LIKELY
    return _named(a, b, between.one_source)


def _offered(a: Fingerprint, b: Fingerprint) -> Case:
    """Of two offers that have nothing in common but the sale: neither title names what the other item is
    about. A sale as a whole is not the sale of one thing.
    """
    mine, other = offered(a.heading, a.language), offered(b.heading, b.language)
    if mine is None or other is None or mine & other or not mine | other:
        return Case.NO
    if not mine or not other:
        return Case.LIKELY
    spoken = speaks_of(a.body, a.language, other) and speaks_of(b.body, b.language, mine)
    return Case.NO if spoken else Case.SURE


def _is_likely(a: Fingerprint, b: Fingerprint, between: Between) -> bool:
    """Whether what they say is of two things, two days or two contraries, or of no one happening at all."""
    if _framed(a, b, between.one_source) or (between.one_source and _two_of_its_own(a, b)):
        return True
    if differ(a, b) or _of_another_day(a, b) or _contrary(a, b):
        return True
    return _measured_later(a, b, between) or is_roundup(a.heading) or is_roundup(b.heading)


def _two_of_its_own(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether one source that tells both, and not in one and the same text, tells of two things."""
    return containment(a.held, b.held) < STANDS and (tell_of_their_own(a, b) or begin_with_two(a, b))


def _is_sure(a: Fingerprint, b: Fingerprint, kind: str, of_a_series: bool) -> bool:
    """Whether their names or numbers alone tell them apart. `kind`: of what keeps them from being one
    text.
    """
    if kind == OTHER_NAMES and of_a_series and a.held and b.held:
        return True
    if kind == OTHER_NUMBERS and named_anew(a, b):
        return True
    return _of_a_kind(a, b) or count_two(a, b) or tell_of_two(a, b)


def _of_a_kind(a: Fingerprint, b: Fingerprint) -> bool:
    """Two texts of one template with other numbers, under titles that name two things: two quakes, two
    companies' results. A toll that rises is told of the same place.
    """
    return _other_numbers(a, b) and containment(a.held, b.held) >= TEMPLATE and name_two(a, b)


def _other_numbers(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether either item says a number that the other does not."""
    mine, other = (one.numbers | one.body_numbers for one in (a, b))
    return not mine <= other and not other <= mine


def _measured_later(a: Fingerprint, b: Fingerprint, between: Between) -> bool:
    """Of one measure on two days: like headlines that come to other percentages, or what each day brought in
    other numbers.
    """
    if between.seconds < LATER:
        return False
    if tells_a_day(a) and tells_a_day(b) and _other_numbers(a, b):
        return True
    if title_similarity(a.title, b.title) < DAILY:
        return False
    mine, other = (percentages(f"{one.heading} | {one.shown}") for one in (a, b))
    return bool(mine and other) and not mine & other


def _named(a: Fingerprint, b: Fingerprint, one_source: bool) -> Case:
    """By the names that either title has, and the other item nowhere; in scripts without capitals, by the
    countries.
    """
    if name_two_countries(a, b):
        return Case.DOUBTED if share_a_country(a, b) and not one_source else Case.LIKELY
    if not capitals_tell(a) or not capitals_tell(b) or not name_two(a, b):
        return Case.NO
    return Case.DOUBTED if share_any_name(a, b) else Case.LIKELY


def _of_another_day(a: Fingerprint, b: Fingerprint) -> bool:
    """Of one series, by headlines that are much alike: `Rain on Thursday`, `Rain on Friday`."""
    return title_similarity(a.title, b.title) >= DAILY and on_other_days(a, b)


def _contrary(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether the one headline says the contrary of the other, in much the same words."""
    if title_similarity(a.title, b.title) < DAILY or _same_words(a, b):
        return False
    found = edits(a.heading, b.heading, min(a.language, b.language))
    veto = found.veto
    if veto is None or veto[0] not in (OPPOSITE, NEGATED):
        return False
    said = [
        [word for word in own if not contrary.negates(word, one.language)]
        for own, one in zip(found.own, (a, b), strict=True)
    ]
    return veto[0] == OPPOSITE or not all(said)


def _same_words(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether two headlines are in the very same words, in whatever order."""
    return sorted(words_of(a.heading).units) == sorted(words_of(b.heading).units)


def _filled_anew(a: Fingerprint, b: Fingerprint, one_source: bool) -> Case:
    """Two headlines in the same words but for their names and numbers, whoever tells them: `Solara shares
    fall 12%`, `Halden shares fall 9%`. Where one name alone is another one, or a number, two sources may tell
    the same, unless either text speaks of its own; and so may all where one text tells of what the other is
    named after.
    """
    other_number = not (a.numbers <= b.numbers or b.numbers <= a.numbers)
    if not other_number and is_dense(a.heading[-1:]):
        return Case.NO  # as below, and most of its kind
    found = _frame_of_names(a, b)
    if found is None:
        return Case.NO
    if found.signs:
        return Case.SURE if other_number and _in_one_place(found) else Case.NO
    return _filled_with_names(found, a, b, one_source)


def _in_one_place(found: Frame) -> bool:
    """Whether one name alone seems to fill it: no capitals, and no spaces, tell names from other words."""
    return found.names + found.signs == 1 and 1 <= found.filled <= found.common / 2


def _filled_with_names(found: Frame, a: Fingerprint, b: Fingerprint, one_source: bool) -> Case:
    """Several names tell two cases, and so does one that one source, or either text, tells of; one alone
    makes them likely where nothing but headlines is there.
    """
    if found.names > 1 or (found.names and (one_source or _two_of_their_own(a, b))):
        return Case.SURE
    mere = not a.body and not b.body and found.common >= FRAME * found.filled
    return Case.LIKELY if found.names and found.certain and mere else Case.NO


def _frame_of_names(a: Fingerprint, b: Fingerprint) -> Frame | None:
    """The frame of two headlines that names alone fill, unless one text tells of what the other is named
    after.
    """
    found = frame(a.heading, b.heading, min(a.language, b.language))
    if found is None or not _holds_names_alone(found) or tells_of(a, b) or tells_of(b, a):
        return None
    return found


def _two_of_their_own(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether either item has numbers, or its text a word of its title, that the other has not."""
    return _other_numbers(a, b) or _each_tells_its_own(a, b)


def _each_tells_its_own(a: Fingerprint, b: Fingerprint) -> bool:
    """Whether either text speaks of what its own title alone names: `… in Leeds`, `… in Hull`."""
    return all(
        any(not is_number(word) for word in set(one.title).difference(other.title).intersection(one.body))
        for one, other in ((a, b), (b, a))
    )


def _holds_names_alone(found: Frame) -> bool:
    """Whether names, and nothing else, fill it; where that is not sure, it has to be the larger part."""
    if found.words or found.alone or not found.common:
        return False
    return found.certain or found.common >= found.filled


def _framed(a: Fingerprint, b: Fingerprint, one_source: bool) -> bool:
    """Two headlines in one frame that have nothing else in common: `Letters: … and tariffs` of one source. Of
    two sources only where nothing but headlines is there: `Kerala High Court …`.
    """
    ours, theirs = _inside(a.title, b.title), _inside(b.title, a.title)
    if len(ours) == len(a.title) or not ours or not theirs:
        return False
    mine, other = _telling(ours, a.language), _telling(theirs, b.language)
    if one_source:
        return not mine & other and containment(a.held, b.held) < STANDS
    if a.body or b.body:
        return False
    if mine & other:
        return _measured(ours, theirs, a.language)
    return min(len(mine), len(other)) >= SAID


def _measured(ours: Sequence[str], theirs: Sequence[str], language: str) -> bool:
    """Two measurements of one kind: `Lisbon: 22 degrees, sunny`, `Porto: 19 degrees, showers`. A number
    stands in another's place, and everything else in few words too, of which at least SAID tell something:
    for a toll alone rises. A number, or a word of no list, that both have is of the happening and not of the
    template.
    """
    replaced = _in_a_template(ours, theirs, language)
    if not any(_numbers_differ(mine, other) for mine, other in replaced):
        return False
    said = _telling([word for mine, _ in replaced for word in mine if not is_number(word)], language)
    told = _telling([word for _, other in replaced for word in other if not is_number(word)], language)
    return not said & told and min(len(said), len(told)) >= SAID


def _in_a_template(
    ours: Sequence[str], theirs: Sequence[str], language: str
) -> list[tuple[Sequence[str], Sequence[str]]]:
    """What stands in each other's place within it; nothing where they have none in common."""
    replaced = []
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "replace" and max(j - i, m - k) <= PLACE:
            replaced.append((ours[i:j], theirs[k:m]))
        elif kind != "equal" or not all(_of_a_template(word, language) for word in ours[i:j]):
            return []
    return replaced


def _numbers_differ(mine: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two parts have numbers at the same place, counted from behind: `New York: 22`, `Porto: 19`."""
    return any(
        is_number(one) and is_number(two) for one, two in zip(reversed(mine), reversed(other), strict=False)
    )


def _of_a_template(word: str, language: str) -> bool:
    return not is_number(word) and vocabulary.stems(language)[word] in vocabulary.shares(language)


def _inside(title: Sequence[str], other: Sequence[str]) -> Sequence[str]:
    """The words of a title between those at both ends that the other has there too."""
    least = min(len(title), len(other))
    start = next((place for place in range(least) if title[place] != other[place]), least)
    end = next(
        (place for place in range(least - start) if title[-1 - place] != other[-1 - place]), least - start
    )
    return title[start : len(title) - end]


def _telling(words: Sequence[str], language: str) -> set[str]:
    """Stems of those that are not in every other item."""
    stems = vocabulary.stems(language)
    return {stems[word] for word in words if vocabulary.share(stems[word], language) < COMMON}


def _stands(a: Fingerprint, b: Fingerprint) -> bool:
    """One and the same text under two titles that have nothing in common, of which it speaks of neither."""
    if containment(a.held, b.held) < STANDS or title_similarity(a.title, b.title) > 0.0:
        return False
    body = {*a.body, *b.body}
    return not (_telling(a.title, a.language) | _telling(b.title, b.language)) & _telling(
        tuple(body), a.language
    )


def _one_word_replaced(a: Fingerprint, b: Fingerprint) -> bool:
    """In scripts without capitals: two headlines that are the same but for a word or two in one place.
    Another outlet would not have found the very same words; a template has them. Numbers do not count: a toll
    rises.
    """
    if a.held or b.held or not is_uncased(a):
        return False
    ours, theirs = _inside(a.title, b.title), _inside(b.title, a.title)
    if ours and theirs and all(map(is_number, (*ours, *theirs))):
        return False
    replaced = max(len(ours), len(theirs))
    return 0 < replaced <= 2 and min(len(a.title), len(b.title)) >= 2 * replaced + 2
