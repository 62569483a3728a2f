"""Silence in place of sound that does not come, and not of sound that comes late."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pipecat.frames.frames import Frame, InputAudioRawFrame

from server.channels.gap import FILL, GAP, Gap, filled, silent
from tests.server.test_serializer import Clock
from voice.turns import RATE


def seconds(frames: list[Frame]) -> float:
    sound = [frame.audio for frame in frames if isinstance(frame, InputAudioRawFrame)]
    return sum(map(len, sound)) / 2 / RATE


def test_lost_packets_are_silence_after_a_moment():
    gap = Gap(1.0)
    assert gap.silence(1.0 + GAP) is None
    frame = gap.silence(1.1 + GAP)
    assert frame is not None
    assert seconds([frame]) == pytest.approx(0.1, abs=0.001)


@pytest.mark.parametrize(("stall", "silence"), [(0.2, 0.0), (0.5, 0.0), (0.9, 0.4)])
async def test_a_stream_that_stalls_gets_no_silence_between_its_words(
    stall: float, silence: float
) -> None:
    clock, piece = Clock(), silent(320)

    async def stalling() -> AsyncIterator[Frame]:
        yield piece
        clock.now += stall
        await asyncio.sleep(2 * FILL)
        yield piece

    frames = [frame async for frame in filled(stalling(), clock)]
    assert seconds(frames) == pytest.approx(0.04 + silence, abs=0.001)
