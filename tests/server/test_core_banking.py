"""Ordering a card from a service that misbehaves in every way it can."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from dialog.bank.outbox import Letter
from server.connectors import HttpConnector
from server.core_banking import HttpCoreBanking, LocalCoreBanking
from server.http_service import LONGEST_ANSWER

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def service(answer: Answer) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """A local HTTP service that answers so, and what it got."""
    got: list[dict[str, object]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = json.loads(self.rfile.read(length))
            got.append({"path": self.path, "key": self.headers["Idempotency-Key"], "body": body})
            answer(self)

        def do_GET(self) -> None:
            got.append({"path": self.path, "key": None, "body": None})
            say(200, b'{"last4": "0000"}')(self)

        def log_message(self, *_: object) -> None:
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", got
    finally:
        server.shutdown()
        server.server_close()


def say(status: int, body: bytes, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, text in headers.items():
            handler.send_header(name, text)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def promise_more_than_it_sends(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"last4"')


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def talk_nonsense(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"this is no HTTP\r\n\r\n")


def say_nothing(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.recv(1)


def test_an_order_carries_its_id_as_its_key() -> None:
    with service(say(200, b'{"last4": "0042"}')) as (url, got):
        assert HttpCoreBanking(url, "secret").make_card("order-1", "debit") == "0042"
    assert got == [
        {"path": "/cards", "key": "order-1", "body": {"order": "order-1", "kind": "debit"}}
    ]


@pytest.mark.parametrize(
    "answer",
    [
        say(500, b"broken"),
        say(404, b""),
        say(200, b""),
        say(200, b"not json"),
        say(200, b"[]"),
        say(200, b"null"),
        say(200, b'{"last4": 42}'),
        say(200, b'{"last4": "42"}'),
        say(200, '{"last4": "٤٢٤٢"}'.encode()),
        say(200, b'{"last4": "4x42"}'),
        say(200, b"\xff\xfe"),
        say(200, b" " * (LONGEST_ANSWER + 1)),
        say(302, b"", Location="/elsewhere"),
        say(307, b"", Location="/elsewhere"),
        promise_more_than_it_sends,
        hang_up,
        talk_nonsense,
        say_nothing,
    ],
)
def test_whatever_a_service_does_wrong_is_a_failure_that_is_tried_again(answer: Answer) -> None:
    with service(answer) as (url, got), pytest.raises(OSError):
        HttpCoreBanking(url, timeout=0.3).make_card("order-1", "debit")
    assert [one["path"] for one in got] == ["/cards"]


def test_a_letter_is_not_carried_by_a_redirect() -> None:
    with service(say(302, b"", Location="/elsewhere")) as (url, got), pytest.raises(OSError):
        HttpConnector(url).send(Letter("k", "sms", "code_x", "+1", "text"))
    assert len(got) == 1


def test_a_service_that_is_not_there_is_a_failure() -> None:
    with pytest.raises(OSError):
        HttpCoreBanking("http://127.0.0.1:9").make_card("order-1", "debit")


def test_the_local_one_makes_a_card_once_per_order(tmp_path: Path) -> None:
    cards = LocalCoreBanking(tmp_path / "deep" / "cards.jsonl")
    first = cards.make_card("order-1", "debit")
    assert [cards.make_card("order-1", "debit") for _ in range(5)] == [first] * 5
    cards.make_card("order-2", "debit")
    assert len((tmp_path / "deep" / "cards.jsonl").read_text().splitlines()) == 2


def test_the_local_one_passes_over_a_line_that_was_never_finished(tmp_path: Path) -> None:
    path = tmp_path / "cards.jsonl"
    path.write_text('{"order": "order-1", "ki')
    assert len(LocalCoreBanking(path).make_card("order-1", "debit")) == 4
