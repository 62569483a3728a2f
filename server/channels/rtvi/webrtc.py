"""`/v1/rtvi/webrtc`: pipecat's own clients call over WebRTC (their SmallWebRTCTransport).

A client POSTs its offer and PATCHes candidates as it finds them; RTVI goes over the data channel.
Both are found again by `pc_id`, which nobody can guess and only the client is told. It offers its
connection anew when pipecat's connection asks for it, once, because pictures may have been missed.
"""

import asyncio
from contextlib import ExitStack
from typing import Annotated, Any, Literal

import pipecat.processors.frameworks.rtvi.models as rtvi
import structlog
from aiortc.sdp import candidate_from_sdp
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pipecat.frames.frames import Frame
from pydantic import BaseModel, Field

from server.channels.browser.offers import LARGEST_OFFER, STATUS, accept, read_offer
from server.channels.browser.peer import Peer
from server.channels.browser.routes import CONNECTED_WITHIN
from server.channels.browser.webrtc import WebRtcLine
from server.channels.call import House, hold_call, new_call_id
from server.channels.line import Caller
from server.channels.origin import is_same_origin
from server.channels.rtvi import requests
from server.channels.rtvi.messages import Narrator, dumped, failed
from server.channels.running import Running
from server.protocol import ProtocolError, error_event

log = structlog.get_logger()

MOST_CANDIDATES = 32
"""In one request."""

MOST_REQUESTS = 32
"""That may change one connection."""

ANYWHERE = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, PATCH",
    "Access-Control-Allow-Headers": "Content-Type",
}
"""A page from elsewhere may ask; without a token it is refused all the same."""


class Secret(BaseModel):
    """What the client was given to call with."""

    token: str | None = Field(default=None, repr=False)


class Offer(BaseModel):
    """A client's offer; with `pc_id` it changes a connection that there is."""

    sdp: Annotated[str, Field(min_length=1, max_length=LARGEST_OFFER, repr=False)]
    type: Literal["offer"]
    pc_id: Annotated[str, Field(max_length=256)] | None = None
    restart_pc: bool | None = None
    secret: Secret | None = Field(default=None, alias="requestData")


class Candidate(BaseModel):
    """An address of the client; an empty one tells that there are no more."""

    candidate: Annotated[str, Field(max_length=1024)]
    sdp_mid: Annotated[str, Field(max_length=64)] | None = None
    sdp_mline_index: int | None = None


class Candidates(BaseModel):
    """Some more of them."""

    pc_id: Annotated[str, Field(max_length=256)]
    candidates: Annotated[list[Candidate], Field(max_length=MOST_CANDIDATES)]


class RtviWebRtcLine(WebRtcLine):
    """The line of a client whose data channel speaks RTVI."""

    def __init__(self, connection: Peer) -> None:
        super().__init__(connection)
        self._narrator = Narrator()
        self._told_ready: asyncio.Future[rtvi.Message | None] = asyncio.Future()

    async def ready(self) -> None:
        """Wait until the client is.

        Raises:
            ProtocolError: It is not in time, has gone, or speaks another version.
        """
        try:
            async with asyncio.timeout(requests.READY_WITHIN):
                told = await self._told_ready
        except TimeoutError:
            raise requests.not_ready() from None
        if told is None:
            raise ProtocolError("bad_hello", "gone before client-ready", fatal=True)
        self.send(requests.bot_ready(told))

    async def tell(self, event: dict[str, Any]) -> None:
        """An event in RTVI's messages."""
        for message in self._narrator.messages(event):
            self.send(message)

    def send(self, message: BaseModel) -> None:
        """One message of RTVI."""
        self._send(dumped(message))

    def _asked(self, message: dict[str, Any]) -> list[Frame]:
        told = requests.message(message)
        if told is None:
            return []
        if told.type == "client-ready":
            if not self._told_ready.done():
                self._told_ready.set_result(told)
            return []
        wanted, refusal = requests.asked(told)
        if refusal:
            self.send(refusal)
        return wanted

    async def _on_gone(self, connection: object) -> None:
        await super()._on_gone(connection)
        if not self._told_ready.done():
            self._told_ready.set_result(None)


class Connection:
    """One that stands, and how often it may still be changed."""

    def __init__(self, webrtc: Peer) -> None:
        self.webrtc = webrtc
        self._requests = 0

    def changed(self) -> Peer:
        """To be changed once more.

        Raises:
            ProtocolError: It was changed too often.
        """
        self._requests += 1
        if self._requests > MOST_REQUESTS:
            raise ProtocolError("bad_hello", "pc_id: changed too often", fatal=True)
        return self.webrtc


