"""What is wrong in a config.toml is told with its line, its key and what was expected; what is right at the
edge passes. Through `load`, as every command reads it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from aggregator.cli import group, reference
from aggregator.config import doubts, load
from aggregator.config.ids import RESERVED, made_id, named_id, slug
from aggregator.errors import ConfigError, UsageError

MAX_FILE = 20_000_000

URL = 'url = "https://a.example/feed"'
S = "[[sources]]\n"
T = '[[topics]]\nid = "t"\n'
H = "[[hooks]]\n"


def told(folder: Path, text: str, env: dict[str, str] | None = None) -> str:
    """What `load` says of this file, without the folder; "" where it is good."""
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    try:
        load(path, env or {})
    except ConfigError as error:
        return str(error).replace(f"{folder}/", "")
    return ""


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "a Windows path",
            S + 'path = "C:\\Users\\x.txt"\n',
            "2: in double quotes a backslash begins a sign: write '…', or two backslashes",
        ),
        (
            "a backslash",
            S + 'path = "C:\\docs"\n',
            "2: in double quotes a backslash begins a sign: write '…', or two backslashes",
        ),
        (
            "a list of one",
            S + URL + '\ntopics = "world"\n',
            '3: sources[0].topics: "world": expected a list: write ["world"]',
        ),
        ("one section of a kind", '[[service]]\ntitle = "T"\n', "1: service: there is one: write [service]"),
        (
            "a key of another section",
            '[publish]\ninterval = "5m"\n',
            "2: publish.interval: unknown key; it stands in [poll] and [[sources]]",
        ),
        (
            "a key of a section far away",
            '[serve]\nentries = "5d"\n',
            "2: serve.entries: unknown key; it stands in [retention]",
        ),
        (
            "base_url: no scheme",
            '[service]\nbase_url = "news.example"\n',
            '2: service.base_url: "news.example" is no web address such as "https://news.example.org/"',
        ),
        (
            "base_url: other scheme",
            '[service]\nbase_url = "ftp://news.example/"\n',
            '2: service.base_url: "ftp://news.example/" is no web address such as "https://news.example.org/"',
        ),
        (
            "base_url: a query",
            '[service]\nbase_url = "https://news.example/?a=1"\n',
            "2: service.base_url: is the address of a folder: without ? and #",
        ),
        (
            "base_url: a fragment",
            '[service]\nbase_url = "https://news.example/#a"\n',
            "2: service.base_url: is the address of a folder: without ? and #",
        ),
        (
            "base_url: a blank",
            '[service]\nbase_url = "https://news.example/a b"\n',
            '2: service.base_url: "https://news.example/a b" is no web address such as "https://news.example.org/"',
        ),
        (
            "base_url: a port too high",
            '[service]\nbase_url = "https://news.example:65536/"\n',
            '2: service.base_url: "https://news.example:65536/" is no web address such as "https://news.example.org/"',
        ),
        (
            "base_url: half an IPv6 address",
            '[service]\nbase_url = "https://[::1/"\n',
            '2: service.base_url: "https://[::1/" is no web address such as "https://news.example.org/"',
        ),
        (
            "ping_url",
            '[service]\nping_url = "ping"\n',
            '2: service.ping_url: "ping" is no web address such as "https://news.example.org/"',
        ),
        (
            "hub",
            '[publish]\nhub = "//hub.example/"\n',
            '2: publish.hub: "//hub.example/" is no web address such as "https://news.example.org/"',
        ),
        (
            "language: a word",
            '[service]\nlanguage = "English"\n',
            '2: service.language: "English" is no language tag such as "en" or "pt-BR"',
        ),
        (
            "language: as POSIX has it",
            '[service]\nlanguage = "en_US"\n',
            '2: service.language: "en_US" is no language tag such as "en" or "pt-BR"',
        ),
        (
            "language: nothing",
            '[service]\nlanguage = ""\n',
            '2: service.language: "" is no language tag such as "en" or "pt-BR"',
        ),
        (
            "title: a line end",
            '[service]\ntitle = "A\\nB"\n',
            "2: service.title: holds a line end or control character",
        ),
        (
            "contact: a line end",
            '[service]\ncontact = "a@b.example\\r\\nX-Evil: 1"\n',
            "2: service.contact: holds a line end or control character",
        ),
        (
            "title: too long",
            f'[service]\ntitle = "{"x" * 2001}"\n',
            "2: service.title: is longer than 2000 characters",
        ),
        (
            "database in the output folder",
            '[service]\ndatabase = "p/x/a.db"\noutput = "p"\n',
            "2: service.database: lies in the output folder, where everybody could fetch it; choose another place",
        ),
        (
            "database is the output folder",
            '[service]\ndatabase = "p"\noutput = "p"\n',
            "2: service.database: lies in the output folder, where everybody could fetch it; choose another place",
        ),
        (
            "output is the root",
            '[service]\noutput = "/"\n',
            "2: service.output: is the root of the disk; published files need a folder of their own",
        ),
        (
            "output is the root, by a detour",
            '[service]\noutput = "/x/.."\n',
            "2: service.output: is the root of the disk; published files need a folder of their own",
        ),
        (
            "output is the root, beside the database",
            '[service]\noutput = "//"\ndatabase = "/a.db"\n',
            "2: service.output: is the root of the disk; published files need a folder of their own",
        ),
        (
            "intervals crossed",
            '[poll]\nmin_interval = "2h"\nmax_interval = "1h"\n',
            "2: poll.min_interval: is longer than poll.max_interval",
        ),
        (
            "dask without a scheduler",
            '[poll]\nexecutor = "dask"\n',
            '2: poll.executor: is "dask", which needs `dask_scheduler`, such as "tcp://127.0.0.1:8786"',
        ),
        (
            "an executor that there is not",
            '[poll]\nexecutor = "fibers"\n',
            "2: poll.executor: \"fibers\": expected 'auto', 'threads', 'processes' or 'dask'",
        ),
        (
            "a host without its port",
            '[poll]\nallow_hosts = ["a:1", "localhost"]\n',
            '2: poll.allow_hosts: "localhost" (number 2) is no "host:port"',
        ),
        (
            "a port of 0",
            '[poll]\nallow_hosts = ["localhost:0"]\n',
            '2: poll.allow_hosts: "localhost:0" (number 1) is no "host:port"',
        ),
        (
            "a port too high",
            '[poll]\nallow_hosts = ["localhost:65536"]\n',
            '2: poll.allow_hosts: "localhost:65536" (number 1) is no "host:port"',
        ),
        (
            "an IPv6 address without brackets",
            '[poll]\nallow_hosts = ["::1:80"]\n',
            '2: poll.allow_hosts: "::1:80" (number 1) is no "host:port"',
        ),
        (
            "an address for a host",
            '[poll]\nallow_hosts = ["http://localhost:80"]\n',
            '2: poll.allow_hosts: "http://localhost:80" (number 1) is no "host:port"',
        ),
        ("concurrency: none", "[poll]\nconcurrency = 0\n", "2: poll.concurrency: 0: expected 1 or more"),
        (
            "concurrency: too many",
            "[poll]\nconcurrency = 257\n",
            "2: poll.concurrency: 257: expected at most 256",
        ),
        ("per_host: too many", "[poll]\nper_host = 17\n", "2: poll.per_host: 17: expected at most 16"),
        (
            "no bytes at all",
            '[poll]\nmax_bytes = "0MB"\n',
            "2: poll.max_bytes: nothing can be fetched in or of that; it has to be more than 0",
        ),
        ("yes for true", "[poll]\npush = 1\n", "2: poll.push: 1: expected true or false"),
        ("limit: too many", "[publish]\nlimit = 1001\n", "2: publish.limit: 1001: expected at most 1000"),
        ("a port for serving", "[serve]\nport = 65536\n", "2: serve.port: 65536: expected at most 65535"),
        (
            "a token that could be guessed",
            '[serve]\ndesk_token = "fifteen letters"\n',
            "2: serve.desk_token: is shorter than 16 characters",
        ),
        (
            "an id in capitals",
            '[[topics]]\nid = "World"\n',
            '2: topics[0].id: "World" is no id: use 1 to 64 of a–z, 0–9 and -',
        ),
        (
            "an id of nothing",
            '[[topics]]\nid = ""\n',
            '2: topics[0].id: "" is no id: use 1 to 64 of a–z, 0–9 and -',
        ),
        (
            "an id too long",
            f'[[topics]]\nid = "{"a" * 65}"\n',
            f'2: topics[0].id: "{"a" * 65}" is no id: use 1 to 64 of a–z, 0–9 and -',
        ),
        ("a topic without id", '[[topics]]\nmatch = "a"\n', "1: topics[0]: `id` is missing"),
        (
            "a source without address",
            f"{S}title = 'A'\n",
            "1: sources[0]: needs `url` (a feed) or `path` (a local file)",
        ),
        (
            "a feed and a file",
            f'{S}{URL}\npath = "a.txt"\n',
            "1: sources[0]: has both `url` and `path`; give one of them",
        ),
        (
            "three at once",
            f'{S}{URL}\npath = "a.txt"\nopml = "b.opml"\n',
            "1: sources[0]: has `url` and `path` and `opml`; give one of them",
        ),
        (
            "url: another scheme",
            f'{S}url = "gopher://a.example/"\n',
            '2: sources[0].url: "gopher://a.example/" is no web address: only http and https are polled',
        ),
        (
            "url: a password",
            f'{S}url = "https://u:secret@a.example/"\n',
            '2: sources[0].url: holds a user or password; secrets go into `headers = { Authorization = "env:NAME" }`',
        ),
        (
            "a header that could be two",
            f'{S}{URL}\nheaders = {{ X-A = "1\\r\\nX-B: 2" }}\n',
            "3: sources[0].headers.X-A: is no header that can be sent: no line ends, no blanks in the name and around the value, nothing but Latin letters, not empty",
        ),
        (
            "a header without value",
            f'{S}{URL}\nheaders = {{ X-A = " " }}\n',
            "3: sources[0].headers.X-A: is no header that can be sent: no line ends, no blanks in the name and around the value, nothing but Latin letters, not empty",
        ),
        (
            "a header's name of two words",
            f'{S}{URL}\nheaders = {{ "X A" = "1" }}\n',
            "3: sources[0].headers.X A: is no header that can be sent: no line ends, no blanks in the name and around the value, nothing but Latin letters, not empty",
        ),
        (
            "a header of ours",
            f'{S}{URL}\nheaders = {{ If-None-Match = "1" }}\n',
            "3: sources[0].headers.If-None-Match: is a header that we set ourselves",
        ),
        (
            "a header of ours in small letters",
            f'{S}{URL}\nheaders = {{ host = "b.example" }}\n',
            "3: sources[0].headers.host: is a header that we set ourselves",
        ),
        (
            "include: no query",
            f'{S}{URL}\ninclude = "(a"\n',
            "3: sources[0].include: at character 1: this parenthesis is not closed",
        ),
        (
            "exclude: no query",
            f'{S}{URL}\nexclude = "a OR"\n',
            "3: sources[0].exclude: at character 5: the query ends where a word was expected",
        ),
        (
            "a source twice",
            f'{S}id = "a"\n{URL}\n{S}id = "a"\nurl = "https://b.example/"\n',
            '5: sources[1].id: "a" is the id of another one already; ids are unique',
        ),
        (
            "a source in a topic that is none",
            f'{S}{URL}\ntopics = ["qqq"]\n',
            '3: sources[0].topics: "qqq" is no topic of this file',
        ),
        (
            "a topic of a source that is none",
            f'{S}id = "daily"\n{URL}\n{T}sources = ["dayly"]\n',
            '6: topics[0].sources: "dayly" is no source of this file; did you mean "daily"?',
        ),
        (
            "priority: too high",
            f"{S}{URL}\npriority = 1001\n",
            "3: sources[0].priority: 1001: expected at most 1000",
        ),
        (
            "match: no query",
            f'{T}match = "-a"\n',
            "3: topics[0].match: at character 1: “-a”: to leave a word out write NOT a",
        ),
        (
            "exclude: a field that there is not",
            f'{T}match = "a"\nexclude = "tilte:b"\n',
            "4: topics[0].exclude: at character 1: there is no field “tilte:”; fields are ",
        ),
        (
            "a scheme without term",
            f'{T}match = "a"\nscheme = "https://s.example/"\n',
            "4: topics[0].scheme: says nothing without a `term`",
        ),
        (
            "where another's digest goes",
            '[[topics]]\nid = "a"\ndigest = "daily"\n[[topics]]\nid = "a-digest"\n',
            '5: topics[1].id: "a-digest" is where the digest of another topic is published',
        ),
        (
            "where a source's page goes",
            f'{S}id = "a"\n{URL}\n[[topics]]\nid = "source-a"\n',
            '5: topics[0].id: "source-a" is where the page of a source is published',
        ),
        ("25 o'clock", f'{T}digest = "daily"\ndigest_at = "24:00"\n', '4: topics[0].digest_at: "24:00"'),
        (
            "min_sources: none",
            f'{T}match = "a"\nmin_sources = 0\n',
            "4: topics[0].min_sources: 0: expected 1 or more",
        ),
        (
            "a hook that does nothing",
            f'{H}on = "story"\n',
            "1: hooks[0].run: a hook has either `run`, a command, or `notify`, an address",
        ),
        (
            "a hook that does two things",
            f'{H}on = "story"\nrun = ["a"]\nnotify = "b"\n',
            "3: hooks[0].run: a hook has either `run`, a command, or `notify`, an address",
        ),
        (
            "a hook on what there is not",
            f'{H}on = "topic"\nrun = ["a"]\n',
            "2: hooks[0].on: \"topic\": expected 'story', 'event', 'source' or 'digest'",
        ),
        (
            "a hook that matches sources",
            f'{H}on = "source"\nrun = ["a"]\nmatch = "b"\n',
            "4: hooks[0].match: says nothing of a source; only stories and events match a query",
        ),
        (
            "a hook that matches digests",
            f'{H}on = "digest"\nrun = ["a"]\nmatch = "b"\n',
            "4: hooks[0].match: says nothing of a digest; only stories and events match a query",
        ),
        (
            "a hook's query",
            f'{H}on = "event"\nrun = ["a"]\nmatch = "()"\n',
            "4: hooks[0].match: at character 2: expected a word, not “)”",
        ),
        (
            "a count of sources of a story",
            f'{H}on = "story"\nrun = ["a"]\nmin_sources = 3\n',
            "4: hooks[0].min_sources: says nothing of a story; only an event is told by several sources",
        ),
        (
            "no time for a hook",
            f'{H}on = "story"\nrun = ["a"]\ntimeout = "0s"\n',
            "4: hooks[0].timeout: no command can be done in that; it has to be more than 0",
        ),
        (
            "a key of hooks that is none",
            f'{H}on = "story"\nrun = ["a"]\nmacth = "x"\n',
            "4: hooks[0].macth: unknown key; did you mean `match`?",
        ),
        (
            "a key of hooks that is like none",
            f'{H}on = "story"\nrun = ["a"]\nzzz = "x"\n',
            "4: hooks[0].zzz: unknown key; known here: on, match, min_sources, run, notify, timeout",
        ),
        (
            "a key of the log that is none",
            "[log]\nlevle = 'info'\n",
            "2: log.levle: unknown key; did you mean `level`?",
        ),
        (
            "a key of a level that is none",
            "[fold]\ntext = { window = '7d', windwo = '7d' }\n",
            "2: fold.text.windwo: unknown key; did you mean `window`?",
        ),
        (
            "a key of fold that is none",
            "[fold]\nevents = false\n",
            "2: fold.events: unknown key; did you mean `event`?",
        ),
        ("who leads a story", '[fold]\nlead = "x"\n', """2: fold.lead: "x": expected 'first' or 'longest'"""),
        ("fold is no table", "fold = 1\n", "1: fold: 1: expected a table"),
        (
            "no time of day",
            f"{T}digest = 'daily'\ndigest_at = '25:00'\n",
            '4: topics[0].digest_at: "25:00" is no time of day such as "07:00"',
        ),
        (
            "when a digest that there is none is made",
            f"{T}digest_at = '07:00'\n",
            '3: topics[0].digest_at: says nothing without `digest = "daily"` or "weekly"',
        ),
        ("a hook of no words", f'{H}on = "event"\nrun = []\n', "3: hooks[0].run: is empty"),
        (
            "a url in brackets that are no address, without an id",
            f'{S}url = "http://[x]/"\n',
            '2: sources[0].url: "http://[x]/" is no web address: only http and https are polled',
        ),
        (
            "a blank in an address",
            f'{S}url = "https://a.example/a b"\n',
            '2: sources[0].url: "https://a.example/a b" has a blank in it; write %20',
        ),
        (
            "port 0",
            f'{S}url = "https://a.example:0/"\n',
            '2: sources[0].url: "https://a.example:0/" is no web address: only http and https are polled',
        ),
        (
            "half an IPv6 address, without an id",
            f'{S}url = "http://[::1"\n',
            '2: sources[0].url: "http://[::1" is no web address: only http and https are polled',
        ),
        (
            "letters that no host has, without an id",
            f'{S}url = "http://℀.example/"\n',
            '2: sources[0].url: "http://℀.example/" is no web address: only http and https are polled',
        ),
        (
            "a reading list in brackets that are no address",
            f'{S}opml = "http://[x]/"\n',
            '2: sources[0].opml: "http://[x]/" is no web address: only http and https are polled',
        ),
        (
            "a reading list elsewhere than on the web",
            f'{S}opml = "ftp://a.example/l.opml"\n',
            '2: sources[0].opml: "ftp://a.example/l.opml" is no web address: only http and https are polled',
        ),
        (
            "a reading list at a port that there is not",
            f'{S}opml = "http://a.example:99999/"\n',
            '2: sources[0].opml: "http://a.example:99999/" is no web address: only http and https are polled',
        ),
        (
            "a password in the address of a reading list",
            f'{S}opml = "http://u:p@a.example/"\n',
            "2: sources[0].opml: holds a user or password; secrets go into `headers = "
            '{ Authorization = "env:NAME" }`',
        ),
        (
            "a topic with the name of the page of a source whose id is made",
            f'{S}{URL}\n[[topics]]\nid = "source-a-example"\n',
            '4: topics[0].id: "source-a-example" is where the page of a source is published',
        ),
        (
            "a database of no name",
            '[service]\ndatabase = "a\\u0000"\n',
            "2: service.database: holds a line end",
        ),
        ("a folder of no name", '[service]\noutput = "a\\nb"\n', "2: service.output: holds a line end"),
        ("a path of no name", f'{S}path = "a\\u0000"\n', "2: sources[0].path: holds a line end"),
        ("a list of no name", f'{S}opml = "a\\u0000"\n', "2: sources[0].opml: holds a line end"),
        (
            "a header beyond Latin",
            f'{S}{URL}\nheaders = {{ A = "€" }}\n',
            "3: sources[0].headers.A: is no header that can be sent: ",
        ),
        (
            "a header with a blank at its end",
            f'{S}{URL}\nheaders = {{ A = "b " }}\n',
            "3: sources[0].headers.A: is no header that can be sent: ",
        ),
        (
            "a header with a blank before it",
            f'{S}{URL}\nheaders = {{ A = " b" }}\n',
            "3: sources[0].headers.A: is no header that can be sent: ",
        ),
        (
            "a header with a control character",
            f'{S}{URL}\nheaders = {{ A = "b\\u007fc" }}\n',
            "3: sources[0].headers.A: is no header that can be sent: ",
        ),
        (
            "a scheduler without a port",
            '[poll]\ndask_scheduler = "tcp://10.0.0.5"\n',
            '2: poll.dask_scheduler: "tcp://10.0.0.5" is no address of a scheduler such as "tcp://127.0.0.1:8786"',
        ),
        (
            "a scheduler that is a word",
            '[poll]\ndask_scheduler = "xyz"\n',
            '2: poll.dask_scheduler: "xyz" is no address of a scheduler such as "tcp://127.0.0.1:8786"',
        ),
        ("nested beyond all reason", f"a = {'[' * 2000}{']' * 2000}\n", "1: nested too deeply"),
        ("a text that never ends", 'a = """\nb', "2: "),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 40 and "\n" not in value else "",
)
def test_a_mistake_is_told_with_its_line_and_key(tmp_path: Path, name: str, text: str, expected: str) -> None:
    said = told(tmp_path, text)
    assert said.startswith(f"config.toml:{expected}") and "\n" not in said, name


