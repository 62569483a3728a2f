"""The smart speaker: its jitter buffer, ear and reconnecting, and calls with files as sound."""

import asyncio
import random
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from scripted_server import Script, scripted, tone

from server.app import serving
from server.bank_file import temporary_bank
from server.callfiles import read_turn
from server.client.jitter import LEAST, MOST, JitterBuffer
from server.client.wav_device import WavDevice
from server.devices import Devices
from server.engines import Engines
from server.settings import Settings
from server.speaker import Device, serve_callers
from tests.server.conftest import CHEAP, TODAY, sample
from tests.server.staged import SEND, Ear, Judge, Level, Meaning, NoEcho, Voice
from voice.pcm import read_wav, write_wav

RATE = 16000
FRAME = 320


def drained(buffer: JitterBuffer, frames: int) -> np.ndarray:
    """What the device plays in its next frames of 20 ms."""
    out = np.zeros((FRAME, 1), np.int16)
    played = []
    for _ in range(frames):
        buffer.fill(out, FRAME)
        played.append(out[:, 0].copy())
    return np.concatenate(played)


def test_bursts_leave_evenly_once_enough_is_held_back():
    buffer, heard = JitterBuffer(RATE), []
    sound = tone(2.0, RATE)
    for start in range(0, len(sound), 5 * FRAME):  # the network gives 100 ms at once
        buffer.play(sound[start : start + 5 * FRAME])
        heard.append(drained(buffer, 5))
    heard.append(drained(buffer, 10))
    played = np.concatenate(heard)
    begin = int(np.flatnonzero(played)[0])
    assert begin <= MOST * RATE
    assert np.array_equal(played[begin : begin + len(sound) - 80], sound[:-80])
    assert buffer.played == len(sound)


def test_a_gap_makes_it_wait_longer_and_a_steady_line_less():
    buffer = JitterBuffer(RATE)
    for _ in range(4):
        buffer.play(tone(0.1, RATE))
        drained(buffer, 12)
    assert LEAST < buffer.held_back <= MOST
    grown = buffer.held_back
    buffer.play(tone(12.0, RATE))
    drained(buffer, 610)
    assert buffer.held_back < grown


def test_the_end_of_an_answer_is_no_gap():
    buffer = JitterBuffer(RATE)
    for _ in range(3):
        buffer.play(tone(0.5, RATE))
        drained(buffer, 100)
    assert buffer.held_back == LEAST


def test_what_is_cut_off_fades():
    buffer = JitterBuffer(RATE)
    buffer.play(tone(1.0, RATE))
    before = drained(buffer, 10)
    buffer.clear()
    after = drained(buffer, 5)
    steps = np.abs(np.diff(np.concatenate((before, after)).astype(int)))
    loudest_step = np.abs(np.diff(tone(1.0, RATE).astype(int))).max()
    assert steps.max() <= 1.2 * loudest_step
    assert not buffer.playing
    assert not after[FRAME:].any()


def test_it_is_turned_down_by_the_server_and_by_itself_without_a_step():
    buffer = JitterBuffer(RATE)
    buffer.play(np.full(RATE, 8000, np.int16))
    drained(buffer, 5)
    buffer.duck(0.5)
    buffer.hush(0.25)
    played = drained(buffer, 5)
    assert played[-1] == 2000
    assert np.abs(np.diff(played.astype(int))).max() < 40
    buffer.hush(1.0)
    assert drained(buffer, 2)[-1] == 4000


def recording(path: Path, *parts: np.ndarray | float) -> Path:
    """Sounds, and seconds of silence between them."""
    joined = [
        np.zeros(int(part * RATE), np.int16) if isinstance(part, float) else part for part in parts
    ]
    write_wav(path, np.concatenate(joined), RATE)
    return path


def speech(turn: int = 5) -> np.ndarray:
    return read_turn(sample("demo", turn), RATE)


def device(url: str, **changed: object) -> tuple[Device, list[dict], list[str]]:
    events: list[dict] = []
    troubles: list[str] = []
    given = {"token": lambda: None, "on_message": events.append, "on_trouble": troubles.append}
    return Device(url, **(given | {"rng": random.Random(1)} | changed)), events, troubles  # type: ignore[arg-type]


