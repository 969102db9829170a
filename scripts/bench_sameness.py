"""How well the levels of sameness do on every labelled set that is there: real days, a patched stream, sets of
titles and of summaries, copies, pairs, our own. The real parser, store and fold, one shipped setting.

Sets are looked for under FOLDER (default: $AGGREGATOR_SHARED, else ../shared beside the project); what is
missing is named and left out. Where two settings are compared, the intervals come from a paired bootstrap over
gold groups: what is within the interval is noise.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sameness import compare, settings, worst
from sameness.rulers import KINDS, Days, Found, Ruler, rulers
from sameness.settings import Setting

from aggregator.measure import Score, figures, total

ROOT = Path(__file__).resolve().parent.parent
Task = tuple[int, Ruler, Setting]


def _run(task: Task) -> tuple[int, Found]:
    number, ruler, setting = task
    settings.apply(setting)
    try:
        return number, ruler.measure()
    except Exception as error:
        if not setting:
            raise
        raise RuntimeError(f"{ruler.name} with {settings.shown(setting)}: {error}") from error


def measured(wanted: Sequence[tuple[Ruler, Setting]], jobs: int) -> list[Found]:
    """Each in a process of its own, so that no setting reaches another run; the long ones first."""
    tasks = [(number, ruler, setting) for number, (ruler, setting) in enumerate(wanted)]
    tasks.sort(key=lambda task: -task[1].cost)
    with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=1) as pool:
        found = dict(_told(pool.imap_unordered(_run, tasks, 1), len(tasks)))
    return [found[number] for number in range(len(wanted))]


def _told(results: Iterator[tuple[int, Found]], of: int) -> Iterator[tuple[int, Found]]:
    for done, result in enumerate(results, 1):
        if sys.stderr.isatty():
            print(f"\r{done} of {of} runs", end="" if done < of else "\r" + " " * 30 + "\r", file=sys.stderr)
        yield result


# ------------------------------------------------------------------ the table


def show(there: Sequence[Ruler], found: Sequence[Found], verbose: bool) -> None:
    print(f"{'':26} {'B³':18} {'pairwise':18}  wrong missed  apart largest")
    for level in ("event", "text"):
        for ruler, one in zip(there, found, strict=True):
            if level in one.tallies:
                print(_line(level, ruler, one))
    for ruler, one in zip(there, found, strict=True):
        if "pairs" in one.tallies:
            got = total(one.tallies["pairs"].values())
            print(f"pairs {ruler.name:20} {round(got.precision)} of {round(got.items)} as wanted")
        for remark in one.remarks if verbose or "pairs" not in one.tallies else ():
            print(f"      {ruler.name}: {remark}")
    means(there, found)


def scored(level: str, one: Found) -> Score:
    return figures(level, total(one.tallies[level].values()), one.largest.get(level, 0))


def _line(level: str, ruler: Ruler, one: Found) -> str:
    got = scored(level, one)
    b3 = " ".join(f"{value:.3f}" for value in (got.b3_precision, got.b3_recall, got.b3_f1))
    pairs = " ".join(f"{value:.3f}" for value in (got.precision, got.recall, got.f1))
    whole = f" ({one.whole} of all)" if level == "event" and one.whole not in (None, got.largest) else ""
    if ruler.kind == "copies":
        b3 = ""
    return (
        f"{level:5} {ruler.name:20} {b3:18} {pairs:18} {got.wrong:6} {got.missed:6} "
        f" {got.apart:.3f} {got.largest:5}{whole}"
    )


def means(there: Sequence[Ruler], found: Sequence[Found]) -> None:
    """Of F1, event level: over the rulers of each kind, then over the kinds."""
    by_kind: dict[str, list[tuple[float, float]]] = {}
    for ruler, one in zip(there, found, strict=True):
        if "event" in one.tallies:
            got = scored("event", one)
            by_kind.setdefault(ruler.kind, []).append((got.b3_f1, got.f1))
    averages = {kind: _mean(values) for kind, values in by_kind.items()}
    for kind, (b3, pairs) in averages.items():
        print(f"mean  {KINDS[kind]:20} B³ F1 {b3:.3f}  pairwise F1 {pairs:.3f}")
    if averages:
        b3, pairs = _mean(list(averages.values()))
        print(f"mean  {'all kinds':20} B³ F1 {b3:.3f}  pairwise F1 {pairs:.3f}")


def _mean(values: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return sum(b3 for b3, _ in values) / len(values), sum(pairs for _, pairs in values) / len(values)


# ------------------------------------------------------------------ constants


def show_constants(
    modules: Sequence[str], there: Sequence[Ruler], found: Sequence[Found], base: Setting, jobs: int
) -> None:
    """One constant at a time with another value, against the setting as it is."""
    print(f"\n{'':38}" + "".join(f"{measure:28}" for measure in compare.MEASURES))
    for module in modules:
        for name, setting in settings.variants(module):
            other = measured([(ruler, (*base, *setting)) for ruler in there], jobs)
            means = [
                compare.mean(differences) if differences else None
                for differences in compare.differences(there, found, other).values()
            ]
            told = "".join(f"{'' if one is None else one.change():28}" for one in means)
            print(f"{name:38}{told}{'' if any(one and one.sure() for one in means) else 'noise'}", flush=True)


# fmt: off
OPTIONS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("--window", "this window of real days (all)", {"action": "append", "default": [], "metavar": "N"}),
    ("--slice", "of real days, the labelled items alone", {"action": "store_true"}),
    ("--hours", "a cycle of real days (1); 0: one cycle", {"type": float, "default": 1.0, "metavar": "H"}),
    ("--only", "rulers whose name or kind begins so: days, stream, titles, summaries, own, copies, pairs",
     {"action": "append", "default": [], "metavar": "NAME"}),
    ("--set", "another value of a constant, such as cluster.THRESHOLD=0.22",
     {"action": "append", "default": [], "metavar": "NAME=VALUE"}),
    ("--against", "a second setting (and a third …), on top of --set: what it gives more, with 95 %% intervals",
     {"action": "append", "default": [], "metavar": "NAME=VALUE,…"}),
    ("--constants", "what each constant of these modules (cluster,dedupe) is worth: halved, and doubled; "
     "takes hours without --only", {"nargs": "?", "const": "cluster,dedupe", "metavar": "MODULE,…"}),
    ("--worst", "write the worst mistakes of each ruler, to read", {"type": Path, "metavar": "FILE"}),
    ("--jobs", "processes (as many as cores)", {"type": int, "default": os.cpu_count() or 1, "metavar": "N"}),
    ("-v --verbose", "each pair that is not as wanted", {"action": "store_true"}),
)
# fmt: on


def arguments() -> argparse.Namespace:
    told = (__doc__ or "").split("\n\n")
    parser = argparse.ArgumentParser(
        prog="scripts/bench sameness", description=told[0].replace("\n", " "), epilog=told[1]
    )
    default = os.environ.get("AGGREGATOR_SHARED") or ROOT.parent / "shared"
    parser.add_argument("folder", nargs="?", type=Path, default=Path(default), metavar="FOLDER")
    for names, meant, more in OPTIONS:
        parser.add_argument(*names.split(), help=meant, **more)
    return parser.parse_args()


def chosen(there: Sequence[Ruler], only: Sequence[str]) -> list[Ruler]:
    return [
        ruler for ruler in there if any(name.startswith(tuple(only)) for name in (ruler.name, ruler.kind))
    ]


def main() -> None:
    wanted, started = arguments(), time.time()
    base = tuple(one for text in wanted.set for one in settings.parsed(text))
    known = rulers(
        wanted.folder, ROOT / "tests" / "data", Days(tuple(wanted.window), wanted.hours, wanted.slice)
    )
    there = []
    for ruler in chosen(known, wanted.only) if wanted.only else known:
        if ruler.is_there():
            there.append(ruler)
        else:
            print(f"left out: {ruler.name}, no {ruler.arguments[0]}", file=sys.stderr)
    if not there:
        sys.exit("no ruler is there; give the folder that holds streams/ and labelled/")
    others = [(*base, *settings.parsed(text)) for text in wanted.against]
    print(f"setting: {settings.shown(base)}")
    runs = measured([(ruler, setting) for setting in (base, *others) for ruler in there], wanted.jobs)
    found, *alternatives = (runs[start : start + len(there)] for start in range(0, len(runs), len(there)))
    show(there, found, wanted.verbose)
    for other, one in zip(others, alternatives, strict=True):
        compare.show(settings.shown(other), there, found, one)
    if others:
        compare.left_out(there, [settings.shown(one) for one in (base, *others)], [found, *alternatives])
    if wanted.worst:
        wanted.worst.write_text(worst.written(there, found), encoding="utf-8")
    if wanted.constants:
        show_constants(wanted.constants.split(","), there, found, base, wanted.jobs)
    print(f"{time.time() - started:.0f} s")


if __name__ == "__main__":
    main()
