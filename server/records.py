"""The record of each call: every event that was sent, and every decision with its reasons; secrets
masked, one JSON object a line."""

import json
import re
from collections.abc import Callable
from pathlib import Path

from server.call.events import Event


def record_path(folder: Path, call_id: str) -> Path:
    """The file of a call's record."""
    return folder / f"{re.sub('[^A-Za-z0-9-]', '_', call_id)}.jsonl"


class CallRecord:
    """Collects one call's events and writes them when asked, off the event loop.

    Args:
        folder: Where `CALL.jsonl` goes; None keeps nothing.
        call_id: The call's id.
        seal: Seals what is written, into `CALL.sealed`; None leaves it in the open.
    """

    def __init__(
        self, folder: Path | None, call_id: str, seal: Callable[[bytes], bytes] | None = None
    ) -> None:
        self._path = record_path(folder, call_id) if folder else None
        self._seal = seal
        self._events: list[Event] = []

    def add(self, event: Event) -> None:
        """Remember an event; nothing is written yet."""
        if self._path is not None:
            self._events.append(event)

    def write(self) -> None:
        """Append what is new to the file (blocking)."""
        events, self._events = self._events, []
        if self._path is None or not events:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)
        if self._seal is None:
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(text)
            return
        token = self._seal(text.encode())
        with sealed_path(self._path.parent, self._path.stem).open("ab") as sealed:
            sealed.write(token + b"\n")


def sealed_path(folder: Path, call_id: str) -> Path:
    """The file of a call's sealed record: a token a line (dialog/bank/vault.py)."""
    return record_path(folder, call_id).with_suffix(".sealed")
