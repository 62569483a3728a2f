"""Carrying the bank's letters to the outside: into a file here, or to an HTTP service."""

import json
import os
from pathlib import Path
from typing import Any

from dialog.bank.outbox import Connector, Letter
from server.http_service import post_json
from server.settings import Settings, data_folder


class FileConnector:
    """Appends letters to a file of JSON lines, readable for its owner only.

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
            stream.write(json.dumps(_as_json(letter)) + "\n")


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
    found: dict[str, Connector] = {}
    for channel, service in (("sms", settings.sms), ("email", settings.email)):
        if service is None:
            found[channel] = FileConnector(data_folder() / "outbox" / f"{channel}.jsonl")
        else:
            found[channel] = HttpConnector(service.url, service.token)
    return found


def _as_json(letter: Letter) -> dict[str, Any]:
    return {
        "key": letter.key,
        "channel": letter.channel,
        "kind": letter.kind,
        "to": letter.address,
        "body": letter.body,
    }
