"""The step that a lost packet of G.711 leaves is smoothed, and no voice is touched without one."""

import numpy as np
import pytest

from server.callfiles import read_turn
from server.channels.declick import Declick
from tests.server.conftest import SAMPLES
from voice.codecs import Encoding, decode, encode
from voice.pcm import Samples

RATE, PACKET = 8000, 160
TONE, PEAK = 265, 8000


def packets(sound: Samples, encoding: Encoding = "ulaw") -> list[Samples]:
    whole = decode(encode(sound, encoding), encoding)
    return [whole[at : at + PACKET] for at in range(0, len(whole) - PACKET + 1, PACKET)]


@pytest.mark.parametrize("together", [1, 3])
@pytest.mark.parametrize("encoding", ["ulaw", "alaw"])
def test_a_lost_packet_leaves_no_step(encoding, together):
    """Also where a busy machine reads several packets at once."""
    wave = PEAK * np.sin(2 * np.pi * TONE * np.arange(5 * RATE) / RATE)
    kept = [p for n, p in enumerate(packets(wave.astype(np.int16), encoding)) if n % 7 != 3]
    declick = Declick(RATE)
    reads = [np.concatenate(kept[at : at + together]) for at in range(0, len(kept), together)]
    smooth = np.concatenate([declick.process(read) for read in reads])
    steepest = PEAK * 2 * np.pi * TONE / RATE
    steps, before = (np.abs(np.diff(x.astype(float))).max() for x in (smooth, np.concatenate(kept)))
    assert before > 3 * steepest
    assert steps < 1.6 * steepest
    assert np.abs(smooth).max() < 1.05 * PEAK
    assert len(smooth) == PACKET * len(kept)


def test_no_callers_voice_is_touched_where_nothing_is_lost():
    touched = count = 0
    for path in sorted(SAMPLES.glob("*/*.wav")):
        declick = Declick(RATE)
        for packet in packets(read_turn(path, RATE)):
            touched += not np.array_equal(declick.process(packet), packet)
            count += 1
    assert count > 9000
    assert touched <= 1
