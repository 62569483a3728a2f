"""The caller against a scripted server: real sockets, real time.

All calls are placed side by side, once; each test looks at one of them. This machine may be
busy: a latency is compared with what the server really took, and with how late the microphone was.
"""

import asyncio
from dataclasses import dataclass

import numpy as np
import pytest
from scripted_server import Script, Seen, scripted, tone

from server.caller import CallerTurn, CallLog, place_call
from server.client.connection import CallError
from server.recording import sounds

RATE = 16000


def say(seconds: float = 0.2, rate: int = RATE, **more) -> CallerTurn:
    return CallerTurn(samples=tone(seconds, rate, 300.0), label="tone", **more)


@dataclass(frozen=True)
class Placed:
    log: CallLog
    seen: Seen


async def placed(script: Script, turns: list[CallerTurn], **more) -> Placed:
    async with scripted(script) as (url, seen):
        return Placed(await place_call(url, turns, **more), seen)


TOLD: list[tuple[int, int]] = []
EVENTS: list[dict] = []
WIRES = {"wide": (16000, "pcm16", 0.7), "ulaw": (8000, "ulaw", 0.5), "alaw": (8000, "alaw", 0.4)}


def on_wire(name: str):
    rate, encoding, delay = WIRES[name]
    turns = [say(rate=rate)] * 2
    return placed(Script(delay=delay), turns, sample_rate=rate, encoding=encoding)


async def all_at_once() -> dict[str, Placed]:
    waiting = {
        **{name: on_wire(name) for name in WIRES},
        "long answer": placed(Script(answers=(0.9,)), [say()]),
        "barge-in": placed(Script(answers=(2.0, 0.2)), [say(), say(0.6, barge_in=0.5)]),
        "keys": placed(Script(), [CallerTurn(keys="4821#")]),
        "silence": placed(Script(), [CallerTurn(silence=1.0), say()]),
        "deaf": placed(Script(deaf=True), [say()], turn_timeout=0.8),
        "hang-up": placed(
            Script(delay=2.0),
            [say(hang_up=True), say()],
            caller_id="+15550100",
            token="t0ken",
        ),
        "goodbye": placed(
            Script(goodbye_after=2),
            [say()] * 3,
            on_event=EVENTS.append,
            on_turn=lambda turn: TOLD.append((turn.n, len(EVENTS))),
        ),
        **{
            stop: placed(Script(stop=stop), [say(), say()])
            for stop in ("transfer", "silence-end", "shutdown", "drop")
        },
    }
    return dict(zip(waiting, await asyncio.gather(*waiting.values()), strict=True))


@pytest.fixture(scope="module")
def calls() -> dict[str, Placed]:
    return asyncio.run(all_at_once())


@pytest.mark.parametrize("wire", WIRES)
def test_the_latency_at_the_ear_is_the_delay_of_the_server(calls, wire):
    log, seen = calls[wire].log, calls[wire].seen
    felt = [turn.response_latency_ms for turn in log.turns]
    assert felt[0] is None
    assert min(felt[1:]) >= WIRES[wire][2] * 1000 - 1
    really = [1000 * delay for delay in seen.delays]
    assert felt[1:] == pytest.approx(really, abs=30 + 1000 * log.worst_lateness)


def test_the_microphone_never_closes_and_keeps_real_time(calls):
    log, seen = calls["long answer"].log, calls["long answer"].seen
    assert {len(frame) for frame in seen.received} == {320}
    took = seen.arrivals[-1] - seen.arrivals[0]
    assert len(seen.arrivals) * 0.02 == pytest.approx(took, abs=0.1 + log.worst_lateness)
    heard = np.concatenate(seen.received)
    assert np.array_equal(heard, log.stereo[: len(heard), 0])


def test_everything_received_is_played_and_reported_every_200_ms(calls):
    log, seen = calls["long answer"].log, calls["long answer"].seen
    assert seen.played[-1] == (seen.sent_samples, 0)
    counts = [samples for samples, _ in seen.played]
    assert counts == sorted(counts)
    assert np.median(np.diff(counts)) <= 0.24 * RATE
    assert len(sounds(log.stereo[:, 1])) > 0.9 * seen.sent_samples


