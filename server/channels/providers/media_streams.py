"""What Twilio, Telnyx, Plivo and Exotel share: JSON events with base64 audio in them."""

import json
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr


def event_of(text: str) -> dict[str, Any]:
    """A JSON object; empty where it is none."""
    try:
        message = json.loads(text)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def named_mark(message: Mapping[str, Any]) -> str | None:
    """The mark of `{"event": "mark", "mark": {"name": …}}`."""
    if message.get("event") != "mark":
        return None
    mark = message.get("mark")
    return str(mark.get("name", "")) if isinstance(mark, dict) else ""


def with_name(mark: Mapping[str, Any], name: str) -> str:
    """The message that sets such a mark."""
    return json.dumps({**mark, "event": "mark", "mark": {"name": name}})


def xml(*elements: str) -> str:
    """A provider's answer document."""
    return '<?xml version="1.0" encoding="UTF-8"?><Response>' + "".join(elements) + "</Response>"


def connect_stream(url: str) -> str:
    """The verb of Twilio and Telnyx that talks to a websocket until one side ends it."""
    return f"<Connect><Stream url={quoteattr(url)}/></Connect>"


BUSY = '<Reject reason="busy"/>'
"""The verb of Twilio and Telnyx for a caller who is not picked up."""


def plivo_stream(url: str) -> str:
    """Plivo's verb for the same."""
    options = 'bidirectional="true" keepCallAlive="true" contentType="audio/x-mulaw;rate=8000"'
    return f"<Stream {options}>{escape(url)}</Stream>"