@pytest.mark.parametrize(
    "text",
    [
        '[service]\nbase_url = "https://[2001:db8::1]:8443/news"\n',
        '[service]\nbase_url = "http://news.example:65535"\n',
        '[service]\nlanguage = "zh-Hant-TW"\n',
        '[service]\ndatabase = "pub/a.db"\noutput = "public"\n',
        '[service]\noutput = "/x"\n',
        '[poll]\nmin_interval = "1h"\nmax_interval = "1h"\n',
        '[poll]\nexecutor = "dask"\ndask_scheduler = "tcp://127.0.0.1:8786"\n',
        '[poll]\nallow_hosts = ["[::1]:80", "localhost:65535", "10.0.0.1:1"]\n',
        "[poll]\nconcurrency = 256\nper_host = 16\n",
        "[publish]\nlimit = 1000\n",
        '[serve]\nport = 0\ndesk_token = "sixteen letters!"\n',
        f'[[topics]]\nid = "{"a" * 64}"\n',
        f'[service]\ntitle = "{"x" * 2000}"\n',
        f"{S}{URL}\npriority = -1000\n",
        f'{S}opml = "HTTPS://a.example/list.opml"\n',
        f'{S}{URL}\nheaders = {{ Authorization = "Bearer a b", X-A = "1", X-B = "é b" }}\n',
        '[poll]\ndask_scheduler = "tls://[::1]:8786"\n',
        f'{S}{URL}\n{S}{URL}\n',
        f'{T}digest = "weekly"\ndigest_at = "23:59"\n[[topics]]\nid = "u-digest"\n',
        f'{T}scheme = "https://s.example/"\nterm = "a"\n',
        f'{H}on = "event"\nmatch = "a"\nrun = ["b"]\n{H}on = "digest"\nnotify = "json://a.example"\n',
        "\ufeff[service]\r\ntitle = 'A'\r\n",
        "",
    ],
)  # fmt: skip
def test_what_is_just_allowed_passes(tmp_path: Path, text: str) -> None:
    assert told(tmp_path, text) == ""


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_names_of_our_own_pages_are_nobodys_id(tmp_path: Path, name: str) -> None:
    text = f'{S}id = "{name}"\n{URL}\n[[topics]]\nid = "{name}"\n'
    words = f'"{name}" is reserved; choose another id'
    expected = f"config.toml:2: sources[0].id: {words}\nconfig.toml:5: topics[0].id: {words}"
    assert told(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("output", "refused"),
    [
        ("{folder}/site", True),
        ("./x/../site", True),
        ("../{name}/site", True),
        ("link", True),
        ("{folder}/site2", False),
        ("site/../other", False),
        ("site/public", False),
    ],
)
def test_the_database_is_not_in_the_output_folder_however_that_is_written(
    tmp_path: Path, output: str, refused: bool
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "link").symlink_to("site")
    place = output.format(folder=tmp_path, name=tmp_path.name)
    said = told(tmp_path, f'[service]\ndatabase = "site/a.db"\noutput = "{place}"\n')
    assert ("service.database: lies in the output folder" in said) is refused
    assert refused or said == ""


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = f'{S}url = "env:NOT_SET"\n{S}url = "x"\n[poll]\nexecutor = "dask"\nallow_hosts = ["a", "b"]\n'
    assert [
        line.split(": ")[0] + ": " + line.split(": ")[1] for line in told(tmp_path, text).splitlines()
    ] == [
        "config.toml:2: sources[0].url",
        "config.toml:4: sources[1].url",
        "config.toml:6: poll.executor",
        "config.toml:7: poll.allow_hosts",
        "config.toml:7: poll.allow_hosts",
    ]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("no address", 'url = "env:FEED"', '"env:FEED" is no web address'),
        (
            "no header",
            'url = "https://a.example/"\nheaders = { A = "env:LINES" }',
            "is no header that can be sent",
        ),
        ("no duration", 'url = "https://a.example/"\ninterval = "env:SOON"', '"env:SOON"'),
        ("one holds the other", 'url = "env:LONG"\ninclude = "env:FEED"', '"env:LONG" is no web address'),
    ],
)
def test_a_secret_that_is_wrong_is_not_told(tmp_path: Path, name: str, text: str, expected: str) -> None:
    secrets = {"FEED": "geheim", "LINES": "geheim\nx", "SOON": "geheim 30m", "LONG": "geheim, ganz geheim"}
    said = told(tmp_path, f"{S}{text}\n", secrets)
    assert expected in said and "geheim" not in said, name


