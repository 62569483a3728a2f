"""The peer's caller against a scripted bot: real sockets, real time, no models."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
from pipecat.frames.protobufs import frames_pb2
from scripted_server import tone
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from server.bench.barge_in import SPEECH, Trial, attempt_with_peer
from server.bench.beside import PeerCall
from server.bench.calls import SAMPLES, recorded_calls
from server.bench.load import measure_peer_level
from server.bench.peer import Peer, peer_line
from server.bench.peer_wire import RATE, audio_packet, message_packet, read_packet

DELAY = 0.5
QUIET = 0.2


class Bot:
    """Answers sound after 200 ms of quiet with a tone, and stops when it is spoken over."""

    def __init__(self, socket, seconds: float) -> None:
        self.socket, self.seconds = socket, seconds
        self.reply, self.answering = "", None

    async def run(self) -> None:
        await self.socket.send(message_packet({"ready": True}))
        heard, quiet = False, 0.0
        async for data in self.socket:
            told = read_packet(data)
            if isinstance(told, dict):
                self.reply = told["reply"]
                continue
            loud = np.abs(told.astype(int)).max() > 1000
            quiet = 0.0 if loud else quiet + len(told) / RATE
            if loud and self.answering and not self.answering.done():
                self.answering.cancel()
                await self.socket.send(interruption())
            heard = heard or loud
            if heard and quiet >= QUIET:
                heard = False
                self.answering = asyncio.create_task(self.answer())

    async def answer(self) -> None:
        await asyncio.sleep(DELAY - QUIET)
        await self.socket.send(message_packet({"heard": f"to be answered: {self.reply}"}))
        for frame in np.split(tone(self.seconds, RATE), round(self.seconds / 0.02)):
            await self.socket.send(audio_packet(frame))
            await asyncio.sleep(0.02)


def interruption() -> bytes:
    frame = frames_pb2.Frame()
    frame.interruption.SetInParent()
    return frame.SerializeToString()


@asynccontextmanager
async def calling(seconds: float, lines: int = 1) -> AsyncIterator[list[Peer]]:
    async def handle(socket) -> None:
        try:
            await Bot(socket, seconds).run()
        except ConnectionClosed:
            return

    async with serve(handle, "127.0.0.1", 0, compression=None) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with peer_line("peer", url) as first:
            if lines == 1:
                yield [first]
                return
            async with peer_line("peer", url) as second:
                yield [first, second]


def said(seconds: float = 0.4) -> np.ndarray:
    return tone(seconds, RATE, 300.0)


async def test_latency_is_from_the_callers_last_sound_to_the_bots_first():
    async with calling(0.4) as (peer,):
        turns = await peer.play([(said(), "one"), (said(0.7), "two")])
    assert [turn.heard for turn in turns] == [
        ("to be answered: one",),
        ("to be answered: two",),
    ]
    assert all(DELAY - 0.05 < turn.latency < DELAY + 1.0 for turn in turns)


async def test_a_pause_that_the_bot_takes_for_the_end_is_a_cut_in():
    paused = np.concatenate((said(), np.zeros(int(0.9 * RATE), np.int16), said(0.6)))
    async with calling(2.0) as (peer,):
        (turn,) = await peer.play([(paused, "half")])
    assert turn.latency < 0
    assert len(turn.heard) == 2


async def test_what_comes_between_two_parts_of_the_bench_is_dropped():
    async with calling(0.4) as (peer,):
        await peer.play([(said(), "one")])
        await asyncio.sleep(0.3)
        (turn,) = await peer.play([(said(), "two")])
    assert turn.heard == ("to be answered: two",)


async def test_a_bot_that_stops_when_it_is_spoken_over_has_yielded():
    trial = Trial(SPEECH, said(0.8), RATE, "pcm16", offset=0.6)
    async with calling(3.0) as (peer,):
        told = await attempt_with_peer(trial, peer, said())
    assert told.yielded
    assert told.words
    assert 0.0 <= told.heard.ducked < 0.5
    assert told.decided < 0.5


async def test_an_echo_of_its_own_does_not_reach_the_scripted_bots_threshold():
    trial = Trial("own echo at -20 dB", np.zeros(0, np.int16), RATE, "pcm16", offset=0.3)
    async with calling(6.0) as (peer,):
        told = await attempt_with_peer(trial, peer, said())
    assert told.ignored


async def test_every_line_is_kept_busy():
    (call,) = recorded_calls(SAMPLES / "balance")
    ready = PeerCall(call, (1,), ((said(), "one"),))
    async with calling(0.2, lines=2) as peers:
        felt = await measure_peer_level([ready], peers, seconds=2.5, seed=1)
    assert len(felt) >= 2
    assert all(ms > 1000 * DELAY - 50 for ms in felt)
