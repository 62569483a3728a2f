"""Sound in place of lost packets: no hole, no pop, and silence once too much is lost."""

import numpy as np
import pytest

from voice.concealment import Concealment

TONE, PEAK, PACKET = 210, 8000, 0.02


def mended(rate: int, lost: set[int], packets: int = 200) -> np.ndarray:
    """A tone of which these packets are lost."""
    size = int(PACKET * rate)
    sound = PEAK * np.sin(2 * np.pi * TONE * np.arange(packets * size) / rate)
    stream, missing, out = Concealment(rate), 0, []
    for number, packet in enumerate(sound.astype(np.int16).reshape(packets, size)):
        if number in lost:
            missing += size
            continue
        out.append(stream.process(packet, missing))
        missing = 0
    return np.concatenate(out).astype(float)


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_a_tone_goes_on_where_packets_are_lost(rate):
    lost = set(np.random.default_rng(7).choice(np.arange(10, 199), 12, replace=False).tolist())
    sound = mended(rate, lost - {n + 1 for n in lost})
    assert len(sound) == 4 * rate
    levels = np.sqrt((sound.reshape(-1, rate // 10) ** 2).mean(axis=1)) * np.sqrt(2) / PEAK
    assert np.abs(20 * np.log10(levels)).max() < 0.5
    assert np.abs(np.diff(sound)).max() < 1.5 * PEAK * 2 * np.pi * TONE / rate


def test_a_long_loss_fades_to_silence_and_back_without_a_step():
    rate = 16000
    sound = mended(rate, {50, 51, 52, 53})
    assert not sound[53 * 320 : 54 * 320].any()
    assert np.abs(np.diff(sound)).max() < 1.5 * PEAK * 2 * np.pi * TONE / rate


def test_what_is_lost_at_the_beginning_is_silence():
    sound = Concealment(8000).process(np.full(160, 900, np.int16), lost=160)
    assert len(sound) == 320
    assert not sound[:160].any()
    assert np.abs(np.diff(sound.astype(float))).max() < 50
