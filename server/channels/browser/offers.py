"""A description of a WebRTC connection, as a page sends it: read within bounds, and answered."""

from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from server.channels.body import read_body
from server.channels.browser.peer import Peer
from server.protocol import ErrorCode, ProtocolError

LARGEST_OFFER = 64 * 1024
STATUS: dict[ErrorCode, int] = {"bad_hello": 400, "unauthorized": 401, "busy": 503}
"""Of the answer to a request that is refused."""

Body = TypeVar("Body", bound=BaseModel)


async def read_offer(request: Request, kind: type[Body]) -> Body:
    """A request's JSON.

    Raises:
        ProtocolError: It is too large or late, or a field is missing or wrong (which is named).
    """
    body = await read_body(request, 2 * LARGEST_OFFER)
    if body is None:
        raise ProtocolError("bad_hello", "the offer is too large or too late", fatal=True)
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ProtocolError("bad_hello", f"{where}: {first['msg']}", fatal=True) from None


async def accept(connection: Peer, sdp: str) -> None:
    """Take an offer.

    Raises:
        ProtocolError: It cannot be used; the connection is closed.
    """
    try:
        await connection.initialize(sdp=sdp, type="offer")
    except Exception as error:  # aiortc raises whatever its parser stumbles over
        await connection.disconnect()
        raise ProtocolError("bad_hello", "sdp: cannot be used", fatal=True) from error
