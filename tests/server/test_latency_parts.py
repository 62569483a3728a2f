"""The parts of a latency add up, and what is missing in them is seen."""

import json
from functools import partial
from types import SimpleNamespace

import pytest
import websockets
from fastapi import FastAPI, WebSocket

from server.app import serving_http
from server.call.laps import Laps
from server.channels.providers.line import ProviderLine
from server.channels.rtvi.line import RtviLine
from server.channels.rtvi.serializer import RtviSerializer
from server.channels.socket_line import SocketLine
from server.client.parts import AnswerMoments, latency_parts
from server.settings import Settings

MOMENTS = AnswerMoments(spoken_until=2.0, voice_end=2.09, arrived=2.62, played=2.65, sounded=2.67)
SERVER = {"endpointing": 320.0, "decision": 10.0, "synthesis": 170.0}


def test_parts_add_up_where_every_one_was_measured():
    parts = latency_parts(MOMENTS, SERVER, clock=(2.11, 2.61))
    assert next(iter(parts)) == "voice_tail"
    assert list(parts)[-3:] == ["wire", "playout", "lead_in"]
    assert parts["voice_tail"] == 90.0
    assert parts["wire"] == pytest.approx(30.0)
    assert parts["playout"] == pytest.approx(30.0)
    assert sum(parts.values()) == pytest.approx(1000 * MOMENTS.latency, abs=0.5)


def test_time_that_no_part_of_the_server_names_is_missing_in_the_sum():
    parts = latency_parts(MOMENTS, SERVER | {"synthesis": 90.0}, clock=(2.11, 2.61))
    assert sum(parts.values()) == pytest.approx(1000 * MOMENTS.latency - 80, abs=0.5)


def test_without_a_shared_clock_the_wire_is_what_is_left():
    parts = latency_parts(MOMENTS, SERVER)
    assert parts["wire"] == pytest.approx(30.0)


def test_the_clock_of_another_machine_is_not_believed():
    assert latency_parts(MOMENTS, SERVER, clock=(90210.0, 90210.5)) == latency_parts(
        MOMENTS, SERVER
    )


def test_laps_leave_no_gap():
    laps = Laps(10.0)
    laps.lap("endpointing", 10.4)
    laps.lap("transcription", 10.2)
    laps.lap("synthesis", 10.7)
    assert laps.parts == pytest.approx({"endpointing": 0.4, "transcription": 0.0, "synthesis": 0.3})
    assert laps.ended - laps.began == pytest.approx(sum(laps.parts.values()))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (SocketLine, set()),
        (RtviLine, {"network"}),
        (partial(ProviderLine, serializer=SimpleNamespace(late=None)), {"network"}),
        (partial(ProviderLine, serializer=SimpleNamespace(late=0.1)), {"provider"}),
    ],
)
async def test_a_websocket_tells_what_its_network_adds_unless_its_client_does(line, told):
    app = FastAPI()

    @app.websocket("/")
    async def answer(websocket: WebSocket) -> None:
        await websocket.accept()
        make = line if isinstance(line, partial) else partial(line, serializer=RtviSerializer())
        await websocket.send_json(make(websocket).delay)

    async with serving_http(app, Settings(port=0)) as url, websockets.connect(url) as socket:
        delay = json.loads(await socket.recv())
    assert set(delay) == told
    assert all(0 < seconds < 0.2 for seconds in delay.values())
