"""`split`, `join`, `refold`, `eval`, `plan`: the levels of sameness, overridden, replayed, measured.

In: entries by id, link or guid; a labelled file; a changed config. Out: overrides, stories and events made
anew, or figures. Start reading at `split_command`; each command stands before what only it needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from aggregator import answers, cycle, evaluate
from aggregator.cli.moments import from_when, now, rfc3339
from aggregator.cli.output import counted, print_json, table
from aggregator.cli.run import progress
from aggregator.cli.settings import Settings, common
from aggregator.config import Config, load
from aggregator.cycle.plan import Change, files, plan
from aggregator.measure import Score
from aggregator.model import Entry
from aggregator.store import Reader, open_reader
from aggregator.text import excerpts


@click.command("split")
@click.argument("entry")
@click.option("--undo", is_flag=True, help="Forget the split; the rules decide again, at once.")
@common(json_output=True)
def split_command(settings: Settings, entry: str, undo: bool) -> None:
    """Take ENTRY (id, link or guid) out of the story or event that it was folded into, for good."""
    config = settings.load()
    with settings.writer(config, make=False) as store:
        done = cycle.unsplit(store, entry) if undo else cycle.split(store, entry, now())
        cycle.fold_again(config, store, now())
        _tell(settings, store, done, entry)


def _tell(settings: Settings, store: Reader, done: str, *entries: str) -> None:
    """What was done, and where the entries stand now."""
    if not settings.json:
        settings.say(done)
        return
    places = [answers.why(store, entry) for entry in entries]
    stand = [
        {"entry": one.member.entry.public_id, "story": one.story.public_id, "event": one.event_id}
        for one in places
    ]
    print_json({"done": done, "entries": stand})


@click.command("join")
@click.argument("entry")
@click.argument("other")
@click.option("--level", type=click.Choice(["text", "event"]), default="event", show_default=True)
@click.option("--undo", is_flag=True, help="Forget the join; the rules decide again, at once.")
@common(json_output=True)
def join_command(settings: Settings, entry: str, other: str, level: str, undo: bool) -> None:
    """Make two entries one event, or one story (--level text), for good; says what that hides."""
    config = settings.load()
    with settings.writer(config, make=False) as store:
        done = cycle.unjoin(store, entry, other) if undo else cycle.join(store, entry, other, level, now())
        cycle.fold_again(config, store, now())
        below = "" if undo else cycle.told_under(config, store, entry, other, level)
        _tell(settings, store, f"{done}; {below}" if below else done, entry, other)


@click.command("refold")
@click.option("--since", metavar="D", help="Only stories since a date or a duration ago (30d).")
@common(json_output=True)
def refold_command(settings: Settings, since: str | None) -> None:
    """Forget stories and events (not overrides) and fold again; published ids survive."""
    config = settings.load()
    with settings.writer(config) as store, progress(settings) as watch:
        begin = None if since is None else from_when(since, now())
        report = cycle.refold(config, store, begin, now(), watch)
    folded, written = report.folded, len(report.written.written)
    if settings.json:
        print_json({"stories": folded.stories_new, "events": folded.events_new, "files": written})
        return
    told = f"{counted(folded.stories_new, 'story')}, {counted(folded.events_new, 'event')}"
    settings.say(f"{told}; {counted(written, 'file')} changed")


@click.command("eval")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True), required=False)
@click.option(
    "--questions",
    type=click.IntRange(1, 50),
    default=10,
    show_default=True,
    help="Without FILE: so many of your own doubtful pairs.",
)
@click.option(
    "--keep",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.jsonl",
    help="Add each answer to a labelled file, as `eval FILE` reads it.",
)
@click.option("--override", is_flag=True, help="Take a fold apart, for good, where you say that it is wrong.")
@common(json_output=True)
def eval_command(
    settings: Settings, file: Path | None, questions: int, keep: Path | None, override: bool
) -> None:
    """Precision, recall and F1 of each level against FILE (JSON Lines: entries with gold `story` and `event`,
    and `gray`, ids that an entry is not judged against); or, where FILE is a .tsv, which of its pairs come
    together or stay apart as wanted.

    P, R and F1 are of pairs, B³ is per item; `apart` is the share of single items left alone, `wrong` the
    number of pairs put together that are different, `largest` the items of the largest group.

    Without FILE: asks about the least certain folds of your own store and estimates their precision.
    """
    if file is None:
        _ask(settings, questions, keep, override)
        return
    if file.suffix.lower() == ".tsv":
        _pairs(settings, file)
        return
    found = evaluate.labelled(file)
    if settings.json:
        print_json([_score_json(one) for one in found])
        return
    titles = ("level", "items", "P", "R", "F1", "B³ P", "B³ R", "B³ F1", "apart", "wrong", "largest")
    table(titles, [_score_cells(one) for one in found])


def _score_json(one: Score) -> dict[str, object]:
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(one).items()}


def _score_cells(one: Score) -> tuple[str, ...]:
    shares = ("precision", "recall", "f1", "b3_precision", "b3_recall", "b3_f1", "apart")
    figures = (f"{getattr(one, share):.3f}" for share in shares)
    return one.level, str(one.items), *figures, str(one.wrong), str(one.largest)


def _pairs(settings: Settings, file: Path) -> None:
    found = evaluate.pairs(file)
    if settings.json:
        print_json([{**asdict(one), "wrong": list(one.wrong)} for one in found])
        return
    for one in found:
        for level in one.wrong:
            judged = f"{level} {one.found[level]}, should be {one.wanted[level]}"
            click.echo(f"{one.kind} ({one.language}): {judged}: {' / '.join(one.titles)}")
    click.echo(f"{sum(not one.wrong for one in found)} of {len(found)} pairs as wanted")


def _ask(settings: Settings, questions: int, keep: Path | None, override: bool) -> None:
    """About the folds that are least certain; says then what the answers mean."""
    config = settings.load(secrets=False)
    pairs = _to_ask(settings, config, questions, keep)
    answers: dict[str, list[bool]] = {}
    for pair, is_right in _answers(pairs, _titles_of(config)):
        answers.setdefault(pair.level, []).append(is_right)
        if keep is not None:
            evaluate.keep(keep, evaluate.Answer(pair.one, pair.other, pair.level, is_right))
        if override and not is_right:
            _take_apart(settings, config, pair)
    if settings.json:
        print_json([_precision_json(level, given) for level, given in sorted(answers.items())])
        return
    for level, given in sorted(answers.items()):
        click.echo(_precision_line(level, given))


def _to_ask(settings: Settings, config: Config, questions: int, keep: Path | None) -> list[answers.Pair]:
    """The least certain folds, but for those that the kept file tells of; says why where there are none."""
    known = {} if keep is None else evaluate.can_be_kept(keep)
    with open_reader(config.database) as store:
        found = answers.doubtful(store, questions + len(known))
    pairs = [one for one in found if not evaluate.is_answered(known, one.one, one.other, one.level)]
    if not found:
        settings.say("nothing stored was folded by text or event yet")
    elif not pairs:
        settings.say(f"{keep}: tells of all that was folded by text or event")
    return pairs[:questions]


def _precision_line(level: str, given: Sequence[bool]) -> str:
    """What the answers say of a level's doubtful folds."""
    low, high = evaluate.wilson(sum(given), len(given))
    precision = f"precision of the doubtful folds {low:.2f} to {high:.2f} (95 %)"
    return f"{level}\t{sum(given)} of {len(given)} right\t{precision}"


