"""Packets of a voice in their order, each as soon as those before it are there or given up.

A lost packet of Opus is told to the decoder, which stands in for it: others have to be concealed by
whoever hears them (voice/concealment.py).

aiortc's own buffer holds 80 ms of sound back, and once one packet is missing it holds back what
comes after it until the buffer is full. Nothing here is played at a pace, so nothing has to wait
but for order's sake.
"""

from typing import Any

from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.rtp import RtpPacket

from server.channels.order import InOrder

OPUS = 96
"""Payload types from here on are agreed on; of aiortc's codecs of sound only Opus has one."""

LONGEST = 5760
"""Most samples of Opus in one packet, at its clock of 48 kHz."""


class Reordering(JitterBuffer):
    """One stream's packets.

    They are put in order before aiortc's receiver takes them, for it takes one frame at most out
    of its buffer per packet: one that was held up would never be caught up with.
    """

    def __init__(self) -> None:
        super().__init__(capacity=16)
        self._order = InOrder[tuple[RtpPacket, int]](1 << 16)
        self._ssrc: int | None = None
        self._lost = 0

    @property
    def waiting(self) -> int:
        """Packets that wait for one before them."""
        return self._order.waiting

    def stand_before(self, receiver: Any) -> None:
        """Take an aiortc receiver's packets first, and its buffer's place."""
        self._take = receiver._handle_rtp_packet
        receiver._handle_rtp_packet = self.handle
        receiver._RTCRtpReceiver__jitter_buffer = self

    async def handle(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        """Take a packet, and pass all on that are ready with it; of another source, which counts
        from a number of its own, only after all of the one before it."""
        if packet.ssrc != self._ssrc:
            while await self.give_up():
                pass
            self._ssrc, self._order = packet.ssrc, InOrder(1 << 16)
        await self._pass_on(self._order.add(packet.sequence_number, (packet, arrival_time_ms)))

    async def give_up(self) -> bool:
        """Pass on what waits for a packet that does not come; tells whether anything did."""
        return await self._pass_on(self._order.give_up())

    async def _pass_on(self, ready: list[tuple[tuple[RtpPacket, int], int]]) -> bool:
        for (packet, arrival_time_ms), self._lost in ready:
            await self._take(packet, arrival_time_ms=arrival_time_ms)
        return bool(ready)

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        """Pass one of the ready packets through.

        Returns:
            Whether a picture is to be asked for (never), and the packet's sound.
        """
        return False, _frame(packet, self._lost)


def _frame(packet: RtpPacket, lost: int) -> JitterFrame:
    """A packet's sound, after empty frames for those that were lost: libopus conceals these."""
    data: bytes = packet._data  # type: ignore[attr-defined]  # as aiortc's receiver sets it
    if lost and packet.payload_type >= OPUS and data and data[0] & 3 == 0:
        size = _samples(data[0])
        if (lost + 1) * size <= LONGEST:
            head = bytes((data[0] | 3, 0x80 | lost + 1, *(0,) * lost))
            return JitterFrame(head + data[1:], packet.timestamp - lost * size)
    return JitterFrame(data, packet.timestamp)


def _samples(head: int) -> int:
    """Of one frame of Opus, by a packet's first byte (RFC 6716, 3.1)."""
    config = head >> 3
    if config < 12:
        return (480, 960, 1920, 2880)[config % 4]
    return (480, 960)[config % 2] if config < 16 else (120, 240, 480, 960)[config % 4]
