"""What Prometheus is told: what the store says at this moment, and what this process did since it began.

One `Meters` a process, made where the daemon or the server starts. No labels by source: ten thousand of them
make 700 kB a scrape.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily

from aggregator.records import dataclass, field

BUCKETS = (0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 900)  # seconds


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store says of itself; None of the dates: never."""

    up: bool = True
    states: Mapping[str, int] = field(default_factory=dict)  # state → sources
    counts: Mapping[str, int] = field(default_factory=dict)  # entry, story, event → how many
    last_poll: int | None = None
    week: Mapping[str, int] = field(default_factory=dict)  # requests, wire_bytes, saved_bytes of seven days


class Meters:
    """Counts cycles as they end, and writes all down for a scrape."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        made: Any = {"registry": self._registry, "namespace": "aggregator"}
        self._polls = Counter("polls", "Polls since this process began, by outcome.", ["outcome"], **made)
        self._failures = Counter("poll_failures", "Failed polls, by reason.", ["reason"], **made)
        self._entries = Counter("entries", "Entries that came in, new or updated.", ["what"], **made)
        self._files = Counter("files_written", "Published files that were written.", **made)
        self._cycles = Counter("cycles", "Cycles that ended.", **made)
        self._seconds = Histogram(
            "stage_seconds", "How long each stage of a cycle took.", ["stage"], buckets=BUCKETS, **made
        )
        self._tick = Gauge(
            "last_tick_timestamp_seconds", "When the daemon last looked at what is due.", **made
        )
        self._cycle = Gauge("last_cycle_timestamp_seconds", "When a cycle last ended, all published.", **made)
        self.ticked_at: float | None = None  # Unix time; None where nothing ticks: a server alone

    def tick(self, now: float) -> None:
        self.ticked_at = now
        self._tick.set(now)

    def cycle(self, collected: Any, written: int, now: float) -> None:
        """`collected`: a `cycle.Collected`."""
        for outcome in ("ok", "not_modified", "failed"):
            self._polls.labels(outcome).inc(getattr(collected, outcome))
        for _, failure in collected.failures:
            self._failures.labels(failure.kind).inc()
        self._entries.labels("new").inc(collected.new)
        self._entries.labels("updated").inc(collected.updated)
        self._files.inc(written)
        self._cycles.inc()
        self._cycle.set(now)

    def took(self, stage: str, seconds: float) -> None:
        self._seconds.labels(stage).observe(seconds)

    def text(self, stored: Stored) -> bytes:
        """The text format of Prometheus."""
        now = CollectorRegistry()
        now.register(_OfStore(stored))
        return generate_latest(now) + generate_latest(self._registry)


class Stages:
    """Measures the stages of one cycle, as they are announced one after the other."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters
        self._stage, self._since = "", 0.0

    def begin(self, stage: str) -> None:
        self.end()
        self._stage, self._since = stage, time.monotonic()

    def end(self) -> None:
        if self._stage:
            self._meters.took(self._stage, time.monotonic() - self._since)
        self._stage = ""


class _OfStore:
    """Asked for one scrape."""

    def __init__(self, stored: Stored) -> None:
        self._stored = stored

    def collect(self) -> Iterator[GaugeMetricFamily]:
        stored = self._stored
        yield GaugeMetricFamily("aggregator_up", "Whether the database can be read.", value=int(stored.up))
        if not stored.up:
            return
        yield _labelled("aggregator_sources", "Sources by state.", "state", stored.states)
        yield _labelled("aggregator_stored", "What is stored.", "what", stored.counts)
        for name, value in stored.week.items():
            yield GaugeMetricFamily(f"aggregator_week_{name}", "Of the last seven days.", value=value)
        yield GaugeMetricFamily(
            "aggregator_last_poll_timestamp_seconds",
            "When a source was last polled.",
            value=stored.last_poll or 0,
        )


def _labelled(name: str, text: str, label: str, values: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, count in sorted(values.items()):
        family.add_metric([value], count)
    return family