def _precision_json(level: str, given: Sequence[bool]) -> dict[str, object]:
    low, high = evaluate.wilson(sum(given), len(given))
    return {
        "level": level,
        "asked": len(given),
        "right": sum(given),
        "precision": [round(low, 4), round(high, 4)],
    }


def _answers(pairs: Iterable[answers.Pair], titles: Mapping[str, str]) -> Iterator[tuple[answers.Pair, bool]]:
    """Those that somebody said something of, until there is enough: whether the fold is right."""
    for pair in pairs:
        answer = _answer(pair, titles)
        if answer == "q":
            return
        if answer != "s":
            yield pair, answer == "y"


def _take_apart(settings: Settings, config: Config, pair: answers.Pair) -> None:
    with settings.writer(config) as writer:
        settings.say("  " + cycle.split(writer, str(pair.other.id), now()))
        cycle.fold_again(config, writer, now())


def _titles_of(config: Config) -> dict[str, str]:
    with open_reader(config.database) as store:
        return answers.titles(store)


def _answer(pair: answers.Pair, titles: Mapping[str, str]) -> str:
    """y, n, s (skip) or q; the end of the input is q, and nothing is taken for an answer."""
    for line in ("", *_lines(pair.one, titles), *_lines(pair.other, titles)):
        click.echo(line, err=True)
    what = "the same text" if pair.level == "text" else "the same event"
    question = f"  {what}? y, n, s (skip), q (quit)"
    while (answer := _typed(question)) not in ("y", "n", "s", "q"):
        pass
    return answer


