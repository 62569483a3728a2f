"""Talking with a microphone and a speaker; only the sound card is made up."""

import asyncio
import io
import threading
import time

import numpy as np
import pytest
from rich.console import Console
from scripted_server import Script, scripted, tone

from server import talk as talking
from server.recording import sounds

RATE = 16000


class CardStream:
    """A sound card's stream: a thread that calls back every block, in real time."""

    def __init__(self, work, block):
        self.work, self.seconds = work, block / RATE
        self.running = False

    def start(self):
        self.running = True
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        due = time.monotonic()
        while self.running:
            self.work()
            due += self.seconds
            time.sleep(max(0.0, due - time.monotonic()))

    def close(self):
        self.running = False
        self.thread.join()


class Card:
    """Speaks a sound at given seconds after its start, and keeps what it plays."""

    def __init__(self, *speech):
        self.speech = speech
        self.played = []
        self.block = 0
        self.open = 0

    def InputStream(self, *, callback, blocksize, **options):  # noqa: N802
        assert options == {"samplerate": RATE, "channels": 1, "dtype": "int16"}
        track = np.zeros(RATE * 60, np.int16)
        for at, sound in self.speech:
            track[int(at * RATE) : int(at * RATE) + len(sound)] = sound

        def work():
            start = self.block * blocksize
            callback(track[start : start + blocksize, None], blocksize, None, None)
            self.block += 1

        self.open += 1
        return CardStream(work, blocksize)

    def OutputStream(self, *, callback, blocksize, **_):  # noqa: N802
        def work():
            out = np.full((blocksize, 1), 99, np.int16)
            callback(out, blocksize, None, None)
            self.played.append(out[:, 0])

        self.open += 1
        return CardStream(work, blocksize)


def screen() -> Console:
    return Console(file=io.StringIO(), width=200)


async def test_a_call_by_microphone_is_the_same_call():
    card, out = Card((0.9, tone(0.3, RATE, 300.0))), screen()
    async with scripted(Script(goodbye_after=1, answers=(0.4,))) as (url, seen):
        code = await talking.talk(url, device=card, console=out)
    assert code == 0
    assert "turn 1" in out.file.getvalue()
    assert len(sounds(np.concatenate(seen.received))) > 0.25 * RATE
    assert len(sounds(np.concatenate(card.played))) > 0.45 * RATE
    assert seen.played[-1] == (seen.sent_samples, 0)


async def test_on_loudspeakers_the_assistant_does_not_hear_itself():
    echo = Card((0.1, tone(0.5, RATE)))
    async with scripted(Script(greeting=0.8)) as (url, seen):
        call = asyncio.create_task(talking.talk(url, device=echo, console=screen()))
        await asyncio.sleep(1.0)
        call.cancel()
        assert await call == 0
    heard = np.concatenate(seen.received)
    assert not len(sounds(heard[int(0.15 * RATE) :]))
    assert seen.hung_up


async def test_with_a_headset_speech_over_the_answer_stops_it():
    card = Card((0.5, tone(0.3, RATE, 300.0)))
    async with scripted(Script(greeting=3.0, goodbye_after=1)) as (url, seen):
        assert await talking.talk(url, device=card, console=screen(), half_duplex=False) == 0
    assert seen.played[-1][1] == 1
    assert seen.played[-1][0] < seen.sent_samples
    played = np.concatenate(card.played)
    assert len(sounds(played)) < 1.0 * RATE


async def test_ctrl_c_hangs_up():
    async with scripted(Script()) as (url, seen):
        call = asyncio.create_task(talking.talk(url, device=Card(), console=screen()))
        await asyncio.sleep(0.5)
        call.cancel()
        assert await call == 0
        await asyncio.sleep(0.05)
    assert seen.hung_up


async def test_typed_keys_are_the_keys_of_the_telephone(monkeypatch):
    typed = []

    class Keyboard:
        def __init__(self, on_key):
            typed.append(on_key)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return False

    monkeypatch.setattr(talking, "typed_keys", Keyboard)
    async with scripted(Script(goodbye_after=1)) as (url, seen):
        call = asyncio.create_task(talking.talk(url, device=Card(), console=screen()))
        await asyncio.sleep(0.6)
        for key in "48x2\n1#":
            typed[0](key)
        assert await call == 0
    assert "".join(key for _, key in seen.keys) == "4821#"


async def test_without_a_sound_card_the_cure_is_one_line():
    class NoCard(Card):
        def OutputStream(self, **_):  # noqa: N802
            raise RuntimeError("Error querying device -1")

    errors = screen()
    async with scripted(Script()) as (url, _):
        code = await talking.talk(url, device=NoCard(), console=screen(), errors=errors)
    assert code == 1
    shown = errors.file.getvalue()
    assert "no microphone or speaker at 16000 Hz: Error querying device -1" in shown
    assert len(shown.splitlines()) == 1


async def test_without_the_package_the_cure_is_one_line(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sounddevice", None)
    with pytest.raises(talking.NoSoundDevice, match="apt install libportaudio2") as caught:
        talking.sound_device()
    assert "\n" not in str(caught.value)