def test_a_secret_is_read_from_the_environment_wherever_it_stands(tmp_path: Path) -> None:
    text = f'[serve]\ndesk_token = "env:TOKEN"\n{S}url = "env:FEED"\nheaders = {{ Authorization = "env:TOKEN" }}\n'
    assert told(tmp_path, text, {"TOKEN": "0123456789abcdef", "FEED": "https://a.example/feed"}) == ""
    found = load(tmp_path / "config.toml", {"TOKEN": "0123456789abcdef", "FEED": "https://a.example/feed"})
    assert found.desk_token == "0123456789abcdef" and found.sources[0].url == "https://a.example/feed"
    assert found.sources[0].headers == (("Authorization", "0123456789abcdef"),)
    assert "TOKEN is not set" in told(tmp_path, text, {"FEED": "https://a.example/feed"})
    without = load(tmp_path / "config.toml", {}, secrets=False)
    assert without.sources[0].url == "https://unset.invalid:443/FEED", (
        "commands that ask nobody need no secret"
    )


@pytest.mark.parametrize(
    "written", ['"env:NEWS"', "'env:NEWS'", '"\\u0065nv:NEWS"', '"env\\U0000003ANEWS"', '"""en\\\n  v:NEWS"""', '"""\nenv:NEWS"""']
)  # fmt: skip
def test_a_variable_is_read_however_it_is_spelt(tmp_path: Path, written: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"[service]\ntitle = {written}\n", encoding="utf-8")
    assert load(path, {"NEWS": "World"}).site.title == "World"


