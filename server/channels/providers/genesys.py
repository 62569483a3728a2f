"""Genesys AudioHook: it connects by itself, and signs the request that opens the websocket.

https://developer.genesys.cloud/devapps/audiohook/ (session walkthrough and security)
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pipecat.serializers.genesys import GenesysAudioHookSerializer

from server.channels.providers.media_streams import event_of
from server.channels.providers.provider import (
    EVERYTHING,
    Answer,
    Provider,
    Request,
    Ringing,
    Stream,
    without_sound,
)

RATE = 8000
PACKET = 1600
"""Samples of a message: Genesys refuses many small ones."""

FRESH = 300.0
REMEMBERED = 10_000
NEEDED = frozenset(
    {
        "@request-target",
        "@authority",
        "audiohook-organization-id",
        "audiohook-session-id",
        "audiohook-correlation-id",
        "x-api-key",
    }
)
"""What a signature has to cover."""


class Genesys(Provider):
    """One integration.

    Args:
        secret: `API key:client secret`, the latter in base64, as Genesys keeps them.

    Raises:
        ValueError: It is not that.
    """

    name = "genesys"
    webhook = False

    def __init__(self, secret: str) -> None:
        self._key, _, client = secret.partition(":")
        try:
            self._secret = base64.b64decode(client, validate=True)
        except binascii.Error:
            self._secret = b""
        if not (self._key and self._secret):
            raise ValueError("API key:client secret, the latter in base64")
        self._nonces: OrderedDict[str, None] = OrderedDict()

    def is_signed(self, request: Request) -> bool:
        """The signature over the request, of the last five minutes and never seen before."""
        given = request.headers.get("signature-input", "").removeprefix("sig1=")
        covered, _, parameters = given.partition(")")
        told = dict(re.findall(r';(\w+)="?([^";]*)"?', parameters))
        names = re.findall(r'"([^"]+)"', covered)
        if not set(names) >= NEEDED or not self._is_fresh(told, request.now):
            return False
        values = {**request.headers, **_derived(request)}
        base = [f'"{name}": {values.get(name, "")}' for name in names]
        base.append(f'"@signature-params": {given}')
        ours = hmac.new(self._secret, "\n".join(base).encode(), hashlib.sha256).digest()
        wanted = f"sig1=:{base64.b64encode(ours).decode()}:"
        signature = request.headers.get("signature", "")
        key = request.headers.get("x-api-key", "")
        return (
            hmac.compare_digest(signature.encode(), wanted.encode())
            and hmac.compare_digest(key.encode(), self._key.encode())
            and self._is_new(told.get("nonce", ""))
        )

    def _is_fresh(self, told: Mapping[str, str], now: float) -> bool:
        created, expires = told.get("created", ""), told.get("expires", "")
        if not created.isdecimal() or abs(now - int(created)) > FRESH:
            return False
        return not expires or (expires.isdecimal() and now <= int(expires))

    def _is_new(self, nonce: str) -> bool:
        if not nonce or nonce in self._nonces:
            return False
        self._nonces[nonce] = None
        if len(self._nonces) > REMEMBERED:
            self._nonces.popitem(last=False)
        return True

    def may_stream(self, request: Request) -> bool:
        """The same; there are no tickets."""
        return self.is_signed(request)

    def ringing(self, request: Request) -> Ringing | None:
        """The session; who calls, its `open` tells."""
        session = request.headers.get("audiohook-session-id")
        return Ringing(session, "") if session else None

    def answer(self, url: str) -> Answer:
        """It has no webhook."""
        return without_sound()

    def stream(self, message: str) -> Stream | None:
        """From `open`, where it offers u-law of the caller alone."""
        event = event_of(message)
        if event.get("type") != "open":
            return None
        told = event.get("parameters", {})
        offered = [(m.get("format"), m.get("channels")) for m in told.get("media", [])]
        if ("PCMU", ["external"]) not in offered:
            return None
        params = GenesysAudioHookSerializer.InputParams(sample_rate=RATE)
        serializer = GenesysAudioHookSerializer(params)
        told["media"] = [{"format": "PCMU", "channels": ["external"], "rate": RATE}]
        return Stream(
            serializer,
            RATE,
            first=json.dumps(event),
            caller=str(told.get("participant", {}).get("ani", "")).removeprefix("tel:"),
            packet=PACKET,
            goodbye=lambda handed_over: json.dumps(
                serializer.create_disconnect_message(
                    action="transfer" if handed_over else "finished"
                )
            ),
            goes_on=True,
        )

    def marked(self, message: Mapping[str, Any]) -> str | None:
        """AudioHook has no marks; it tells when it has played all that it had."""
        return EVERYTHING if message.get("type") == "playback_completed" else None

    def marking(self, stream: Stream, name: str) -> str | None:
        """No mark can be set."""
        return None


def _derived(request: Request) -> dict[str, str]:
    """The parts of a request that are not its headers."""
    url = urlsplit(request.url)
    target = f"{url.path}?{url.query}" if url.query else url.path
    return {"@request-target": target, "@authority": url.netloc}
