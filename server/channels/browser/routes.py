"""What a browser asks for: the page, its parts, and the answer to its WebRTC offer."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from pydantic import Field

from server.admission import address_of
from server.channels.browser.offers import LARGEST_OFFER, STATUS, accept, read_offer
from server.channels.browser.peer import Peer
from server.channels.browser.webrtc import WebRtcLine
from server.channels.call import LANGUAGES, House, hold_call, new_call_id
from server.channels.line import Caller
from server.channels.origin import is_same_origin
from server.channels.running import Running
from server.protocol import Hello, Message, ProtocolError, error_event

log = structlog.get_logger()

PAGE = Path(__file__).parent / "page"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
CONNECTED_WITHIN = 15.0

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src data:",
        "connect-src 'self'",
        "media-src 'self' blob:",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "microphone=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


class Offer(Message):
    """What the page sends: the hello's fields, and its description of the connection."""

    sdp: Annotated[str, Field(min_length=1, max_length=LARGEST_OFFER, repr=False)]
    sdp_type: Annotated[str, Field(pattern="^offer$")]
    language: str = "en"
    token: Annotated[str, Field(max_length=512)] | None = Field(default=None, repr=False)
    diagnostics: bool = False


def add_browser(app: FastAPI, house: House, running: Running) -> None:
    """Serve the page, and its calls, which are told to `running`."""

    @app.get("/")
    async def page() -> Response:
        return _file("index.html")

    @app.get("/page/{name}")
    async def part(name: str) -> Response:
        return _file(name)

    @app.post("/v1/webrtc")
    async def webrtc(request: Request) -> Response:
        try:
            return await _answer(request, house, running)
        except ProtocolError as error:
            log.info("call_refused", code=error.code)
            return JSONResponse(error_event(error), STATUS.get(error.code, 400))


def _file(name: str) -> Response:
    path = PAGE / name
    if path.parent != PAGE or path.suffix not in TYPES or not path.is_file():
        return Response("there is no such file", 404)
    return FileResponse(path, media_type=TYPES[path.suffix], headers=HEADERS)


async def _answer(request: Request, house: House, running: Running) -> Response:
    if not is_same_origin(request, house.settings):
        raise ProtocolError("unauthorized", "origin not allowed", fatal=True)
    offer = await _offer(request)
    host = request.client.host if request.client else None
    hello = Hello(type="hello", version=1, sample_rate=16000, encoding="pcm16", token=offer.token)
    secure = request.url.scheme == "https"
    with ExitStack() as place:
        token = place.enter_context(house.admission.admit(hello, host=host, secure=secure))
        connection = Peer(house.settings.ice_servers)
        await accept(connection, offer.sdp)
        ours = house.admission.is_ours(host)
        diagnostics = offer.diagnostics and (ours or house.settings.diagnostics)
        address, about = address_of(token, host), {"token": token.name if token else None}
        caller = Caller("webrtc", address, offer.language, diagnostics, about)
        call_id = new_call_id()
        line = WebRtcLine(connection)
        running.start(_hold(line, caller, house, call_id, place.pop_all()), line.close)
    answer = connection.get_answer() or {}
    return JSONResponse(
        {"sdp": answer.get("sdp"), "type": "answer", "call": call_id, "diagnostics": diagnostics}
    )


async def _offer(request: Request) -> Offer:
    offer = await read_offer(request, Offer)
    if offer.language not in LANGUAGES:
        known = ", ".join(sorted(LANGUAGES))
        raise ProtocolError("bad_hello", f"language: we speak {known}", fatal=True)
    return offer


async def _hold(
    line: WebRtcLine, caller: Caller, house: House, call_id: str, place: ExitStack
) -> None:
    """The call, once the connection stands; its place is free afterwards."""
    with place:
        if await line.connected(CONNECTED_WITHIN):
            await hold_call(line, caller, house, call_id)
        else:
            log.info("webrtc_never_connected", call=call_id)
            await line.close()
