"""The shape of config.toml, for pydantic: all errors at once, and a JSON Schema for editors."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from aggregator.config import units
from aggregator.render import formats


def _positive(value: int) -> int:
    if value <= 0:
        raise ValueError("nothing can be fetched in or of that; it has to be more than 0")
    return value


def _schema(pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": list(examples)})


def _format(value: str) -> str:
    if formats.feed(value) is None:
        *others, last = (f"'{one.name}'" for one in formats.feeds())
        raise ValueError(f'"{value}": expected {", ".join(others)} or {last}')
    return value


def _enumerated(schema: dict[str, Any]) -> None:
    schema["enum"] = [one.name for one in formats.feeds()]


_DURATIONS, _SIZES = ("30m", "12h", "7d"), ("10MB",)
Duration = Annotated[int, BeforeValidator(units.duration), _schema(units.DURATION, *_DURATIONS)]
Positive = Annotated[
    int,
    BeforeValidator(units.duration),
    AfterValidator(_positive),
    _schema(units.SOME_DURATION, *_DURATIONS),
]
PositiveSize = Annotated[
    int, BeforeValidator(units.size), AfterValidator(_positive), _schema(units.SOME_SIZE, *_SIZES)
]
Id = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
Text = Annotated[str, Field(max_length=2000)]
Place = Annotated[str, Field(min_length=1, max_length=2000)]
Query = Annotated[
    str,
    Field(
        max_length=8000,
        description='words, "phrases", prefix*, AND OR NOT, parentheses, '
        "title: author: source: category: lang:",
    ),
]
Clock = Annotated[
    str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description='Hour and minute, such as "07:00".')
]
Unit = Literal["story", "event", "entry"]
EventLead = Literal["central", "first", "longest"]
Sort = Literal["newest", "sources"]
Format = Annotated[str, AfterValidator(_format), Field(json_schema_extra=_enumerated)]


class Section(BaseModel):
    """Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Service(Section):
    title: Text = Field("News", description="Title of the whole; part of every feed's title.")
    base_url: Text = Field(
        "http://127.0.0.1:8080/",
        description="Public address of the output folder; feed links derive from it.",
    )
    contact: Text | None = Field(
        None, description="A page or mail address about you; goes into the User-Agent."
    )
    database: Place = Field("var/aggregator.db", description="The SQLite file.")
    output: Place = Field("var/public", description="The folder of published files.")
    language: Text = Field("en", description="Language of the pages and of feeds without one.")
    ping_url: Text | None = Field(None, description="Called after each good cycle: a dead man's switch.")


class Poll(Section):
    interval: Duration = Field(1800, description="Wished; the source's rhythm and the server's word move it.")
    min_interval: Duration = 300
    max_interval: Duration = 86_400
    concurrency: int = Field(32, ge=1, le=256)
    per_host: int = Field(1, ge=1, le=16, description="Requests in flight to one host.")
    host_gap: Duration = Field(1, description="Between two requests to one host.")
    pause_host: bool = Field(True, description="After a 429 all feeds of that host wait, not the one alone.")
    timeout: Positive = Field(20, description="For the whole exchange, however slowly it trickles.")
    max_bytes: PositiveSize = Field(10_000_000, description="After decompression.")
    parse_timeout: Positive = Field(
        10, description="Of the CPU, for parsing one document; six times as long by the clock."
    )
    parse_memory: PositiveSize = Field(130_000_000, description="For parsing one document.")
    allow_hosts: list[Text] = Field(
        [], max_length=1000, description='"host:port" of our own network that may be reached.'
    )
    push: bool = Field(
        True,
        description="Let hubs push (WebSub), where the daemon serves and service.base_url can be "
        "reached by them.",
    )
    executor: Literal["auto", "threads", "processes", "dask"] = Field(
        "auto",
        description="Where polls run: on threads (auto), in processes, or on the workers of a Dask cluster.",
    )
    dask_scheduler: Text | None = Field(
        None, description='The scheduler of that cluster, such as "tcp://10.0.0.5:8786".'
    )


class Level(Section):
    window: Duration = Field(description="How long after its last entry a story can grow.")


class Fold(Section):
    text: Level | Literal[False] = Field(
        default_factory=lambda: Level.model_construct(window=604_800),
        description="The same text; false switches it off.",
        json_schema_extra={"default": {"window": "7d"}},
    )
    event: Level | Literal[False] = Field(
        default_factory=lambda: Level.model_construct(window=259_200),
        description="The same event; false switches it off.",
        json_schema_extra={"default": {"window": "72h"}},
    )
    lead: Literal["first", "longest"] = Field(
        "first", description="Which entry leads a story, among those of the highest priority."
    )


