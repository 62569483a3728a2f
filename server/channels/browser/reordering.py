"""Packets of a voice in their order, each as soon as those before it are there or given up.

A lost packet of Opus is told to the decoder, which stands in for it: others have to be concealed by
whoever hears them (voice/concealment.py).

aiortc's own buffer holds 80 ms of sound back, and once one packet is missing it holds back what
comes after it until the buffer is full. Nothing here is played at a pace, so nothing has to wait
but for order's sake.
"""

from aiortc.jitterbuffer import JitterBuffer, JitterFrame
from aiortc.rtp import RtpPacket

from server.channels.order import InOrder

OPUS = 96
"""Payload types from here on are agreed on; of aiortc's codecs of sound only Opus has one."""

LONGEST = 5760
"""Most samples of Opus in one packet, at its clock of 48 kHz."""


class Reordering(JitterBuffer):
    """One stream's packets."""

    def __init__(self) -> None:
        super().__init__(capacity=16)
        self._order = InOrder[RtpPacket](1 << 16)

    @property
    def waiting(self) -> int:
        """Packets that wait for one before them."""
        return self._order.waiting

    def add(self, packet: RtpPacket) -> tuple[bool, JitterFrame | None]:
        """Take a packet, and give the next one in order once it is there or given up.

        Returns:
            Whether a picture is to be asked for (never), and the packet's sound.
        """
        following = self._order.add(packet.sequence_number, packet)
        return False, following and _frame(*following)


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
