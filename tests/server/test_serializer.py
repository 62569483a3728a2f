"""Our wire to frames and back: nothing that a client sends raises, and codecs keep the sound."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipecat.frames.frames import (
    InputAudioRawFrame,
    InputDTMFFrame,
    InputTransportMessageFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
    OutputTransportMessageFrame,
)

from server.channels.serializer import MISTAKES, CallSerializer
from server.protocol import Hangup, Hello, Played, ProtocolError
from voice.codecs import encode


def serializer(encoding: str = "pcm16", rate: int = 16000) -> CallSerializer:
    hello = Hello.model_validate(
        {"type": "hello", "version": 1, "sample_rate": rate, "encoding": encoding}
    )
    return CallSerializer(hello, clock=Clock())


class Clock:
    """Stands still unless told."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def tone(rate: int, seconds: float) -> np.ndarray:
    return (8000 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)).astype(np.int16)


@pytest.mark.parametrize("encoding", ["pcm16", "ulaw", "alaw"])
@pytest.mark.parametrize("rate", [8000, 16000])
async def test_audio_comes_in_at_16_khz_whatever_the_wire(encoding, rate):
    wire, heard = serializer(encoding, rate), []
    sent = tone(rate, 1.0)
    for start in range(0, len(sent), rate // 50):
        frame = await wire.deserialize(encode(sent[start : start + rate // 50], encoding))
        if frame is not None:
            assert isinstance(frame, InputAudioRawFrame)
            heard.append(np.frombuffer(frame.audio, np.int16))
    samples = np.concatenate(heard)[1600:-1600].astype(float)
    assert len(samples) > 12000
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert np.argmax(spectrum) * 16000 / len(samples) == pytest.approx(440, abs=2)


async def test_audio_goes_out_in_the_wires_codec_and_rate():
    wire = serializer("ulaw", 8000)
    data = b""
    for chunk in tone(16000, 1.0).reshape(50, 320):
        frame = OutputAudioRawFrame(audio=chunk.tobytes(), sample_rate=16000, num_channels=1)
        data += await wire.serialize(frame)
    assert len(data) == pytest.approx(8000, abs=80)


async def test_an_interruption_clears_what_the_client_has_buffered():
    wire = serializer()
    clears = [json.loads(await wire.serialize(InterruptionFrame())) for _ in range(2)]
    assert clears == [{"type": "clear", "id": 1}, {"type": "clear", "id": 2}]


async def test_sample_positions_are_counted_at_the_wires_rate():
    wire = serializer("pcm16", 8000)
    event = {"type": "turn_ended", "turn": 1, "voice_end": 32000}
    sent = json.loads(await wire.serialize(OutputTransportMessageFrame(message=event)))
    assert sent["voice_end"] == 16000
    frame = await wire.deserialize('{"type": "played", "samples": 8000}')
    assert frame.message == Played(type="played", samples=16000)


async def test_keys_and_hangup_become_frames():
    wire = serializer()
    key = await wire.deserialize('{"type": "dtmf", "digit": "#"}')
    assert isinstance(key, InputDTMFFrame)
    assert key.button.value == "#"
    bye = await wire.deserialize('{"type": "hangup"}')
    assert bye.message == Hangup(type="hangup")


async def test_a_caller_who_runs_ahead_of_real_time_is_stopped():
    wire = serializer()
    second = [bytes(6400)] * 5
    errors = [await wire.deserialize(data) for data in second * 3]
    fatal = [f.message for f in errors if isinstance(f, InputTransportMessageFrame)]
    assert fatal
    assert all(e.code == "too_fast" and e.fatal for e in fatal)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x00\x01\x02", "bad_audio"),
        (bytes(32000), "bad_audio"),
        ("not json", "bad_message"),
        ("[]", "bad_message"),
        ('{"type": "teleport"}', "bad_message"),
        ('{"type": "dtmf", "digit": "55"}', "bad_message"),
        ('{"type": "dtmf"}', "bad_message"),
        ('{"type": "played", "samples": -1}', "bad_message"),
        ('{"type": "played", "samples": "many"}', "bad_message"),
        ('{"type": "hello", "version": 1}', "bad_message"),
    ],
)
async def test_a_broken_message_becomes_an_error_that_is_not_fatal(data, code):
    frame = await serializer().deserialize(data)
    assert isinstance(frame.message, ProtocolError)
    assert (frame.message.code, frame.message.fatal) == (code, False)


async def test_many_broken_messages_end_the_call():
    wire = serializer()
    frames = [await wire.deserialize("junk") for _ in range(MISTAKES)]
    assert [frame.message.fatal for frame in frames] == [False] * (MISTAKES - 1) + [True]


@given(data=st.one_of(st.binary(max_size=2000), st.text(max_size=200)))
async def test_nothing_that_a_client_sends_raises(data):
    for encoding in ("pcm16", "ulaw"):
        await serializer(encoding, 8000).deserialize(data)


async def test_an_error_never_repeats_a_secret():
    frame = await serializer().deserialize('{"type": "dtmf", "digit": "4821"}')
    assert "4821" not in str(frame.message)
