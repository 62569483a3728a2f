"""The caller against a scripted server: real sockets, real time."""

import asyncio

import numpy as np
import pytest
from scripted_server import Script, scripted, tone

from server.caller import CallerTurn, place_call
from server.client.connection import CallError
from server.recording import sounds

RATE = 16000


def say(seconds: float = 0.2, rate: int = RATE, **more) -> CallerTurn:
    return CallerTurn(samples=tone(seconds, rate, 300.0), label="tone", **more)


async def test_the_latency_at_the_ear_is_the_delay_of_the_server():
    wires = [(16000, "pcm16", 0.7), (8000, "ulaw", 0.5), (8000, "alaw", 0.4)]

    async def latencies(rate, encoding, delay):
        async with scripted(Script(delay=delay)) as (url, _):
            log = await place_call(url, [say(rate=rate)] * 2, sample_rate=rate, encoding=encoding)
        assert [turn.n for turn in log.turns] == [0, 1, 2]
        assert log.turns[0].response_latency_ms is None
        assert log.ended == "hangup"
        return [turn.response_latency_ms for turn in log.turns[1:]]

    measured = await asyncio.gather(*(latencies(*wire) for wire in wires))
    for (_, _, delay), felt in zip(wires, measured, strict=True):
        assert felt == pytest.approx([delay * 1000] * 2, abs=30)


async def test_the_parts_of_the_server_and_the_wire_add_up_to_the_latency():
    async with scripted(Script()) as (url, _):
        log = await place_call(url, [say()])
    parts = log.turns[1].parts_with_wire
    assert list(parts) == ["endpointing", "wire"]
    assert parts["endpointing"] == 300.0
    assert sum(parts.values()) == pytest.approx(log.turns[1].response_latency_ms, abs=0.2)


async def test_the_microphone_never_closes_and_keeps_real_time():
    async with scripted(Script()) as (url, seen):
        log = await place_call(url, [say()])
    assert {len(frame) for frame in seen.received} == {320}
    took = seen.arrivals[-1] - seen.arrivals[0]
    assert len(seen.arrivals) * 0.02 == pytest.approx(took, abs=0.1)
    heard = np.concatenate(seen.received)
    assert np.array_equal(heard, log.stereo[: len(heard), 0])


async def test_everything_received_is_played_and_reported_every_200_ms():
    async with scripted(Script(answers=(0.9,))) as (url, seen):
        log = await place_call(url, [say()])
    assert seen.played[-1] == (seen.sent_samples, 0)
    counts = [samples for samples, _ in seen.played]
    assert counts == sorted(counts)
    assert max(np.diff(counts)) <= 0.26 * RATE
    assert len(sounds(log.stereo[:, 1])) > 0.9 * seen.sent_samples


async def test_speaking_over_an_answer_drops_what_was_not_played():
    async with scripted(Script(answers=(2.0, 0.2))) as (url, seen):
        log = await place_call(url, [say(), say(0.6, barge_in=0.5)])
    first, second = log.turns[1:]
    began = second.span.began
    sounded = first.span.answer_from
    assert (began - sounded) / RATE == pytest.approx(0.5, abs=0.06)
    clear = next(event for event in log.events if event.message["type"] == "clear")
    answered_clear = next(samples for samples, clear_id in seen.played if clear_id == 1)
    played_of_answer = answered_clear - 0.1 * RATE
    assert played_of_answer == pytest.approx(clear.at * RATE - sounded, abs=0.03 * RATE)
    assert seen.played[-1][0] < seen.sent_samples
    assert not len(sounds(log.stereo[int((clear.at + 0.01) * RATE) : second.span.answer_from, 1]))
    assert second.yield_ms == pytest.approx((clear.at - began / RATE) * 1000, abs=30)
    assert second.heard == "turn 2"
    assert second.said == ("answer 2",)
    assert log.ended == "hangup"


async def test_keys_are_pressed_100_ms_apart_and_answered():
    async with scripted(Script()) as (url, seen):
        log = await place_call(url, [CallerTurn(keys="4821#")])
    assert "".join(key for _, key in seen.keys) == "4821#"
    gaps = np.diff([at for at, _ in seen.keys])
    assert gaps == pytest.approx([0.1] * 4, abs=0.045)
    assert log.turns[1].heard is None
    assert log.turns[1].said == ("answer 1",)
    assert log.turns[1].response_latency_ms == pytest.approx(400, abs=60)


async def test_the_goodbye_of_the_server_ends_the_call_after_it_was_played():
    async with scripted(Script(goodbye_after=1)) as (url, seen):
        log = await place_call(url, [say(), say()])
    assert log.ended == "goodbye"
    assert len(log.turns) == 2
    assert seen.played[-1][0] == seen.sent_samples
    assert not seen.hung_up


async def test_how_the_call_ended_is_told():
    async def ended(stop):
        async with scripted(Script(stop=stop)) as (url, _):
            return (await place_call(url, [say(), say()])).ended

    ends = await asyncio.gather(*map(ended, ["transfer", "silence", "shutdown", "drop"]))
    assert ends == ["transfer", "silence", "error", "lost"]


async def test_a_turn_without_an_answer_is_a_timeout_not_a_hang():
    async with scripted(Script(deaf=True)) as (url, seen):
        log = await place_call(url, [say()], turn_timeout=0.8)
    assert log.ended == "timeout"
    assert not log.turns[1].answered
    assert seen.hung_up


async def test_a_caller_who_hangs_up_does_not_wait_for_the_answer():
    async with scripted(Script(delay=2.0)) as (url, seen):
        log = await place_call(url, [say(hang_up=True), say()])
    assert log.ended == "hangup"
    assert len(log.turns) == 2
    assert seen.hung_up
    assert log.turns[1].response_latency_ms is None


async def test_silence_lasts_as_long_as_it_says():
    async with scripted(Script()) as (url, _):
        log = await place_call(url, [CallerTurn(silence=1.0), say()])
    span = log.turns[1].span
    assert (log.turns[2].span.began - span.until) / RATE < 0.8
    assert (span.until - log.turns[0].span.answer_from) / RATE > 1.0 + 0.3
    assert log.turns[1].response_latency_ms is None


async def test_the_hello_says_what_the_protocol_asks():
    async with scripted(Script()) as (url, seen):
        await place_call(url, [say(hang_up=True)], caller_id="+15550100", token="t0ken")
    assert seen.hello == {
        "type": "hello",
        "version": 1,
        "sample_rate": 16000,
        "encoding": "pcm16",
        "language": "en",
        "caller_id": "+15550100",
        "token": "t0ken",
        "diagnostics": True,
    }


async def test_a_full_server_is_one_line():
    async with scripted(Script(refuse="busy")) as (url, _):
        with pytest.raises(CallError, match="busy: all lines are taken"):
            await place_call(url, [say()])


async def test_nobody_at_the_url_is_one_line():
    with pytest.raises(CallError, match="no call") as caught:
        await place_call("ws://127.0.0.1:9/v1/call", [say()])
    assert "\n" not in str(caught.value)


async def test_turns_are_told_as_they_happen_and_in_order():
    told: list[tuple[int, int]] = []
    events: list[dict] = []
    async with scripted(Script()) as (url, _):
        await place_call(
            url,
            [say(), say()],
            on_event=events.append,
            on_turn=lambda turn: told.append((turn.n, len(events))),
        )
    assert [n for n, _ in told] == [0, 1, 2]
    assert told[1][1] < told[2][1]