def test_a_file_that_is_no_config_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    with pytest.raises(ConfigError, match=r"config\.toml: can't be read: No such file"):
        load(path, {})
    with pytest.raises(ConfigError, match="can't be read: Is a directory"):
        load(tmp_path, {})
    path.write_bytes(b"#" * MAX_FILE)
    load(path, {})
    path.write_bytes(b"#" * (MAX_FILE + 1))
    with pytest.raises(ConfigError, match="more than 20 MB is no config"):
        load(path, {})


@pytest.mark.parametrize(
    ("address", "taken", "expected"),
    [
        ("https://www.example.com/feed", (), "example"),
        ("https://feeds.bbci.co.uk/news/rss.xml", (), "bbci"),
        ("https://rss.example.org/", ("example",), "example-2"),
        ("https://example.org/", ("example", "example-2"), "example-3"),
        ("https://sub.news.example.net/", (), "sub-news-example"),
        ("https://www.com/", (), "www-com"),
        ("https://all.org/feed", (), "all-source"),
        ("https://desk.org/feed", (), "desk"),
        ("https://[2001:db8::1]/", (), "2001-db8-1"),
        ("https://127.0.0.1:8000/", (), "127-0-0-1"),
        ("/home/me/My Notes.txt", (), "my-notes"),
        ("notes/*.txt", (), "source"),
        ("", (), "source"),
        ("", ("source",), "source-2"),
        (f"https://{'a' * 60}.example/", (), "a" * 56),
        ("https://EXAMPLE.org/", (), "example"),
    ],
)  # fmt: skip
def test_a_source_without_id_is_named_after_its_address(
    address: str, taken: tuple[str, ...], expected: str
) -> None:
    assert made_id(address, set(taken)) == expected


