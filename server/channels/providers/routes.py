"""The addresses that a provider's number is pointed at: `/v1/NAME` and its media websocket."""

import asyncio
import time
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

import structlog
from fastapi import FastAPI, Response, WebSocket, WebSocketDisconnect
from fastapi import Request as HttpRequest

from server.channels.body import read_body
from server.channels.call import House, hold_call, new_call_id
from server.channels.line import Caller, address_of_number
from server.channels.providers.asterisk import Asterisk
from server.channels.providers.exotel import Exotel
from server.channels.providers.genesys import Genesys
from server.channels.providers.jambonz import Jambonz
from server.channels.providers.line import ProviderLine
from server.channels.providers.plivo import Plivo
from server.channels.providers.provider import Provider, Request, Ringing, Stream, without_sound
from server.channels.providers.serializer import ProviderSerializer
from server.channels.providers.telnyx import Telnyx
from server.channels.providers.tickets import Tickets
from server.channels.providers.twilio import Twilio
from server.channels.providers.vonage import Vonage
from server.errors import ServerError
from server.protocol import ProtocolError

log = structlog.get_logger()

KINDS: Mapping[str, Callable[[str], Provider]] = {
    "twilio": Twilio,
    "telnyx": Telnyx,
    "plivo": Plivo,
    "exotel": Exotel,
    "vonage": Vonage,
    "jambonz": Jambonz,
    "genesys": Genesys,
    "asterisk": Asterisk,
}
LARGEST_BODY = 64 * 1024
STREAM_WITHIN = 5.0
BEFORE_START = 8
"""Messages that may come before the one that begins the stream."""


def add_providers(app: FastAPI, house: House) -> None:
    """Serve the providers of the settings.

    Raises:
        ServerError: A provider's secret cannot be used.
    """
    for name, secret in house.settings.providers.items():
        try:
            provider = KINDS[name](secret.get_secret_value())
        except ValueError as error:
            raise ServerError(f"setting providers.{name}: {error}") from None
        _add(app, Desk(provider, house))


def _add(app: FastAPI, desk: "Desk") -> None:
    name = desk.provider.name
    if not desk.provider.webhook:

        @app.websocket(f"/v1/{name}", name=name)
        async def direct(websocket: WebSocket) -> None:
            await desk.talk_at_once(websocket)

        return

    @app.api_route(f"/v1/{name}", methods=list(desk.provider.methods), name=f"{name}_webhook")
    async def webhook(request: HttpRequest) -> Response:
        return await desk.answer(request)

    @app.websocket(f"/v1/{name}/media/{{ticket}}", name=f"{name}_media")
    async def media(websocket: WebSocket, ticket: str) -> None:
        await desk.talk(websocket, ticket)