async def test_speech_opens_a_call_and_nothing_of_it_is_lost(tmp_path):
    heard = recording(tmp_path / "in.wav", 1.0, speech(), 2.5)
    card = WavDevice(heard, tmp_path / "out.wav")
    async with scripted(Script(delay=0.4)) as (url, seen):
        kitchen, events, troubles = device(url)
        await serve_callers(kitchen, card, card.ended())
    assert troubles == []
    said = np.concatenate(seen.received)
    wanted = speech()
    alike = np.correlate(said[: 2 * len(wanted)].astype(float), wanted[:8000].astype(float))
    at = int(alike.argmax())
    assert np.array_equal(said[at : at + len(wanted)], wanted)
    assert "heard" in {event["type"] for event in events}
    out, rate = read_wav(tmp_path / "out.wav")
    assert rate == RATE
    assert np.abs(out).max() > 7000


async def test_silence_and_a_knock_open_none(tmp_path):
    knock = np.zeros(800, np.int16)
    knock[:40] = 20000
    card = WavDevice(recording(tmp_path / "in.wav", 1.0, knock, 1.0), None)
    async with scripted(Script()) as (url, seen):
        kitchen, events, _ = device(url)
        ended = await serve_callers(kitchen, card, card.ended())
    assert (ended, events, seen.hello) == (None, [], {})


async def test_a_lost_call_is_dialled_again(tmp_path):
    card = WavDevice(recording(tmp_path / "in.wav", 0.5, speech(), 2.5), None)
    async with scripted(Script(stop="drop")) as (url, _):
        kitchen, events, troubles = device(url)
        await serve_callers(kitchen, card, card.ended())
    assert len([event for event in events if event["type"] == "ready"]) == 0
    assert troubles
    assert "the call was lost; again in" in troubles[0]
    assert len([event for event in events if event["type"] == "said"]) >= 2


async def test_pauses_grow_while_nobody_is_there(tmp_path, monkeypatch):
    waits, enough = [], asyncio.Event()
    sleep = asyncio.sleep

    async def counted(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 9:
            enough.set()
        await sleep(0)

    monkeypatch.setattr("server.speaker.asyncio.sleep", counted)
    card = WavDevice(recording(tmp_path / "in.wav", 0.5, speech(), 0.5), None)
    kitchen, _, troubles = device("ws://127.0.0.1:9/v1/call")
    await serve_callers(kitchen, card, enough.wait())
    assert troubles
    longest = [min(30.0, 0.5 * 2**n) for n in range(len(waits))]
    assert all(top / 2 <= wait <= top for wait, top in zip(waits, longest, strict=True))
    assert longest[-1] == 30.0


async def test_a_device_calls_a_real_server_with_its_token(tmp_path, monkeypatch):
    """Its own ear opens the call; the stage's server hears a request in the tone after it."""
    monkeypatch.setattr("server.call.listener.SpeechEvidence", Level)
    monkeypatch.setattr("server.call.listener.EchoGuard", NoEcho)
    wake = speech()
    wake = (wake * (900 / np.abs(wake).max())).astype(np.int16)  # too faint for the stage
    request = np.full(int(0.6 * RATE), SEND + 450, np.int16)
    heard = recording(tmp_path / "in.wav", 0.5, wake, 3.0, request, 3.0)
    path = tmp_path / "devices.json"
    tokens = ["of another device", Devices(path).issue("kitchen", datetime.now(UTC))]
    engines = Engines(Ear(), Judge(), Meaning(), Voice(), Path())  # type: ignore[arg-type]
    bank = temporary_bank(tmp_path, TODAY, cost=CHEAP)
    settings = Settings(port=0, devices_file=path, silence=10.0)
    async with serving(settings, engines, bank, today=lambda: TODAY) as url:
        card = WavDevice(heard, tmp_path / "out.wav")
        kitchen, events, troubles = device(url, token=lambda: tokens.pop(0))
        await serve_callers(kitchen, card, card.ended())
    bank.close()
    engines.close()
    assert len(troubles) == 1
    assert "unauthorized: a valid token is needed; again in" in troubles[0]
    assert [e["action"] for e in events if e["type"] == "listening"] == [
        "greet",
        "ask_customer_number",
    ]
    out, _ = read_wav(tmp_path / "out.wav")
    assert np.abs(out).max() >= 490
