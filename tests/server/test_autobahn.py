"""Autobahn's websocket cases against our websockets, as they are served.

The cases want an echo; what is tested is what stands below every call: the library, our limits and
our own cut-off. Left out: 9 (messages larger than ours may be, which we refuse) and 12, 13
(compression, which is off). The library itself misses 7.1.5.
"""

import pytest
from kosoku import FailureError, run_fuzzingclient
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from server.app import serving_http
from server.settings import Settings

KNOWN = ["7.1.5"]


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            message = await websocket.receive()
            if (data := message.get("bytes")) is not None:
                await websocket.send_bytes(data)
            elif (text := message.get("text")) is not None:
                await websocket.send_text(text)
            else:
                return
    except WebSocketDisconnect:
        return


@pytest.mark.channels
async def test_autobahns_cases_hold():
    app = Starlette(routes=[WebSocketRoute("/", echo)])
    async with serving_http(app, Settings(port=0)) as url:
        try:
            results = await run_fuzzingclient(url, exclude_cases=["9.*", "12.*", "13.*"])
        except FailureError as error:
            results = error.results
    failed = [result.case_id for result in results if not result.passed]
    assert len(results) > 200
    assert failed == KNOWN