class Desk:
    """The calls of one provider."""

    def __init__(
        self, provider: Provider, house: House, now: Callable[[], float] = time.time
    ) -> None:
        self.provider = provider
        self._house = house
        self._now = now
        self._tickets = Tickets()

    async def answer(self, http: HttpRequest) -> Response:
        """Answer a webhook: 403 for one that is not the provider's or that is told again.

        Where there is no line for it, the provider is told so before it picks the caller up.
        """
        body = await read_body(http, LARGEST_BODY)
        if body is None:
            return Response("the body is too large or too late", 413)
        form = {}
        if "form" in http.headers.get("content-type", ""):
            form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        url = self._url(http.url.scheme, http.headers.get("host", ""), http.url.path)
        if http.url.query:
            url += f"?{http.url.query}"
        request = Request(http.method, url, _lower(http.headers), form, body, self._now())
        if not self.provider.is_signed(request):
            log.warning("webhook_not_signed", provider=self.provider.name)
            return Response("the signature is missing or wrong", 403)
        ringing = self.provider.ringing(request)
        if ringing is None:
            told = without_sound()
            return Response(told.body, media_type=told.media_type)
        if self._house.admission.is_full:
            log.info("call_refused", code="busy", provider=self.provider.name)
            busy = self.provider.busy()
            return Response(busy.body, busy.status, media_type=busy.media_type)
        ticket = self._tickets.issue(ringing, self._now())
        if ticket is None:
            log.warning("webhook_replayed", provider=self.provider.name)
            return Response("this call has been answered already", 403)
        scheme = http.url.scheme.replace("http", "ws")
        path = f"/v1/{self.provider.name}/media/{ticket}"
        answer = self.provider.answer(self._url(scheme, http.headers.get("host", ""), path))
        return Response(answer.body, media_type=answer.media_type)

    async def talk(self, websocket: WebSocket, ticket: str) -> None:
        """Hold the call of a media websocket."""
        ringing = self._tickets.take(ticket, self._now())
        if ringing is None or not self.provider.may_stream(self._opening(websocket)):
            await self._refuse(websocket)
            return
        await self._talk(websocket, ringing)

    async def talk_at_once(self, websocket: WebSocket) -> None:
        """Hold the call of a websocket that no webhook told of: its own request is signed."""
        request = self._opening(websocket)
        ringing = self.provider.ringing(request) if self.provider.is_signed(request) else None
        if ringing is None:
            await self._refuse(websocket)
            return
        await self._talk(websocket, ringing)

    def _opening(self, websocket: WebSocket) -> Request:
        """The request that opens a websocket."""
        url = self._url(websocket.url.scheme, websocket.headers.get("host", ""), websocket.url.path)
        if websocket.url.query:
            url += f"?{websocket.url.query}"
        return Request("GET", url, _lower(websocket.headers), {}, b"", self._now())

    async def _refuse(self, websocket: WebSocket) -> None:
        log.warning("stream_refused", provider=self.provider.name)
        await websocket.close(code=1008)

    async def _talk(self, websocket: WebSocket, ringing: Ringing) -> None:
        offered = websocket.scope.get("subprotocols") or []
        known = self.provider.subprotocol
        await websocket.accept(subprotocol=known if known in offered else None)
        try:
            stream = await _begin(websocket, self.provider)
            if stream is None:
                await websocket.close(code=1002)
                return
            serializer = ProviderSerializer(self.provider, stream)
            for message in await serializer.begin():
                await websocket.send_text(message)
            await self._hold(ProviderLine(websocket, serializer), stream, ringing)
        except WebSocketDisconnect:
            log.info("call_lost_before_start", provider=self.provider.name)

    async def _hold(self, line: ProviderLine, stream: Stream, ringing: Ringing) -> None:
        address = address_of_number(self.provider.name, ringing.caller or stream.caller)
        caller = Caller(self.provider.name, address, about={"rate": stream.rate})
        try:
            with self._house.admission.place(self.provider.name):
                await hold_call(line, caller, self._house, new_call_id())
        except ProtocolError as error:
            log.info("call_refused", code=error.code, provider=self.provider.name)
            await line.hand_over("")
            await line.close(code=1013)

    def _url(self, scheme: str, host: str, path: str) -> str:
        """As the provider knows it: by the public address, where the settings name one."""
        public = self._house.settings.public_url
        if public is None:
            return f"{scheme}://{host}{path}"
        base = public.rstrip("/")
        if scheme.startswith("ws"):
            base = base.replace("http", "ws", 1)
        return base + path


async def _begin(websocket: WebSocket, provider: Provider) -> Stream | None:
    """The stream, from the first messages; None where none begins in time."""
    try:
        async with asyncio.timeout(STREAM_WITHIN):
            for _ in range(BEFORE_START):
                message = await websocket.receive()
                if message["type"] == "websocket.disconnect":
                    raise WebSocketDisconnect(message.get("code", 1006))
                if (stream := _stream(provider, message.get("text") or "")) is not None:
                    return stream
    except TimeoutError:
        log.info("stream_never_began", provider=provider.name)
    return None


def _stream(provider: Provider, text: str) -> Stream | None:
    try:
        return provider.stream(text)
    except (ValueError, TypeError, AttributeError):
        return None


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
