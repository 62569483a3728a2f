"""What counts as heard after an answer was spoken over, with marks and without."""

import base64
import json

import pytest
from pipecat.frames.frames import Frame, InterruptionFrame, OutputAudioRawFrame
from pipecat.serializers.base_serializer import FrameSerializer

from server.channels.providers.exotel import Exotel
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
    """Genesys sends no marks back, so its sound plays in real time; with marks, they must come."""
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