def test_speaking_over_an_answer_drops_what_was_not_played(calls):
    log, seen = calls["barge-in"].log, calls["barge-in"].seen
    first, second = log.turns[1:]
    began, sounded = second.span.began, first.span.answer_from
    assert 0.47 <= (began - sounded) / RATE <= 0.56 + log.worst_lateness
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


def test_keys_are_pressed_100_ms_apart_and_answered(calls):
    log, seen = calls["keys"].log, calls["keys"].seen
    assert "".join(key for _, key in seen.keys) == "4821#"
    assert np.median(np.diff([at for at, _ in seen.keys])) == pytest.approx(0.11, abs=0.03)
    turn = log.turns[1]
    assert turn.heard is None
    assert turn.said == ("answer 1",)
    late = 1000 * log.worst_lateness
    assert turn.response_latency_ms == pytest.approx(1000 * seen.delays[0], abs=30 + late)


def test_silence_lasts_as_long_as_it_says(calls):
    log = calls["silence"].log
    greeting, silence, spoken = log.turns
    assert silence.span.until - greeting.span.answer_from >= 1.3 * RATE
    assert 0.3 * RATE <= spoken.span.began - silence.span.until <= (0.7 + log.worst_lateness) * RATE
    assert silence.response_latency_ms is None


def test_the_goodbye_of_the_server_ends_the_call_after_it_was_played(calls):
    log, seen = calls["goodbye"].log, calls["goodbye"].seen
    assert log.ended == "goodbye"
    assert len(log.turns) == 3
    assert seen.played[-1][0] == seen.sent_samples
    assert not seen.hung_up


def test_turns_are_told_as_they_happen_and_in_order(calls):
    assert [n for n, _ in TOLD] == [turn.n for turn in calls["goodbye"].log.turns] == [0, 1, 2]
    assert TOLD[0][1] < TOLD[1][1] < TOLD[2][1]
    assert [event.message for event in calls["goodbye"].log.events] == EVENTS


@pytest.mark.parametrize(
    ("call", "ended"),
    [
        ("wide", "hangup"),
        ("transfer", "transfer"),
        ("silence-end", "silence"),
        ("shutdown", "error"),
        ("drop", "lost"),
    ],
)
def test_how_the_call_ended_is_told(calls, call, ended):
    assert calls[call].log.ended == ended


def test_a_turn_without_an_answer_is_a_timeout_not_a_hang(calls):
    log, seen = calls["deaf"].log, calls["deaf"].seen
    assert log.ended == "timeout"
    assert not log.turns[1].answered
    assert seen.hung_up


def test_a_caller_who_hangs_up_does_not_wait_for_the_answer(calls):
    log, seen = calls["hang-up"].log, calls["hang-up"].seen
    assert log.ended == "hangup"
    assert len(log.turns) == 2
    assert seen.hung_up
    assert log.turns[1].response_latency_ms is None


def test_the_hello_says_what_the_protocol_asks(calls):
    assert calls["hang-up"].seen.hello == {
        "type": "hello",
        "version": 1,
        "sample_rate": 16000,
        "encoding": "pcm16",
        "language": "en",
        "caller_id": "+15550100",
        "token": "t0ken",
        "diagnostics": True,
        "ducks": True,
    }


async def test_a_full_server_is_one_line():
    with pytest.raises(CallError, match="busy: all lines are taken"):
        await placed(Script(refuse="busy"), [say()])


async def test_nobody_at_the_url_is_one_line():
    with pytest.raises(CallError, match="no call") as caught:
        await place_call("ws://127.0.0.1:9/v1/call", [say()])
    assert "\n" not in str(caught.value)


async def test_a_token_never_goes_over_an_open_wire():
    with pytest.raises(CallError, match="over wss only") as caught:
        await place_call("ws://bank.example/v1/call", [say()], token="t0ken")
    assert "t0ken" not in str(caught.value)


def test_keys_are_never_shown():
    assert "4821" not in repr(CallerTurn(keys="4821#"))


def test_a_turn_is_one_thing():
    with pytest.raises(ValueError, match="exactly one"):
        CallerTurn(keys="1", silence=2.0)
