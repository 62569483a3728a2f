"""The record of each call: every event that was sent, secrets masked, one JSON object a line."""

import json
import re
from pathlib import Path

from server.call.events import Event


class CallRecord:
    """Collects one call's events and writes them when asked, off the event loop.

    Args:
        folder: Where `CALL.jsonl` goes; None keeps nothing.
        call_id: The call's id.
    """

    def __init__(self, folder: Path | None, call_id: str) -> None:
        self._path = folder / f"{re.sub('[^A-Za-z0-9-]', '_', call_id)}.jsonl" if folder else None
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
        with self._path.open("a", encoding="utf-8") as stream:
            stream.writelines(json.dumps(event, ensure_ascii=False) + "\n" for event in events)
