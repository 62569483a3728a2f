"""The record of each call: every event that was sent, and every decision with its reasons; secrets
masked, one JSON object a line, and always sealed: what has no key is reached by no erasure."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from server.call.events import Event

DETAILS = ".cdr.json"


def record_path(folder: Path, call_id: str) -> Path:
    """The file of a call's record in the open, where somebody opened it."""
    return folder / f"{re.sub('[^A-Za-z0-9-]', '_', call_id)}.jsonl"


class CallRecord:
    """Collects one call's events and writes them when asked, off the event loop.

    Args:
        folder: Where `CALL.sealed` goes; None keeps nothing.
        call_id: The call's id.
        seal: Seals what is written.
    """

    def __init__(self, folder: Path | None, call_id: str, seal: Callable[[bytes], bytes]) -> None:
        self._path = sealed_path(folder, call_id) if folder else None
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
        token = self._seal(text.encode())
        with self._path.open("ab") as sealed:
            sealed.write(token + b"\n")


def sealed_path(folder: Path, call_id: str) -> Path:
    """The file of a call's sealed record: a token a line (dialog/bank/vault.py)."""
    return record_path(folder, call_id).with_suffix(".sealed")


def details_path(folder: Path, call_id: str) -> Path:
    """The file of a telephone call's details (server/channels/sip/details.py)."""
    return record_path(folder, call_id).with_suffix(DETAILS)


def forget_record(folder: Path, call_id: str) -> None:
    """Delete what is kept of a call, sealed or opened, and its details."""
    for path in (sealed_path, record_path, details_path):
        path(folder, call_id).unlink(missing_ok=True)


def forget_details(folder: Path, before: datetime) -> int:
    """Delete the details written before an instant, of calls that have no record, too."""
    old = [path for path in folder.glob(f"*{DETAILS}") if path.stat().st_mtime < before.timestamp()]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
