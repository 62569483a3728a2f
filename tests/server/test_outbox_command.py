"""Letters reach a file or a service; rounds are made while the server runs."""

import asyncio
import json
import threading
from collections.abc import Iterator, Set
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from dialog.bank.outbox import Letter
from server.connectors import FileConnector, HttpConnector, connectors
from server.rounds import rounds
from server.settings import Service, Settings

LETTER = Letter("code:1", "sms", "code_transfer", "+15550141", "123456 is your code")


class Receiver(HTTPServer):
    """A real service on loopback that keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.got: list[tuple[dict[str, str], dict[str, str]]] = []


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.got.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_service_gets_the_letter_with_its_key_and_token(receiver: Receiver) -> None:
    url = f"http://127.0.0.1:{receiver.server_port}/sms"
    HttpConnector(url, "secret").send(LETTER)
    ((headers, body),) = receiver.got
    assert headers["Idempotency-Key"] == "code:1"
    assert headers["Authorization"] == "Bearer secret"
    assert (body["to"], body["body"]) == ("+15550141", "123456 is your code")


@pytest.mark.parametrize("status", [400, 500, 503])
def test_a_service_that_refuses_is_a_failure(receiver: Receiver, status: int) -> None:
    receiver.status = status
    with pytest.raises(OSError, match="answered"):
        HttpConnector(f"http://127.0.0.1:{receiver.server_port}/").send(LETTER)


def test_a_service_that_is_not_there_is_a_failure() -> None:
    with pytest.raises(OSError):
        HttpConnector("http://127.0.0.1:9/").send(LETTER)


def test_a_file_keeps_letters_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "outbox" / "sms.jsonl"
    for _ in range(2):
        FileConnector(path).send(LETTER)
    assert [json.loads(line)["key"] for line in path.read_text().splitlines()] == ["code:1"] * 2
    assert path.stat().st_mode & 0o077 == 0


def test_a_file_forgets_letters_by_their_keys_and_what_was_cut_off(tmp_path: Path) -> None:
    file, asked = FileConnector(tmp_path / "sms.jsonl"), list[Set[str]]()

    def over(copies: Set[str]) -> Set[str]:
        asked.append(copies)
        return copies & {"code:1"}

    assert (file.texts(), file.forget(over), asked) == ({}, 0, [])
    for key in ("code:1", "late"):
        file.send(replace(LETTER, key=key))
    with (tmp_path / "sms.jsonl").open("a") as stream:
        stream.write('{"key": "cu\n')
    assert file.forget(over) == 2
    assert file.texts() == {"late": LETTER.body}
    assert file.forget(over) == 0
    assert asked == [{"code:1", "late"}, {"late"}]
    file.send(LETTER)
    assert set(file.texts()) == {"late", "code:1"}


def test_the_settings_choose_the_connector() -> None:
    chosen = connectors(Settings(sms=Service(url="https://sms.example", token="t")))
    assert isinstance(chosen["sms"], HttpConnector)
    assert isinstance(chosen["email"], FileConnector)


async def test_rounds_go_on_after_a_failure_and_end_in_order() -> None:
    class Ledger:
        rounds = 0

        @property
        def schedules(self) -> "Ledger":
            return self

        def run_due(self) -> None:
            from dialog.errors import BankUnavailable

            self.rounds += 1
            raise BankUnavailable("gone")

    bank = Ledger()
    async with rounds(bank, {}):  # type: ignore[arg-type]
        await asyncio.sleep(1.3)
    assert bank.rounds == 2
