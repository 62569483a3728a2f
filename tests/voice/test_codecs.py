import audioop

import numpy as np
import pytest

from voice.codecs import decode, encode
from voice.errors import AudioFormatError

EVERY_SAMPLE = np.arange(-32768, 32768, dtype=np.int16)
EVERY_BYTE = bytes(range(256))
ENCODER = {"ulaw": audioop.lin2ulaw, "alaw": audioop.lin2alaw}
DECODER = {"ulaw": audioop.ulaw2lin, "alaw": audioop.alaw2lin}


@pytest.mark.parametrize("law", ["ulaw", "alaw"])
def test_every_sample_encodes_as_the_reference_does(law):
    assert encode(EVERY_SAMPLE, law) == ENCODER[law](EVERY_SAMPLE.tobytes(), 2)


@pytest.mark.parametrize("law", ["ulaw", "alaw"])
def test_every_byte_decodes_as_the_reference_does(law):
    assert decode(EVERY_BYTE, law).tobytes() == DECODER[law](EVERY_BYTE, 2)


@pytest.mark.parametrize("law", ["ulaw", "alaw"])
def test_a_second_trip_through_a_law_changes_nothing(law):
    once = decode(encode(EVERY_SAMPLE, law), law)
    assert np.array_equal(decode(encode(once, law), law), once)


def test_pcm16_is_little_endian_and_comes_back_exact():
    assert encode(np.array([1, -2], dtype=np.int16), "pcm16") == b"\x01\x00\xfe\xff"
    assert np.array_equal(decode(encode(EVERY_SAMPLE, "pcm16"), "pcm16"), EVERY_SAMPLE)


def test_pcm16_of_odd_length_is_refused():
    with pytest.raises(AudioFormatError, match="two bytes a sample"):
        decode(b"\x00\x01\x02", "pcm16")


def test_an_unknown_encoding_is_refused_with_the_known_ones():
    with pytest.raises(AudioFormatError, match="pcm16, ulaw or alaw"):
        encode(EVERY_SAMPLE, "opus")
    with pytest.raises(AudioFormatError, match="pcm16, ulaw or alaw"):
        decode(b"\x00", "opus")


def test_encoded_samples_of_a_slice_with_gaps_are_right():
    gaps = EVERY_SAMPLE[::7]
    assert encode(gaps, "alaw") == ENCODER["alaw"](np.ascontiguousarray(gaps).tobytes(), 2)


def test_no_audio_is_no_audio():
    for encoding in ("pcm16", "ulaw", "alaw"):
        assert encode(np.zeros(0, dtype=np.int16), encoding) == b""
        assert len(decode(b"", encoding)) == 0
