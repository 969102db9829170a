"""Who holds on to a connection, and who makes way for others (S20)."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from aggregator import server
from aggregator.server import Clients, Connection

HERE = ("127.0.0.1", 4000)
ENVIRON = {"REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "4000"}


class Pair:
    """A connection of a server of ours, and the client at its other end."""

    def __init__(self, patience: float) -> None:
        self.clients = Clients(patience)
        accepted, self.client = socket.socketpair()
        self.client.settimeout(5)
        self.connection = self.clients.welcome(accepted, HERE)

    def make_way(self) -> bool:
        """Whether the client was let go."""
        self.clients.make_way(room=0)
        self.client.setblocking(False)
        try:
            return self.client.recv(1) == b""
        except BlockingIOError:
            return False


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    monkeypatch.setattr(server, "QUIET", -1.0)
    made = Pair(patience=60.0)
    yield made
    made.client.close()
    made.connection.close()


def hears(pair: Pair, words: bytes) -> bytes:
    pair.client.sendall(words)
    return pair.connection.recv(100)


def test_a_quiet_client_makes_way(pair: Pair) -> None:
    assert pair.make_way()


def test_nobody_is_thrown_out_whose_answer_is_being_made(pair: Pair) -> None:
    let_go = []

    def application(environ: dict[str, str], start_response: object) -> list[bytes]:
        let_go.append(pair.make_way())
        return [b"there you are"]

    answer = pair.clients.answered_by(application)
    assert hears(pair, b"GET / HTTP/1.1\r\n\r\n")
    assert answer(ENVIRON, print) == [b"there you are"] and let_go == [False]
    assert pair.make_way(), "and afterwards it is a client like others"


def test_an_answer_that_fails_leaves_nobody_for_ever(pair: Pair) -> None:
    def application(environ: dict[str, str], start_response: object) -> list[bytes]:
        raise OSError("no disk")

    with pytest.raises(OSError):
        pair.clients.answered_by(application)(ENVIRON, print)
    assert pair.make_way()


def test_an_application_answers_whom_nobody_knows(pair: Pair) -> None:
    """Such as one behind a proxy that gives its client's address."""
    answer = pair.clients.answered_by(lambda environ, start_response: [b"yes"])
    assert answer({"REMOTE_ADDR": "10.0.0.1", "REMOTE_PORT": "4000"}, print) == [b"yes"]


@pytest.mark.parametrize(
    ("name", "patience", "answered", "expected"),
    [
        ("in time", 60.0, False, b"b"),
        ("too late", -1.0, False, b""),
        ("another request begins its own time", -1.0, True, b"b"),
    ],
)
def test_a_request_has_its_time(name: str, patience: float, answered: bool, expected: bytes) -> None:
    pair = Pair(patience)
    with pair.client, pair.connection:
        assert hears(pair, b"a") == b"a", "the first byte is never late"
        if answered:
            pair.connection.answering()
            pair.connection.answered()
        assert hears(pair, b"b") == expected, name


def test_who_is_gone_is_forgotten(pair: Pair) -> None:
    pair.connection.close()
    pair.clients.make_way(room=0)
    answered: list[Connection] = []
    pair.connection.answering = lambda: answered.append(pair.connection)  # type: ignore[method-assign]  # stands in for a method
    pair.clients.answered_by(lambda environ, start_response: [])(ENVIRON, print)
    assert answered == []