class Answering:
    """The calls of these clients.

    Args:
        house: What calls share.
        running: Told of every call.
    """

    def __init__(self, house: House, running: Running) -> None:
        self._house = house
        self._running = running
        self._connections: dict[str, Connection] = {}

    async def offer(self, request: Request) -> dict[str, Any]:
        """The answer to an offer.

        Raises:
            ProtocolError: It cannot be used, or its sender may not call.
        """
        offer = await read_offer(request, Offer)
        if offer.pc_id is not None:
            return await self._again(offer, offer.pc_id)
        token = offer.secret.token if offer.secret else None
        if token is None and not is_same_origin(request, self._house.settings):
            raise ProtocolError("unauthorized", "origin not allowed", fatal=True)
        host = request.client.host if request.client else None
        secure = request.url.scheme == "https"
        with ExitStack() as place:
            admitted = self._house.admission.admit(requests.hello(token), host=host, secure=secure)
            known = place.enter_context(admitted)
            webrtc = Peer(self._house.settings.ice_servers)
            await accept(webrtc, offer.sdp)
            self._connections[webrtc.pc_id] = Connection(webrtc)
            place.callback(self._connections.pop, webrtc.pc_id)
            caller = requests.caller("rtvi-webrtc", known, host)
            line = RtviWebRtcLine(webrtc)
            self._running.start(self._hold(line, caller, place.pop_all()), line.close)
        return webrtc.get_answer() or {}

    async def _again(self, offer: Offer, pc_id: str) -> dict[str, Any]:
        """A connection that is to be another one is gone, and so is its call."""
        webrtc = self._found(pc_id).changed()
        if offer.restart_pc:
            raise ProtocolError("bad_hello", "restart_pc: the call is over", fatal=True)
        try:
            await webrtc.renegotiate(sdp=offer.sdp, type=offer.type)
        except Exception as error:  # aiortc raises whatever its parser stumbles over
            raise ProtocolError("bad_hello", "sdp: cannot be used", fatal=True) from error
        return webrtc.get_answer() or {}

    async def candidates(self, request: Request) -> dict[str, Any]:
        """Take a client's further addresses.

        Raises:
            ProtocolError: They cannot be used.
        """
        more = await read_offer(request, Candidates)
        webrtc = self._found(more.pc_id).changed()
        try:
            for each in more.candidates:
                found = candidate_from_sdp(each.candidate) if each.candidate else None
                if found is not None:
                    found.sdpMid, found.sdpMLineIndex = each.sdp_mid, each.sdp_mline_index
                await webrtc.add_ice_candidate(found)
        except Exception as error:  # as above
            raise ProtocolError("bad_hello", "candidates: cannot be used", fatal=True) from error
        return {"status": "success"}

    def _found(self, pc_id: str) -> Connection:
        found = self._connections.get(pc_id)
        if found is None:
            raise ProtocolError("bad_hello", "pc_id: there is no such call", fatal=True)
        return found

    async def _hold(self, line: RtviWebRtcLine, caller: Caller, place: ExitStack) -> None:
        """The call, once the connection stands and the client is ready."""
        with place:
            try:
                if not await line.connected(CONNECTED_WITHIN):
                    raise ProtocolError("bad_hello", "no connection", fatal=True)
                await line.ready()
            except ProtocolError as error:
                log.info("call_refused", code=error.code)
                line.send(failed(str(error), fatal=True))
            else:
                await hold_call(line, caller, self._house, new_call_id())
            finally:
                await line.close()


def add_rtvi_webrtc(app: FastAPI, house: House, running: Running) -> None:
    """Serve pipecat's clients over WebRTC; their calls are told to `running`."""
    answering = Answering(house, running)

    @app.options("/v1/rtvi/webrtc")
    async def may_ask() -> Response:
        return Response(status_code=204, headers=ANYWHERE)

    @app.api_route("/v1/rtvi/webrtc", methods=["POST", "PATCH"])
    async def answer(request: Request) -> Response:
        take = answering.offer if request.method == "POST" else answering.candidates
        try:
            return JSONResponse(await take(request), headers=ANYWHERE)
        except ProtocolError as error:
            log.info("call_refused", code=error.code)
            status = STATUS.get(error.code, 400)
            return JSONResponse(error_event(error), status, headers=ANYWHERE)