def _typed(question: str) -> str:
    """The first letter of what is typed; q at the end of the input."""
    try:
        said: str = click.prompt(question, err=True, prompt_suffix=" ", default="", show_default=False)
    except click.Abort:
        click.echo(err=True)
        return "q"
    return said.strip().lower()[:1]


def _lines(entry: Entry, titles: Mapping[str, str]) -> Iterator[str]:
    """What somebody has to know to judge it."""
    at = (rfc3339(entry.published) or "")[:16].replace("T", " ")
    yield f"  {entry.title}  ({titles.get(entry.source) or entry.source}, {at})"
    if said := excerpts.beside(entry.title, entry.summary, 200):
        yield f"    {said}"
    if entry.link:
        yield f"    {entry.link}"


@click.command("plan")
@click.option(
    "--against",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The changed config; without it, the present file against what is published.",
)
@common(json_output=True)
def plan_command(settings: Settings, against: Path | None) -> None:
    """What a changed config would do to the published feeds, over stored entries. Writes nothing."""
    import os

    config = settings.load(secrets=False)
    other = load(against, os.environ, secrets=False) if against is not None else config
    with open_reader(config.database) as store, progress(settings) as watch:
        changes = plan(store, other, config, watch)
    come, go = files(other, config)
    if settings.json:
        print_json([_change_json(one, come, go) for one in changes])
        return
    table(
        ("topic", "change", "items then", "of these in the feed", "stories then"),
        [_change_cells(one) for one in changes],
    )
    titles = _titles(changes) if settings.verbose else ()
    for line in (*titles, *_file_lines(come, go)):
        click.echo(line)


def _file_lines(come: Sequence[str], go: Sequence[str]) -> Iterator[str]:
    yield from (f"+ {name}" for name in come)
    yield from (f"− {name}" for name in go)


def _change_cells(one: Change) -> tuple[str, ...]:
    """Of folds, items alone: they are of no feed."""
    change = one.topic, f"+{one.added} −{one.removed}", str(one.items)
    if one.topic == "folds":
        return *change, "", ""
    return *change, f"+{one.feed_added} −{one.feed_removed}", str(one.stories)


def _change_json(one: Change, come: list[str], go: list[str]) -> dict[str, object]:
    own = re.compile(rf"{re.escape(one.topic)}(-digest)?\.")
    names = {
        "added": [name for name in come if own.match(name)],
        "removed": [name for name in go if own.match(name)],
    }
    return {
        "files": names,
        "topic": one.topic,
        "added": one.added,
        "removed": one.removed,
        "items": one.items,
        "stories": one.stories,
        "feed": {"added": one.feed_added, "removed": one.feed_removed},
        "came": list(one.came),
        "went": list(one.went),
    }


def _titles(changes: Sequence[Change]) -> Iterator[str]:
    """What comes and goes, by name."""
    for one in changes:
        if one.came or one.went:
            yield f"\n{one.topic}"
        yield from (f"  + {title}" for title in one.came)
        yield from (f"  − {title}" for title in one.went)
