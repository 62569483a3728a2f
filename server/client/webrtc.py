"""A call as a browser makes it: Opus over WebRTC (aiortc), events on a data channel."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

from server.channels.browser.webrtc import both, mono
from server.channels.sound import WireSound
from server.client.connection import CallError, Hello, Message, Socket
from server.client.wires import STARTS_WITHIN, ForeignWire, post
from voice.codecs import decode
from voice.turns import RATE

ALIVE_EVERY = 1.0
"""Seconds between two pings, without which the server takes us for gone."""


class Microphone(MediaStreamTrack):
    """The caller's sound, at the pace at which it comes."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._frames: asyncio.Queue[bytes] = asyncio.Queue()
        self._sent = 0

    def take(self, data: bytes) -> None:
        """16 kHz PCM16."""
        self._frames.put_nowait(data)

    async def recv(self) -> AudioFrame:
        """aiortc asks for the next frame."""
        samples = decode(await self._frames.get(), "pcm16")
        frame = AudioFrame.from_ndarray(samples[np.newaxis], format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, self._sent
        frame.time_base = Fraction(1, RATE)
        self._sent += len(samples)
        return both(frame)


class WebRtcWire(ForeignWire):
    """A peer connection that has offered."""

    def __init__(self) -> None:
        super().__init__(RATE)
        self._peer = RTCPeerConnection()
        self._microphone = Microphone()
        self._events = self._peer.createDataChannel("events", ordered=True)
        self._peer.addTrack(self._microphone)
        self._peer.on("track", self._on_track)
        self._peer.on("connectionstatechange", self._on_state)
        self._events.on("message", self._on_message)
        self._events.on("close", self.over)
        self._tasks: set[asyncio.Task[None]] = set()

    async def connect(self, url: str, hello: Hello) -> None:
        """Offer, and take the answer.

        Raises:
            CallError: The server refuses, or no connection comes about.
        """
        await self._peer.setLocalDescription(await self._peer.createOffer())
        offered = self._peer.localDescription
        asked = {"language": hello.language, "diagnostics": hello.diagnostics}
        body = {**asked, "sdp": offered.sdp, "sdp_type": offered.type}
        if hello.token is not None:
            body["token"] = hello.token
        text = await post(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
        answer = json.loads(text)
        self.call.set_result(answer["call"])
        await self._peer.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
        self._start(self._stay_alive())

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stay_alive(self) -> None:
        while self._peer.connectionState not in ("failed", "closed"):
            if self._events.readyState == "open":
                self._events.send("ping")
            await asyncio.sleep(ALIVE_EVERY)

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._start(self._listen(track))

    async def _listen(self, track: MediaStreamTrack) -> None:
        sound: WireSound | None = None
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                self.over()
                return
            if isinstance(frame, AudioFrame):
                sound = sound or WireSound(frame.sample_rate)
                if heard := sound.inward(mono(frame)):
                    self.hear(np.frombuffer(heard.audio, np.int16))

    def _on_message(self, message: str | bytes) -> None:
        told = json.loads(message)
        if isinstance(told, dict) and isinstance(told.get("type"), str):
            self.tell(told)

    def _on_state(self) -> None:
        if self._peer.connectionState in ("failed", "closed"):
            self.over()

    async def speak(self, data: bytes) -> None:
        """To the track, which aiortc reads."""
        self._microphone.take(data)

    async def press(self, key: str) -> None:
        """On the data channel, as the page does."""
        self._tell_server({"type": "dtmf", "digit": key})

    async def hang_up(self) -> None:
        """Said, and then closed."""
        self._tell_server({"type": "hangup"})
        await asyncio.sleep(0.2)  # lets it out first

    def _tell_server(self, message: Message) -> None:
        if self._events.readyState == "open":
            self._events.send(json.dumps(message))

    async def close(self) -> None:
        """The connection ends."""
        for task in self._tasks:
            task.cancel()
        self._microphone.stop()
        await self._peer.close()
        await super().close()


@asynccontextmanager
async def dial(url: str, hello: Hello) -> AsyncIterator[tuple[Socket, Message]]:
    """Calls a server as its page does; the url's host is what counts (`server.caller.Dial`)."""
    scheme, netloc = ("https" if url.startswith("wss") else "http"), urlsplit(url).netloc
    wire = WebRtcWire()
    try:
        try:
            async with asyncio.timeout(STARTS_WITHIN):
                await wire.connect(f"{scheme}://{netloc}/v1/webrtc", hello)
        except TimeoutError as error:
            raise CallError(f"{url}: no answer to the offer") from error
        yield wire, await wire.ready(url)
    finally:
        await wire.close()