@pytest.mark.parametrize(
    ("title", "address", "taken", "expected"),
    [
        ("Łódź & Co", "", (), "lodz-co"),
        ("O'Reilly’s Radar", "", (), "oreillys-radar"),
        ("Über Straße", "", (), "uber-strasse"),
        ("Status", "", (), "status-source"),
        ("A", "https://a.example/", (), "a-example"),
        ("新聞", "https://www.shinbun.example/", (), "shinbun-example"),
        ("新聞", "", (), "source"),
        ("新聞", "", ("source",), "source-2"),
        ("World News", "", ("world-news",), "world-news-2"),
        ("x" * 60, "", (), "x" * 48),
        (f"{'x' * 47} y", "", (), "x" * 47),
    ],
)  # fmt: skip
def test_an_id_that_is_written_into_the_file_is_made_of_the_title(
    title: str, address: str, taken: tuple[str, ...], expected: str
) -> None:
    assert named_id(title, address, taken) == expected


def test_a_slug_of_no_latin_letter_is_empty() -> None:
    assert (slug("日本"), slug(""), slug("--"), slug("A 1")) == ("", "", "", "a-1")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("nothing", f"{S}{URL}\n{T}match = 'a'\n", []),
        (
            "the same feed twice",
            f'{S}id = "a"\n{URL}\n{S}{URL}\n',
            ['5: sources[1].url: is the same as that of "a": it is read twice; remove one'],
        ),
        (
            "more often than the least",
            f'{S}{URL}\ninterval = "4m"\n',
            ["3: sources[0].interval: is shorter than poll.min_interval (300 s), which holds"],
        ),
        ("as often as the least", f'{S}{URL}\ninterval = "5m"\n', []),
        (
            "the whole more often",
            '[poll]\ninterval = "1m"\n',
            ["2: poll.interval: is shorter than poll.min_interval (300 s), which holds"],
        ),
        (
            "a topic of nothing",
            f"{T}",
            [
                '2: topics[0].id: "t" stays empty: give `match`, `starter`, `like` or `sources`, or name it in the `topics` of a source'
            ],
        ),
        ("a topic of a source", f'{S}{URL}\ntopics = ["t"]\n{T}', []),
        (
            "or as a word",
            f"{T}match = 'a or b'\n",
            [
                '3: topics[0].match: at character 3: “or” is read as OR; to look for the word write "or" in quotation marks'
            ],
        ),
        (
            "and in what a source leaves out",
            f"{S}{URL}\nexclude = 'a and b'\n",
            [
                '3: sources[0].exclude: at character 3: “and” is read as AND; to look for the word write "and" in quotation marks'
            ],
        ),
        (
            "another port",
            '[service]\nbase_url = "http://127.0.0.1:8000/"\n[serve]\nport = 8080\n',
            [
                "2: service.base_url: leads to port 8000, but [serve] listens on port 8080; links of the feeds lead nowhere"
            ],
        ),
        (
            "the usual port of this machine",
            '[service]\nbase_url = "http://localhost/"\n[serve]\nport = 8080\n',
            [
                "2: service.base_url: leads to port 80, but [serve] listens on port 8080; links of the feeds lead nowhere"
            ],
        ),
        (
            "commands that are none, from the folder and from the PATH",
            f'{H}on = "story"\nrun = ["./none"]\n{H}on = "story"\nrun = ["no-such-command-x"]\n{H}on = "story"\nrun = ["sh"]\n',
            [
                "3: hooks[0].run: there is no such command: ./none",
                "6: hooks[1].run: there is no such command: no-such-command-x",
            ],
        ),
        (
            "digests that nobody makes",
            f'{H}on = "digest"\nrun = ["sh"]\n',
            ['2: hooks[0].on: no topic has a digest, so this is told nothing: give one `digest = "daily"`'],
        ),
        ("and one that is made", f'{H}on = "digest"\nrun = ["sh"]\n{T}match = "a"\ndigest = "daily"\n', []),
        (
            "no reading list",
            f'{S}opml = "/none.opml"\n',
            ["2: sources[0].opml: there is no such file: /none.opml"],
        ),
        ("a reading list on the web", f'{S}opml = "https://a.example/l.opml"\n', []),
        (
            "kept for less than copies are looked for",
            '[retention]\nentries = "6d"\n',
            [
                "2: retention.entries: is shorter than [fold] looks back (7 d): what is told again later is new then"
            ],
        ),
        (
            "kept for nothing",
            '[retention]\nentries = "0d"\n[fold]\ntext = false\n',
            [
                "2: retention.entries: is shorter than [fold] looks back (3 d): what is told again later is new then"
            ],
        ),
        ("kept for as long", '[retention]\nentries = "7d"\n', []),
        ("a folder", f'{S}path = "/"\n', ["2: sources[0].path: is a folder; name files in it: //*.txt"]),
        (
            "what is published",
            f'{S}path = "var/public/*.rss"\n',
            ["2: sources[0].path: there is no such file: {}/var/public/*.rss"],
        ),
        ("behind a proxy", '[service]\nbase_url = "https://news.example/"\n[serve]\nport = 8080\n', []),
        (
            "the port that it listens on",
            '[service]\nbase_url = "http://[::1]:8080/"\n[serve]\nport = 8080\n',
            [],
        ),
    ],
)
def test_what_is_hardly_meant_is_doubted(tmp_path: Path, name: str, text: str, expected: list[str]) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    settings = load(path, {})
    found = [one.replace(f"{path}:", "") for one in doubts.told(settings, text, doubts.doubts(settings))]
    assert found == [one.format(tmp_path) for one in expected], name


