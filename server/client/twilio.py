"""A call as Twilio brings it: a signed webhook, then a signed websocket with u-law in JSON.

https://www.twilio.com/docs/voice/media-streams/websocket-messages
"""

import asyncio
import base64
import hashlib
import hmac
import json
import re
import secrets
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlencode, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from server.caller import Dial
from server.client.connection import CallError, Hello, Message, Socket
from server.client.wires import Aside, ForeignWire, post
from server.errors import ServerError

RATE = 8000
FROM, TO = "+15551234567", "+15557654321"
STREAM = "MZ" + 32 * "0"


def signature(token: str, url: str, fields: dict[str, str]) -> str:
    """X-Twilio-Signature: HMAC-SHA1 over the url and the sorted form."""
    text = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


class TwilioWire(ForeignWire):
    """A media stream. A mark comes back once the audio before it has been played."""

    tells_clear = True

    def __init__(self, socket: ClientConnection) -> None:
        super().__init__(RATE, "ulaw")
        self._socket = socket
        self._loop = asyncio.get_running_loop()
        self._marks: deque[tuple[float, dict[str, Any]]] = deque()
        self._plays_until, self._sequence = 0.0, 0

    async def begin(self, call: str) -> None:
        """What Twilio says first."""
        media = {"encoding": "audio/x-mulaw", "sampleRate": RATE, "channels": 1}
        await self._say(event="connected", protocol="Call", version="1.0.0")
        start = {"streamSid": STREAM, "callSid": call, "tracks": ["inbound"], "mediaFormat": media}
        await self._say(event="start", start=start)

    async def listen(self) -> None:
        """Until the server closes."""
        with suppress(ConnectionClosed):
            async for text in self._socket:
                await self._take(json.loads(text))
        self.over()

    async def _take(self, message: dict[str, Any]) -> None:
        match message["event"]:
            case "media":
                data = base64.b64decode(message["media"]["payload"])
                begins = max(self._plays_until, self._loop.time())
                self._plays_until = begins + len(data) / RATE
                self.take(data)
            case "mark":
                self._marks.append((self._plays_until, message))
            case "clear":
                self._plays_until = 0.0
                await self._give_marks_back(everything=True)
                self.clear()

    async def _give_marks_back(self, *, everything: bool = False) -> None:
        """Those whose audio has been played; after a clear all."""
        while self._marks and (everything or self._marks[0][0] <= self._loop.time()):
            _, message = self._marks.popleft()
            await self._say(**message)

    async def speak(self, data: bytes) -> None:
        """A media message."""
        payload = base64.b64encode(data).decode()
        await self._say(event="media", media={"track": "inbound", "payload": payload})
        await self._give_marks_back()

    async def press(self, key: str) -> None:
        """A dtmf message."""
        await self._say(event="dtmf", dtmf={"track": "inbound_track", "digit": key})

    async def hang_up(self) -> None:
        """A stop message, and the end of the socket."""
        await self._say(event="stop", stop={})

    async def close(self) -> None:
        """The stream ends."""
        await self._socket.close()
        await super().close()

    async def _say(self, **message: Any) -> None:
        self._sequence += 1
        told = {**message, "streamSid": STREAM, "sequenceNumber": str(self._sequence)}
        with suppress(ConnectionClosed):
            await self._socket.send(json.dumps(told))


def dialling(token: str, aside: Aside) -> Dial:
    """Calls a server's Twilio number; the url's host is what counts.

    Args:
        token: The account's auth token, which signs.
        aside: Told the events of the call.
    """

    @asynccontextmanager
    async def dial(url: str, _: Hello) -> AsyncIterator[tuple[Socket, Message]]:
        call = "CA" + secrets.token_hex(16)
        try:
            socket = await _stream(f"http://{urlsplit(url).netloc}/v1/twilio", call, token)
        except (OSError, WebSocketException) as error:
            raise CallError(f"{url}: no stream: {error}") from error
        wire = TwilioWire(socket)
        aside.attach(wire)
        listening = asyncio.create_task(wire.listen())
        try:
            await wire.begin(call)
            yield wire, await wire.ready(url)
        finally:
            await wire.close()
            await listening

    return dial


async def _stream(webhook: str, call: str, token: str) -> ClientConnection:
    fields = {"CallSid": call, "From": FROM, "To": TO, "CallStatus": "ringing"}
    headers = {"X-Twilio-Signature": signature(token, webhook, fields)}
    answer = (await post(webhook, urlencode(fields).encode(), headers)).decode()
    found = re.search(r'<Stream url="(wss?://[^"]+)"', answer)
    if found is None:
        raise ServerError(f"{webhook}: no <Stream> in the answer: {answer[:200]}")
    signed = {"X-Twilio-Signature": signature(token, found[1], {})}
    return await connect(found[1], additional_headers=signed, compression=None, proxy=None)
