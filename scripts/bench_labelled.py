"""The levels of sameness on labelled news: pairs for text, clusters for event. One shipped setting, the real
store and fold.

The folder (default: ../shared/labelled beside the project) holds sets as JSON Lines or TSV; sets that are not
there are left out.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from pathlib import Path
from typing import Any

from aggregator import evaluate, fold
from aggregator.measure import f1, score

ROOT = Path(__file__).resolve().parent.parent
EVENTS = {
    "cluster_open_stream.jsonl": "open stream", "cluster_uci_headlines.tsv": "uci, small stories", "cluster_allsides_dated.jsonl": "allsides dated",
    "cluster_fnc_headlines.tsv": "fnc headlines", "cluster_fnc_bodies.jsonl": "fnc bodies", "cluster_gnews_T.tsv": "gnews titles",
    "cluster_gnews_TS.tsv": "gnews titles + snippets",
}  # fmt: skip
CYCLES = (20, 100)  # items that come at a time: what is merged early must not be worse for it
TEXTS = {"dup_feed_synth": "short items", "dup_natural": "full texts"}


def rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        if path.suffix == ".jsonl":
            return [json.loads(line) for line in file]
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def records(found: list[dict[str, Any]], texts: bool = True) -> dict[str, dict[str, Any]]:
    return {
        row["id"]: {
            "title": row.get("title", ""),
            "summary": (row.get("summary") or row.get("body") or "") if texts else "",
            "published": row.get("arrival") or None,
        }
        for row in found
    }


def event(name: str, shown: str, folder: Path, texts: bool = True, cycle: int | None = None) -> float:
    found = rows(folder / name)
    if "uci" in name:
        found = [row for row in found if row["tail"] == "1"]
    got = evaluate.folded(records(found, texts), fold.Settings(), cycle)
    groups = {key: value for key, (_, value) in got.items()}
    gold = {row["id"]: row["story"] for row in found}
    single = {key for key, story in gold.items() if story.startswith("x")}
    result = score("event", gold, groups)
    apart = ""
    if single:
        result, apart = open_stream(found, groups)
    print(
        f"event   {shown:28} B³ {result.b3_precision:.3f} {result.b3_recall:.3f} {result.b3_f1:.3f}   "
        f"pairwise {result.precision:.3f} {result.recall:.3f} {result.f1:.3f}{apart}",
        flush=True,
    )
    return result.b3_f1


def open_stream(found: list[dict[str, Any]], groups: dict[str, str]) -> tuple[Any, str]:
    """Stories among singles: B³ over the stories' items, pairs of two singles of one era are not judged."""
    members: dict[str, list[dict[str, Any]]] = {}
    for row in found:
        members.setdefault(groups[row["id"]], []).append(row)
    sizes: dict[str, int] = {}
    for row in found:
        sizes[row["story"]] = sizes.get(row["story"], 0) + 1
    p = r = n = hits = wrong = 0.0
    pure = singles = 0.0
    for group in members.values():
        stories: dict[str, int] = {}
        eras: dict[str, int] = {}
        for row in group:
            counts, key = (eras, row["era"]) if row["story"].startswith("x") else (stories, row["story"])
            counts[key] = counts.get(key, 0) + 1
        inside, size = sum(stories.values()), len(group)
        for story, count in stories.items():
            p, r, n = p + count * count / size, r + count * count / sizes[story], n + count
        same = sum(count * (count - 1) / 2 for count in stories.values())
        cross = (sum(eras.values()) ** 2 - sum(count * count for count in eras.values())) / 2
        hits, wrong = hits + same, wrong + inside * (inside - 1) / 2 - same + inside * (size - inside) + cross
        for count in eras.values():
            pure, singles = pure + count / (1 + size - count), singles + count
    wanted = sum(size * (size - 1) / 2 for story, size in sizes.items() if not story.startswith("x"))
    precision, recall = hits / max(1, hits + wrong), hits / wanted
    from aggregator.measure import Score

    return Score(
        "event", len(found), precision, recall, f1(precision, recall), p / n, r / n, f1(p / n, r / n)
    ), f"   singles kept apart {pure / singles:.3f}"


def text(name: str, shown: str, folder: Path) -> None:
    found = rows(folder / f"{name}_items.jsonl")
    stories: dict[str, list[str]] = {}
    for key, (story, _) in evaluate.folded(records(found), fold.Settings()).items():
        stories.setdefault(story, []).append(key)
    labels = {tuple(sorted((row["a"], row["b"]))): row["label"] for row in rows(folder / f"{name}_pairs.tsv")}
    claimed = [
        tuple(sorted((a, b)))
        for group in stories.values()
        for i, a in enumerate(group)
        for b in group[i + 1 :]
    ]
    judged = [labels.get(pair, "none") for pair in claimed if labels.get(pair) != "gray"]
    hits = judged.count("dup")
    precision, recall = hits / max(1, len(judged)), hits / list(labels.values()).count("dup")
    print(
        f"text    {shown:28} precision {precision:.3f} recall {recall:.3f} F1 {f1(precision, recall):.3f}   templates folded {judged.count('template')}",
        flush=True,
    )


def main() -> None:
    folder = Path(
        sys.argv[1]
        if len(sys.argv) > 1
        else os.environ.get("AGGREGATOR_LABELLED") or ROOT.parent / "shared" / "labelled"
    )
    if not folder.is_dir():
        sys.exit(f"{folder}: no such folder; give the folder of labelled sets")
    for name, shown in TEXTS.items():
        if (folder / f"{name}_items.jsonl").exists():
            text(name, shown, folder)
    found = {name: event(name, shown, folder) for name, shown in EVENTS.items() if (folder / name).exists()}
    if "cluster_open_stream.jsonl" in found:
        for cycle in CYCLES:
            event("cluster_open_stream.jsonl", f"open stream, by {cycle} a cycle", folder, cycle=cycle)
    found["title only"] = event("cluster_allsides_dated.jsonl", "allsides dated, titles", folder, texts=False)
    titles = [
        found[name]
        for name in (
            "cluster_uci_headlines.tsv",
            "title only",
            "cluster_fnc_headlines.tsv",
            "cluster_gnews_T.tsv",
        )
    ]
    full = [
        found[name]
        for name in ("cluster_allsides_dated.jsonl", "cluster_fnc_bodies.jsonl", "cluster_gnews_TS.tsv")
    ]
    print(
        f"event   macro-average of B³ F1: titles {sum(titles) / 4:.3f}, title + summary {sum(full) / 3:.3f}"
    )


if __name__ == "__main__":
    main()
