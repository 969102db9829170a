"""`eval`: how well the levels of sameness do, by a labelled file or by what the user says of doubtful folds.

In: a file, or answers. Out: figures; answers that are kept, and folds taken apart, where that is asked for.
Start reading at `eval_command`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from aggregator import answers, cycle, evaluate
from aggregator.cli.moments import now, rfc3339
from aggregator.cli.output import print_json, table
from aggregator.cli.settings import Settings, common
from aggregator.config import Config
from aggregator.measure import Score
from aggregator.model import Entry
from aggregator.store import open_reader
from aggregator.text import excerpts


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
