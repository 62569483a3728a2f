import numpy as np
import pytest

from voice.errors import AudioFormatError
from voice.resampling import Resampler, resample

RATES = [(8000, 16000), (16000, 8000), (22050, 8000), (22050, 16000), (24000, 16000)]


def noise(samples, seed=1):
    return np.random.default_rng(seed).normal(0, 9000, samples).clip(-32768, 32767).astype(np.int16)


def tone(hertz, rate, seconds=1.0):
    time = np.arange(int(rate * seconds)) / rate
    return (8000 * np.sin(2 * np.pi * hertz * time)).astype(np.int16)


def decibels(after, before):
    middle = [audio[len(audio) // 4 : -len(audio) // 4].astype(float) for audio in (after, before)]
    return 10 * np.log10(np.mean(middle[0] ** 2) / np.mean(middle[1] ** 2))


@pytest.mark.parametrize(("in_rate", "out_rate"), RATES)
def test_chunks_of_any_length_give_the_same_samples_as_the_whole(in_rate, out_rate):
    audio = noise(in_rate)
    lengths = np.random.default_rng(2).integers(0, 700, 400)
    stream = Resampler(in_rate, out_rate)
    chunks = [stream.process(part) for part in np.split(audio, np.cumsum(lengths))]
    chunks.append(stream.process(audio[:0], last=True))
    whole = Resampler(in_rate, out_rate).process(audio, last=True)
    assert np.array_equal(np.concatenate(chunks), whole)
    assert len(whole) == -(-len(audio) * out_rate // in_rate)


@pytest.mark.parametrize(("in_rate", "out_rate"), RATES)
def test_the_stream_runs_no_further_behind_than_it_says(in_rate, out_rate):
    stream = Resampler(in_rate, out_rate)
    packet = in_rate // 50
    given = 0
    for taken in range(packet, in_rate, packet):
        given += len(stream.process(noise(packet)))
        assert 1000 * (taken / in_rate - given / out_rate) <= stream.delay_ms + 0.1
    assert stream.delay_ms < 3.1


@pytest.mark.parametrize(("in_rate", "out_rate"), RATES)
def test_the_first_sample_stays_the_first(in_rate, out_rate):
    click = np.zeros(in_rate // 10, dtype=np.int16)
    click[0] = 20000
    assert np.argmax(np.abs(Resampler(in_rate, out_rate).process(click, last=True))) == 0


def test_the_telephone_band_passes_and_what_would_alias_does_not():
    speech, alias = tone(3400, 16000), tone(4600, 16000)
    assert decibels(Resampler(16000, 8000).process(speech, last=True), speech) > -0.5
    assert decibels(Resampler(16000, 8000).process(alias, last=True), alias) < -55


def test_up_and_down_again_is_the_same_speech():
    audio = tone(1000, 8000)
    back = Resampler(16000, 8000).process(Resampler(8000, 16000).process(audio, True), True)
    assert np.max(np.abs(back[200:-200].astype(int) - audio[200:-200])) <= 20


def test_full_scale_is_clipped_and_does_not_wrap_around():
    square = np.where(np.arange(800) // 8 % 2, 32767, -32768).astype(np.int16)
    up = Resampler(8000, 16000).process(square, last=True)
    settled = up[2 * np.arange(32, 700)]
    assert np.all(np.sign(settled) == np.sign(square[32:700]))


def test_a_resampler_is_ready_for_a_new_stream_after_the_last_chunk():
    stream = Resampler(8000, 16000)
    audio = noise(900)
    assert np.array_equal(stream.process(audio, last=True), stream.process(audio, last=True))


def test_an_empty_stream_gives_nothing():
    empty = np.zeros(0, dtype=np.int16)
    assert len(Resampler(8000, 16000).process(empty, last=True)) == 0
    assert len(resample(empty, 8000, 16000)) == 0


def test_equal_rates_change_nothing():
    audio = noise(333)
    assert np.array_equal(Resampler(16000, 16000).process(audio), audio)
    assert np.array_equal(resample(audio, 8000, 8000), audio)


def test_a_whole_recording_keeps_its_length_in_time():
    audio = tone(440, 44100)
    assert abs(len(resample(audio, 44100, 16000)) - 16000) <= 1


def test_an_impossible_rate_is_refused():
    with pytest.raises(AudioFormatError, match="0 Hz"):
        Resampler(0, 16000)
