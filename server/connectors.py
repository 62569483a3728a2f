"""Carrying the bank's letters to the outside: into a file here, or to an HTTP service."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Set
from contextlib import suppress
from pathlib import Path
from typing import Any

from dialog.bank.bank import Bank
from dialog.bank.outbox import Connector, Letter
from server.http_service import post_json
from server.settings import Settings, data_folder


class FileConnector:
    """Appends letters to a file of JSON lines, readable for its owner only; a service's stand-in.

    Args:
        path: The file; made where it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, letter: Letter) -> None:
        """Append the letter."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        descriptor = os.open(self._path, flags, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            stream.write(json.dumps(_as_json(letter)) + "\n")

    def texts(self) -> dict[str, str]:
        """What the letters say, by their keys."""
        if not self._path.exists():
            return {}
        return {one["key"]: one["body"] for one in _letters(self._path.read_text("utf-8"))}

    def forget(self, over: Callable[[Set[str]], Set[str]]) -> int:
        """Drop letters, and what was cut off in the middle; gives how many.

        Args:
            over: Which of the file's keys; not asked where there is no file.
        """
        if not self._path.exists():
            return 0
        with self._path.open("r+", encoding="utf-8") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            lines = stream.read()
            letters = list(_letters(lines))
            gone = over({one["key"] for one in letters})
            kept = [json.dumps(one) + "\n" for one in letters if one["key"] not in gone]
            if len(kept) < lines.count("\n"):
                stream.seek(0)
                stream.truncate()
                stream.writelines(kept)
        return lines.count("\n") - len(kept)


class HttpConnector:
    """Posts each letter as JSON to a service, with its key as `Idempotency-Key`.

    Args:
        url: http:// or https://.
        token: Sent as a bearer token, where there is one.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        self._url, self._token = url, token

    def send(self, letter: Letter) -> None:
        """Post the letter; any answer but 2xx is a failure and is tried again later.

        Raises:
            OSError: The service did not take it.
        """
        post_json(self._url, letter.key, _as_json(letter), self._token)


def connectors(settings: Settings) -> dict[str, Connector]:
    """What carries letters, by channel: the services that are configured, else a file here."""
    services = {"sms": settings.sms, "email": settings.email}
    return {
        channel: HttpConnector(service.url, service.token) if service else local_file(channel)
        for channel, service in services.items()
    }


def local_file(channel: str) -> FileConnector:
    """Where a channel's letters go that no service carries."""
    return FileConnector(data_folder() / "outbox" / f"{channel}.jsonl")


def forget_letters(bank: Bank) -> int:
    """Drop what the bank has blanked, and codes that are over, from the files here; how many."""
    over = bank.privacy.letters_over
    return sum(local_file(channel).forget(over) for channel in ("sms", "email"))


def _letters(lines: str) -> Iterator[dict[str, str]]:
    """The whole ones of a file."""
    for line in lines.splitlines():
        with suppress(json.JSONDecodeError):
            yield json.loads(line)


def _as_json(letter: Letter) -> dict[str, Any]:
    return {
        "key": letter.key,
        "channel": letter.channel,
        "kind": letter.kind,
        "to": letter.address,
        "body": letter.body,
    }
