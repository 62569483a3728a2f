import struct

import numpy as np
import pytest
import soundfile

from voice.errors import AudioFormatError
from voice.pcm import (
    SILENCE_DBOV,
    level_dbov,
    mix_at_snr,
    read_wav,
    to_float,
    to_int16,
    write_wav,
)


def tone(rate=16000, seconds=0.5, height=0.5):
    time = np.arange(int(rate * seconds)) / rate
    return height * np.sin(2 * np.pi * 440 * time)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize(
    ("subtype", "steps"),
    [("PCM_16", 1), ("PCM_24", 1), ("PCM_32", 1), ("FLOAT", 1), ("DOUBLE", 1), ("PCM_U8", 256)],
)
def test_every_rate_and_width_is_read(tmp_path, rate, subtype, steps):
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(rate), rate, subtype=subtype)
    samples, got_rate = read_wav(path)
    assert got_rate == rate
    assert samples.dtype == np.int16
    assert np.max(np.abs(samples - tone(rate) * 32768)) <= steps + 1


@pytest.mark.parametrize("subtype", ["ULAW", "ALAW"])
def test_g711_in_wav_is_read(tmp_path, subtype):
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(8000), 8000, subtype=subtype)
    samples, rate = read_wav(path)
    assert rate == 8000
    assert np.max(np.abs(samples / 32768 - tone(8000))) < 0.02


def test_stereo_is_averaged_or_a_channel_is_picked(tmp_path):
    path = tmp_path / "stereo.wav"
    write_wav(path, np.array([[100, 300], [-5, 5]], dtype=np.int16), 8000)
    assert read_wav(path)[0].tolist() == [200, 0]
    assert read_wav(path, channel=1)[0].tolist() == [300, 5]
    with pytest.raises(AudioFormatError, match="no channel 2"):
        read_wav(path, channel=2)


def test_what_is_written_is_read_back_exactly(tmp_path):
    samples = np.array([0, 1, -1, 32767, -32768], dtype=np.int16)
    write_wav(tmp_path / "exact.wav", samples, 16000)
    assert np.array_equal(read_wav(tmp_path / "exact.wav")[0], samples)


def test_float_beyond_full_scale_is_clipped(tmp_path):
    soundfile.write(tmp_path / "hot.wav", tone(height=4.0), 16000, subtype="FLOAT")
    samples, _ = read_wav(tmp_path / "hot.wav")
    assert (samples.min(), samples.max()) == (-32768, 32767)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(AudioFormatError, match=r"missing\.wav: cannot be read"):
        read_wav(tmp_path / "missing.wav")


def test_an_empty_file_is_refused(tmp_path):
    path = tmp_path / "empty.wav"
    path.touch()
    with pytest.raises(AudioFormatError, match="the file is empty"):
        read_wav(path)


def test_a_wav_without_samples_is_refused(tmp_path):
    write_wav(tmp_path / "none.wav", np.zeros(0, dtype=np.int16), 16000)
    with pytest.raises(AudioFormatError, match="holds no samples"):
        read_wav(tmp_path / "none.wav")


@pytest.mark.parametrize("data", [b"hello, bank", b"\x7fELF" + bytes(90), b"ID3\x04" + bytes(90)])
def test_a_file_that_is_no_wav_is_refused_with_a_cure(tmp_path, data):
    path = tmp_path / "note.wav"
    path.write_bytes(data)
    with pytest.raises(AudioFormatError, match="not a WAV file; convert it with: ffmpeg"):
        read_wav(path)


def test_a_riff_header_over_rubbish_is_refused(tmp_path):
    path = tmp_path / "rubbish.wav"
    path.write_bytes(b"RIFF" + bytes(4) + b"WAVEdata" + struct.pack("<I", 8) + bytes(8))
    with pytest.raises(AudioFormatError, match="not a readable WAV"):
        read_wav(path)


@pytest.mark.parametrize("length", [40, 44, 46, 9000])
def test_a_file_cut_short_is_refused(tmp_path, length):
    path = tmp_path / "whole.wav"
    write_wav(path, to_int16(tone()), 16000)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(AudioFormatError, match="cut short"):
        read_wav(path)


def test_a_stream_saved_with_unknown_length_is_read(tmp_path):
    path = tmp_path / "piped.wav"
    write_wav(path, to_int16(tone()), 16000)
    data = bytearray(path.read_bytes())
    data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert np.array_equal(read_wav(path)[0], to_int16(tone()))


def test_a_rate_that_no_telephone_has_is_refused(tmp_path):
    write_wav(tmp_path / "odd.wav", to_int16(tone()), 7350)
    with pytest.raises(AudioFormatError, match="7350 Hz is not taken"):
        read_wav(tmp_path / "odd.wav")


def test_ten_minutes_are_read(tmp_path):
    path = tmp_path / "long.wav"
    write_wav(path, np.tile(to_int16(tone(8000, 1.0)), 600), 8000)
    assert len(read_wav(path)[0]) == 600 * 8000


def test_only_int16_mono_or_stereo_is_written(tmp_path):
    with pytest.raises(AudioFormatError, match="give int16"):
        write_wav(tmp_path / "float.wav", tone(), 16000)
    with pytest.raises(AudioFormatError, match="give int16"):
        write_wav(tmp_path / "three.wav", np.zeros((9, 3), dtype=np.int16), 16000)


def test_int16_survives_float_and_back():
    every = np.arange(-32768, 32768, dtype=np.int16)
    assert np.array_equal(to_int16(to_float(every)), every)


def test_levels_are_those_of_itu_t():
    assert level_dbov(to_int16(tone(height=1.0))) == pytest.approx(-3.01, abs=0.02)
    assert level_dbov(np.full(100, -32768, dtype=np.int16)) == 0.0
    assert level_dbov(np.zeros(100, dtype=np.int16)) == SILENCE_DBOV
    assert level_dbov(np.zeros(0, dtype=np.int16)) == SILENCE_DBOV


@pytest.mark.parametrize("snr", [-5.0, 0.0, 20.0])
def test_noise_is_mixed_at_the_ratio_asked_for(snr):
    speech = to_int16(tone(seconds=1.0, height=0.1))
    noise = np.random.default_rng(1).normal(0, 500, 5000).astype(np.int16)
    mixed = mix_at_snr(speech, noise, snr)
    rest = mixed - speech.astype(int)
    ratio = 10 * np.log10(np.mean(speech.astype(float) ** 2) / np.mean(rest.astype(float) ** 2))
    assert ratio == pytest.approx(snr, abs=0.3)


def test_a_pause_in_the_speech_does_not_make_the_noise_quieter():
    speech = to_int16(tone(seconds=1.0, height=0.1))
    paused = np.concatenate((speech, np.zeros_like(speech)))
    noise = np.random.default_rng(1).normal(0, 500, len(paused)).astype(np.int16)
    assert level_dbov(mix_at_snr(paused, noise, 10)[16000:]) == pytest.approx(
        level_dbov(speech) - 10, abs=0.3
    )


def test_a_loud_mix_is_turned_down_and_not_clipped():
    noise = np.random.default_rng(1).normal(0, 3000, 16000).astype(np.int16)
    mixed = mix_at_snr(to_int16(tone(seconds=1.0, height=0.99)), noise, 0)
    assert np.count_nonzero(np.abs(mixed.astype(int)) >= 32767) <= 1


def test_silent_noise_cannot_be_mixed_in():
    with pytest.raises(AudioFormatError, match="empty or silent"):
        mix_at_snr(to_int16(tone()), np.zeros(100, dtype=np.int16), 10)
