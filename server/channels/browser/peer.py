"""pipecat's connection (aiortc), within bounds that hold whatever its other end sends."""

from collections import deque
from typing import Any

from aiortc.sdp import SessionDescription
from pipecat.transports.smallwebrtc.connection import IceServer, SmallWebRTCConnection

from server.channels.browser.reordering import Reordering

MOST_MEDIA = 3
"""Sections of one description: the voice, and pipecat's clients offer two pictures with it."""


class Peer(SmallWebRTCConnection):
    """A connection of which only the voice is read."""

    def __init__(self, ice_servers: list[str] | list[IceServer] | None = None) -> None:
        super().__init__(ice_servers)
        # What is told before the connection stands; nothing else would ever bound it.
        self._pending_app_messages: Any = deque(maxlen=0)
        self._order = Reordering()

    @property
    def unsent(self) -> int:
        """Bytes of our messages that the other end has not taken."""
        return self._data_channel.bufferedAmount if self._data_channel else 0

    @property
    def held_up(self) -> int:
        """Packets of the voice that wait for one before them."""
        return self._order.waiting

    async def give_up(self) -> bool:
        """Have those heard; tells whether there were any."""
        return await self._order.give_up()

    async def round_trip(self) -> float | None:
        """Seconds to the other end and back, as its reports tell; None before one that does."""
        told = await self.pc.getTransceivers()[0].sender.getStats()
        times = [getattr(each, "roundTripTime", None) for each in told.values()]
        return next((max(0.0, each) for each in times if each is not None), None)

    def is_connected(self) -> bool:
        """As aiortc sees it: pings that pause are no reason to keep messages back."""
        return bool(self.pc.connectionState == "connected")

    async def initialize(self, sdp: str, type: str) -> None:
        """Answer the first offer.

        Raises:
            ValueError: As below.
        """
        await super().initialize(sdp, type)
        self._order.stand_before(self.pc.getTransceivers()[0].receiver)

    async def _create_answer(self, sdp: str, type: str) -> None:
        """Answer an offer, the first or a changed one.

        Raises:
            ValueError: It holds no voice, or more than we take; aiortc raises others.
        """
        check(sdp)
        await super()._create_answer(sdp, type)
        for transceiver in self.pc.getTransceivers()[1:]:
            transceiver.receiver._enabled = False  # nobody reads it: it would pile up


def check(sdp: str) -> None:
    """That an offer begins with the voice, and has no more beside it than we answer.

    Raises:
        ValueError: It does not, or cannot be read.
    """
    kinds = [each.kind for each in SessionDescription.parse(sdp).media]
    media = [kind for kind in kinds if kind != "application"]
    if media[:1] != ["audio"]:
        raise ValueError("no sound is offered")
    if len(media) > MOST_MEDIA or len(kinds) > len(media) + 1:
        raise ValueError("too much is offered")