class Publish(Section):
    formats: list[Format] = Field(list(formats.by_default()), min_length=1)
    limit: int = Field(50, ge=1, le=1000, description="Items of a feed.")
    content: Literal["full", "summary", "none"] = "full"
    one_per: Unit = "story"
    hub: Text | None = Field(None, description="WebSub hub.")
    lead: EventLead = Field(
        "central",
        description="Which telling leads an event, after priority: the one closest to all others, the "
        "first, the longest.",
    )
    images: bool = Field(
        False, description="Pages show small pictures of the stories; browsers fetch them from their sources."
    )
    sort: Sort = Field("newest", description="The order of feeds: by date, or by how many sources tell it.")


class Retention(Section):
    entries: Duration = 7_776_000


class Serve(Section):
    host: Place = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    desk: bool = Field(
        False,
        description="Pages at /desk to split, join, pin and hide; from this machine, or with desk_token.",
    )
    desk_token: Text | None = Field(
        None, min_length=16, description='What opens the desk from elsewhere; "env:NAME" reads it.'
    )
    metrics: bool = Field(False, description="/metrics for others than programs on this machine.")


class Log(Section):
    format: Literal["text", "json"] = Field("text", description="Of the daemon's log.")
    level: Literal["debug", "info", "warning", "error"] = "info"


class Source(Section):
    id: Id | None = Field(None, description="Made from the host when left out.")
    url: Text | None = None
    path: Place | None = Field(
        None, description="A local feed file or text file of stories; may hold * signs."
    )
    opml: Place | None = Field(
        None, description="A reading list, an address or a file: its outlines are sources, and kept in sync."
    )
    title: Text | None = None
    topics: list[Id] = Field([], max_length=100, description="Everything from here belongs there.")
    interval: Duration | None = None
    priority: int = Field(0, ge=-1000, le=1000, description="Higher leads a story.")
    include: Query | None = Field(None, description="Keep only what matches.")
    exclude: Query | None = Field(None, description="Drop what matches.")
    headers: dict[str, Text] = Field(
        {},
        max_length=20,
        description='Sent to the origin of the url only; "env:NAME" reads an environment variable.',
    )
    enabled: bool = True


class Topic(Section):
    id: Id
    title: Text | None = None
    description: Text = ""
    match: Query | None = None
    exclude: Query | None = None
    sources: list[Id] = Field([], max_length=10_000, description="Everything of these sources.")
    one_per: Unit | None = None
    min_sources: int = Field(
        1, ge=1, le=100, description="Only what at least so many independent sources carry."
    )
    per_source: int | None = Field(
        None, ge=1, le=1000, description="At most so many of one source in the feed."
    )
    limit: int | None = Field(None, ge=1, le=1000)
    like: list[Text] = Field(
        [],
        max_length=1000,
        description='Examples: headlines, ids of entries, or "file:" and a text file of stories.',
    )
    learn: bool = Field(False, description="Its entries teach what its words miss.")
    starter: Text | list[Text] = Field(
        [], description="Begin with the shipped rules of a common topic, or of several."
    )
    scheme: Text | None = Field(None, description="Published with the term, as a category of its items.")
    sort: Sort | None = None
    digest: Literal["daily", "weekly"] | None = Field(
        None, description="One entry a day or week, grouped by event, as feeds ID-digest.*."
    )
    digest_at: Clock | None = Field(None, description="When, in the time of the machine; 07:00 if not said.")
    term: Text | None = Field(None, description="A category that all of its items get.")


class Hook(Section):
    on: Literal["story", "event", "source", "digest"] = Field(
        description="A new story; an event that several sources tell; a source that died; a digest that was "
        "made."
    )
    match: Query | None = Field(None, description="Only stories or events that match.")
    min_sources: int | None = Field(
        None,
        ge=1,
        le=100,
        description="Of an event: told once, when so many independent sources carry it; 2 if not said.",
    )
    run: list[Text] | None = Field(
        None,
        min_length=1,
        max_length=100,
        description='A command; it gets JSON on its standard input: {"on": "story", "story": {"title": …}}.',
    )
    notify: Text | None = Field(None, description='An Apprise address; "env:NAME" reads it.')
    timeout: Duration = Field(30, description="How long the command may take.")


class File(Section):
    """config.toml of aggregator"""

    service: Service = Service()
    poll: Poll = Poll()
    fold: Fold = Fold()
    publish: Publish = Publish()
    retention: Retention = Retention()
    serve: Serve | None = Field(None, description="The daemon also serves when this section is there.")
    log: Log = Log()
    sources: list[Source] = Field([], max_length=20_000)
    topics: list[Topic] = Field([], max_length=2000)
    hooks: list[Hook] = Field([], max_length=100)