@pytest.mark.parametrize("path", ["var/public/all.rss", "var/public/*.rss", "{}/var/../var/public/all.rss"])
def test_reading_what_is_published_is_doubted(tmp_path: Path, path: str) -> None:
    text = f'{S}path = "{path.format(tmp_path)}"\n'
    (tmp_path / "config.toml").write_text(text)
    (tmp_path / "var" / "public").mkdir(parents=True)
    (tmp_path / "var" / "public" / "all.rss").write_text("<rss/>")
    ((where, words),) = doubts.doubts(load(tmp_path / "config.toml", {}))
    assert where == ("sources", 0, "path") and words.startswith("lies in the output folder")


@pytest.mark.parametrize(
    ("key", "place", "expected"),
    [
        ("database", "folder", "2: service.database: is a folder, {}/folder; name a file in it"),
        ("database", "none", None),
        ("output", "file", "2: service.output: is a file, {}/file; name a folder"),
        ("output", "folder", None),
        ("output", "none", None),
    ],
)
def test_a_folder_and_a_file_are_told_apart(
    tmp_path: Path, key: str, place: str, expected: str | None
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    path, text = tmp_path / "config.toml", f'[service]\n{key} = "{place}"\n'
    path.write_text(text)
    settings = load(path, {})
    found = [one.replace(f"{path}:", "") for one in doubts.told(settings, text, doubts.faults(settings))]
    assert found == ([expected.format(tmp_path)] if expected else [])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("env:TOKEN", ""),
        ("Bearer env:TOKEN", ""),
        ("env:", '"env:" names no variable: env: and letters, digits and _'),
        ("env:MY-TOKEN", '"env:MY-TOKEN" names no variable: env: and letters, digits and _'),
        ("env:$TOKEN", '"env:$TOKEN" names no variable: env: and letters, digits and _'),
        ("env: TOKEN", '"env: TOKEN" names no variable: env: and letters, digits and _'),
    ],
)
def test_a_header_that_means_a_variable_is_not_sent_as_it_stands(
    tmp_path: Path, value: str, expected: str
) -> None:
    text = f'{S}{URL}\nheaders = {{ Authorization = "{value}" }}\n'
    found = told(tmp_path, text, {"TOKEN": "x"})
    assert found == (f"config.toml:3: sources[0].headers.Authorization: {expected}" if expected else "")


