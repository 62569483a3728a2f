"""Whole calls by voice over the websocket: real engines, a real bank, real time."""

import asyncio
import hashlib
import json

import numpy as np
import pytest
import websockets

from server.caller import CallerTurn, CallLog, place_call
from server.callfiles import read_turn
from tests.server.conftest import House, sample

RATE = 16000


def spoken(call: str, turn: int, **more) -> CallerTurn:
    return CallerTurn(samples=read_turn(sample(call, turn), RATE), label=f"{call} {turn}", **more)


def noise(seconds: float, level: float = 800.0) -> np.ndarray:
    return np.random.default_rng(7).normal(0, level, int(seconds * RATE)).astype(np.int16)


def actions(log: CallLog) -> list[str | None]:
    return [turn.action for turn in log.turns]


def said(log: CallLog) -> str:
    return " ".join(sentence for turn in log.turns for sentence in turn.said)


def events(log: CallLog, kind: str) -> list[dict]:
    return [event.message for event in log.events if event.message["type"] == kind]


def balance(house: House, name: str, kind: str) -> str:
    (customer,) = [c for c in house.bank.books()["customers"] if c["name"] == name]
    return next(a["balance"] for a in customer["accounts"] if a["kind"] == kind)


LOGIN_AND_PAY = [
    spoken("demo", 1),
    CallerTurn(keys="40217308"),
    CallerTurn(keys="4821"),
    spoken("demo", 5),
    spoken("demo", 6),
]


async def test_a_caller_pays_and_the_books_say_so(hosting):
    async with hosting() as house:
        log = await place_call(house.url, LOGIN_AND_PAY)
        assert log.ended == "goodbye", said(log)
        (transfer,) = house.bank.books()["transfers"]
        assert (transfer["to"], transfer["amount"]) == ("Anna Keller", "50.00")
        assert balance(house, "Maria Lopez", "checking") == "2400.75"
        house.bank.check()
    every_event = json.dumps([event.message for event in log.events])
    assert "4821" not in every_event
    assert "40217308" not in every_event
    answered = [turn for turn in log.turns if turn.kind == "speech" and turn.parts]
    assert len(answered) >= 2
    for turn in answered:
        assert set(turn.parts) >= {"voice_tail", "endpointing", "synthesis", "wire", "lead_in"}
        assert sum(turn.parts.values()) == pytest.approx(turn.response_latency_ms, abs=20)


async def test_recordings_of_a_caller_played_again_pay_and_open_nothing(hosting):
    """Whoever taped the call has the request and the yes in the caller's own voice; the number and
    the PIN were keyed."""
    request, yes = spoken("demo", 1), spoken("demo", 5)
    async with hosting() as house:
        paid = await place_call(house.url, [*LOGIN_AND_PAY[:4], yes, yes])
        assert actions(paid)[4] == "transfer_done"
        assert len(house.bank.books()["transfers"]) == 1
        taped = await place_call(house.url, [request, yes, request, yes])
        assert len(house.bank.books()["transfers"]) == 1
        assert "Maria" not in said(taped)
        assert not {"confirm_transfer", "transfer_done"} & set(actions(taped))


async def test_what_is_said_over_the_question_stops_it_and_is_heard(hosting):
    async with hosting() as house:
        turns = [spoken("balance", 1), spoken("barge-in", 1, barge_in=1.0), CallerTurn(silence=1)]
        log = await place_call(house.url, turns)
        assert events(log, "clear")
        interrupted = [e for e in events(log, "said") if e.get("interrupted")]
        assert interrupted
        assert log.turns[2].heard


async def test_calls_do_not_mix_and_one_that_vanishes_leaves_the_others_alone(hosting):
    async with hosting(max_calls=3) as house:

        async def vanish() -> None:
            async with websockets.connect(house.url) as socket:
                await socket.send(hello())
                await socket.recv()
                for _ in range(75):
                    await socket.send(noise(0.02).tobytes())
                    await asyncio.sleep(0.02)
                socket.transport.abort()

        maria, priya, _ = await asyncio.gather(
            place_call(house.url, LOGIN_AND_PAY),
            place_call(
                house.url,
                [spoken("balance", 1), CallerTurn(keys="63900578"), CallerTurn(keys="9135")],
            ),
            vanish(),
        )
        assert maria.ended == "goodbye"
        assert "Maria" in said(maria)
        assert "Priya" in said(priya)
        assert "Priya" not in said(maria)
        assert len(house.bank.books()["transfers"]) == 1
        again = await place_call(house.url, [CallerTurn(silence=0.1)])
        assert again.turns[0].action == "greet"


