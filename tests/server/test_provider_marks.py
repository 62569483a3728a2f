"""What counts as heard after an answer was spoken over, with marks and without."""

import base64
import json

import pytest
from pipecat.frames.frames import (
    Frame,
    InputTransportMessageFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
)
from pipecat.serializers.base_serializer import FrameSerializer

from server.channels.providers.exotel import Exotel
from server.channels.providers.genesys import Genesys
from server.channels.providers.provider import Stream
from server.channels.providers.serializer import ProviderSerializer
from server.channels.providers.twilio import Twilio
from tests.server.test_serializer import Clock
from voice.playback import Playback

RATE = 8000


class NoMessages(FrameSerializer):
    async def serialize(self, _: Frame) -> str | bytes | None:
        return None

    async def deserialize(self, _: str | bytes) -> Frame | None:
        return None


@pytest.mark.parametrize(("mark", "heard"), [(None, 1.0), ({"event": "mark"}, 0.0)])
async def test_a_question_after_a_barge_in_counts_as_heard_by_what_the_wire_can_tell(mark, heard):
    """Without marks sound plays in real time; with them, they must come."""
    wire = ProviderSerializer(Twilio("secret"), Stream(NoMessages(), RATE, mark))
    playback = Playback(RATE)
    playback.sent(1, "Your balance is", 2 * RATE, 0.0)
    playback.cleared(1, 1.0)
    await wire.serialize(InterruptionFrame())
    while (report := wire.cleared()) is not None:
        playback.played(report.message.samples, report.message.clear, 1.1)
    playback.sent(2, "Shall I go ahead?", RATE, 2.0)
    playback.finished(2)
    assert playback.heard_fraction(2, 5.0) == heard


async def test_a_mark_that_comes_late_tells_what_the_provider_adds():
    clock = Clock()
    wire = ProviderSerializer(Twilio("secret"), Stream(NoMessages(), RATE, {}), clock)
    second = OutputAudioRawFrame(bytes(2 * 16000), sample_rate=16000, num_channels=1)
    for _ in range(2):
        await wire.serialize(second)
    told = json.loads(wire.mark(last=True) or "")
    clock.now += 2.0 + 0.12
    await wire.deserialize(json.dumps(told))
    assert wire.late == pytest.approx(0.12)
    clock.now += 1.0
    await wire.deserialize(json.dumps({**told, "mark": {"name": "0:16000"}}))
    assert wire.late == pytest.approx(0.12), "of the last mark alone it is known when it was due"


@pytest.mark.parametrize(("rate", "size"), [(8000, 3200), (16000, 3200), (24000, 4800)])
async def test_exotel_is_sent_whole_messages_and_a_mark_counts_what_has_gone_out(rate, size):
    """Its documentation: 3200 bytes and 0.1 s at least, in whole 320 bytes."""
    form = {"encoding": "raw/slin", "sample_rate": str(rate)}
    start = {"event": "start", "start": {"stream_sid": "s-1", "media_format": form}}
    provider = Exotel("secret")
    stream = provider.stream(json.dumps(start))
    assert stream is not None
    wire = ProviderSerializer(provider, stream)
    await wire.begin()
    piece = OutputAudioRawFrame(bytes(2 * 320), sample_rate=16000, num_channels=1)
    sizes, gone, marked = [], 0, []
    for _ in range(50):
        if data := await wire.serialize(piece):
            sizes.append(len(base64.b64decode(json.loads(data)["media"]["payload"])))
            gone += sizes[-1] // 2
        if mark := wire.mark():
            marked.append((int(json.loads(mark)["mark"]["name"].partition(":")[2]), gone))
    assert len(sizes) > 3
    assert set(sizes) == {size}
    assert max(told / 16000 - sent / rate for told, sent in marked) < 0.005, "the filter's delay"


async def genesys(clock: Clock) -> ProviderSerializer:
    media = [{"type": "audio", "format": "PCMU", "channels": ["external"], "rate": RATE}]
    told = {"type": "open", "id": "s-1", "seq": 1, "parameters": {"media": media}}
    provider = Genesys("key:c2VjcmV0")
    stream = provider.stream(json.dumps(told))
    assert stream is not None
    wire = ProviderSerializer(provider, stream, clock)
    await wire.begin()
    return wire


async def test_genesys_tells_when_an_answer_has_been_heard():
    """Its playback began 0.5 s late: until it tells the end, the question is not heard out."""
    clock, playback = Clock(), Playback(16000)
    wire, began = await genesys(clock), clock.now
    second = OutputAudioRawFrame(bytes(2 * 16000), sample_rate=16000, num_channels=1)
    for sentence in (1, 2):
        await wire.serialize(second)
        playback.sent(sentence, "Shall I go ahead?", 16000, clock.now)
        playback.finished(sentence)
        await wire.rest()
        clock.now += 1.2
        assert playback.heard_fraction(sentence, clock.now) == (1.0 if sentence == 1 else 0.0)
        clock.now += 0.3
        report = await wire.deserialize(json.dumps({"type": "playback_completed", "seq": 2}))
        assert isinstance(report, InputTransportMessageFrame)
        playback.played(report.message.samples, report.message.clear, clock.now)
        assert playback.fully_heard(sentence, clock.now), clock.now - began


async def test_an_end_that_genesys_tells_late_does_not_count_for_what_was_sent_since():
    clock = Clock()
    wire = await genesys(clock)
    second = OutputAudioRawFrame(bytes(2 * 16000), sample_rate=16000, num_channels=1)
    completed = json.dumps({"type": "playback_completed", "seq": 2})
    await wire.serialize(second)
    await wire.rest()
    clock.now += 1.1
    assert (await wire.deserialize(completed)).message.samples == pytest.approx(16000, abs=100)
    await wire.serialize(second)
    await wire.rest()
    clock.now += 0.4
    await wire.serialize(InterruptionFrame())
    cut = wire.cleared()
    assert cut is not None
    assert cut.message.samples == pytest.approx(1.4 * 16000, abs=100), "heard until it was cut"
    await wire.serialize(second)
    await wire.rest()
    clock.now += 0.1
    late = await wire.deserialize(completed)
    assert late.message.samples <= 1.5 * 16000 + 100