@pytest.mark.parametrize(
    ("name", "like", "expected"),
    [
        ("headlines", '["Ferry sinks"]', []),
        ("a file", '["file:there.txt"]', []),
        (
            "no file",
            '["Ferry sinks", "file:none.txt", "file:folder"]',
            [
                "4: topics[0].like[1]: there is no such file: {}/none.txt",
                "4: topics[0].like[2]: there is no such file: {}/folder",
            ],
        ),
    ],
)
def test_what_would_end_every_cycle_is_an_error_of_check(
    tmp_path: Path, name: str, like: str, expected: list[str]
) -> None:
    (tmp_path / "there.txt").write_text("Ferry sinks\n")
    (tmp_path / "folder").mkdir()
    path, text = tmp_path / "config.toml", f"{T}match = 'a'\nlike = {like}\n"
    path.write_text(text)
    settings = load(path, {})
    found = [one.replace(f"{path}:", "") for one in doubts.told(settings, text, doubts.faults(settings))]
    assert found == [one.format(tmp_path) for one in expected], name
    done = CliRunner().invoke(group, ["--config", str(path), "check"], standalone_mode=False)
    assert isinstance(done.exception, UsageError) == bool(expected), name


def defaults() -> list[tuple[str, str]]:
    """(key, what `help config` says of its default), of all keys of tables that there is one of."""
    lines = CliRunner().invoke(group, ["help", "config", ""]).output.splitlines()
    found = [line.partition(", default ") for line in lines if not line.startswith(" ")]
    keys = [(text.split(" ")[0], default) for text, _, default in found if default]
    return [
        (key, default) for key, default in keys if key.split(".")[0] not in ("sources", "topics", "hooks")
    ]


@pytest.mark.parametrize(("key", "default"), defaults(), ids=[key for key, _ in defaults()])
def test_a_default_is_shown_as_the_config_would_have_it(tmp_path: Path, key: str, default: str) -> None:
    """Where it is written there, nothing is another."""
    section, _, name = key.rpartition(".")
    (tmp_path / "config.toml").write_text(f"[{section}]\n")
    without = load(tmp_path / "config.toml", {})
    (tmp_path / "config.toml").write_text(f"[{section}]\n{name} = {default}\n")
    assert load(tmp_path / "config.toml", {}) == without


@pytest.mark.parametrize(
    ("default", "examples", "expected"),
    [
        (1800, ["30m"], '"30m"'),
        (86_400, ["30m"], '"1d"'),
        (5400, ["30m"], '"90m"'),
        (0, ["30m"], '"0s"'),
        (130_000_000, ["10MB"], '"130MB"'),
        (1500, ["10MB"], '"1500B"'),
        (7, [], "7"),
        ({"window": "7d"}, [], '{ window = "7d" }'),
        (True, [], "true"),
    ],
)
def test_numbers_of_seconds_and_bytes_have_a_unit(
    default: object, examples: list[str], expected: str
) -> None:
    assert reference._as_written(default, examples) == expected