def hello(**fields) -> str:
    return json.dumps(
        {"type": "hello", "version": 1, "sample_rate": RATE, "encoding": "pcm16"} | fields
    )


async def test_a_caller_who_says_nothing_is_asked_twice_and_then_left_politely(hosting):
    async with hosting(silence=1.5) as house:
        log = await place_call(house.url, [CallerTurn(silence=60)], turn_timeout=30)
    heard = [e["action"] for e in events(log, "listening")]
    assert heard == ["greet", "ask_again_silence", "ask_again_silence", "goodbye"]
    assert log.ended == "silence" or log.ended == "goodbye"


async def test_noise_without_speech_is_no_turn_and_no_words(hosting):
    async with hosting(silence=30) as house:
        clicks = noise(6)
        clicks[::4000] = 20000
        log = await place_call(
            house.url, [CallerTurn(samples=clicks), CallerTurn(silence=1.5)], turn_timeout=3
        )
    assert all(event["text"] == "" for event in events(log, "heard"))
    assert [e["action"] for e in events(log, "listening")] == ["greet"]


async def test_one_token_holds_one_call_and_the_second_is_refused(hosting):
    token = {"name": "speaker", "sha256": hashlib.sha256(b"device secret").hexdigest()}
    async with hosting(tokens=[token]) as house, websockets.connect(house.url) as first:
        await first.send(hello(token="device secret"))
        assert json.loads(await first.recv())["type"] == "ready"
        async with websockets.connect(house.url) as second:
            await second.send(hello(token="device secret"))
            refusal = json.loads(await second.recv())
            assert (refusal["code"], refusal["fatal"]) == ("busy", True)
        assert isinstance(await first.recv(), str | bytes)


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ("not json", "bad_hello"),
        (b"\x00\x01", "bad_hello"),
        (hello(sample_rate=44100), "bad_hello"),
        (hello(encoding="mp3"), "bad_hello"),
        (hello(version=2), "bad_hello"),
        (hello(language="xx"), "bad_hello"),
        (hello(token="guess"), "unauthorized"),
        ('{"type": "dtmf", "digit": "1"}', "bad_hello"),
    ],
)
async def test_a_wrong_hello_is_told_why_and_closed(hosting, first, code):
    async with hosting() as house, websockets.connect(house.url) as socket:
        await socket.send(first)
        error = json.loads(await socket.recv())
        assert (error["type"], error["code"], error["fatal"]) == ("error", code, True)
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()


async def test_broken_messages_in_a_call_are_told_and_the_call_goes_on(hosting):
    async with hosting() as house, websockets.connect(house.url) as socket:
        await socket.send(hello())
        for data in ("{", hello(), b"\x00", '{"type": "played", "samples": 10000000}'):
            await socket.send(data)
        seen = []
        while len([e for e in seen if e["type"] == "error"]) < 3 or not any(
            e["type"] == "said" for e in seen
        ):
            message = await asyncio.wait_for(socket.recv(), 10)
            if isinstance(message, str):
                seen.append(json.loads(message))
        errors = [e for e in seen if e["type"] == "error"]
        assert [e["code"] for e in errors] == ["bad_message", "bad_message", "bad_audio"]
        assert not any(e["fatal"] for e in errors)


async def test_a_page_of_another_site_cannot_call(hosting):
    async with hosting() as house:
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(house.url, origin="https://evil.example").__aenter__()


async def test_a_recogniser_that_fails_leaves_nobody_in_silence(hosting, engines, monkeypatch):
    hear, broken = engines.recogniser.transcribe, [True]

    def transcribe(*args, **kwargs):
        if broken:
            raise RuntimeError("the recogniser broke")
        return hear(*args, **kwargs)

    def mend(event: dict) -> None:
        if event["type"] == "said" and event["turn"] == 1:
            broken.clear()

    monkeypatch.setattr(engines.recogniser, "transcribe", transcribe)
    async with hosting() as house:
        turns = [spoken("balance", 1), spoken("balance", 1)]
        log = await place_call(house.url, turns, on_event=mend)
    assert actions(log)[1:] == ["clarify", "ask_customer_number"]
