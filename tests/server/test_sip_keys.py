"""Keys of a telephone as the loop reads them: at one moment after a stall, or one by one."""

import asyncio
import random
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from baresip import AudioNotActive, Call, CallState, Event, StackEvent
from pipecat.frames.frames import InputDTMFFrame

from server.channels.keypad import Held
from server.channels.sip.line import SipLine
from tests.voice.test_dtmf import tone
from voice.pcm import Samples


class Phone(SimpleNamespace):
    """A call without sound, whose events the test tells."""

    def __init__(self) -> None:
        super().__init__(audio=self, state=CallState.ESTABLISHED, remote_on_hold=False)
        self.listener: Any = None

    def on(self, listener: Any) -> None:
        self.listener = listener

    def on_rtcp(self, listener: Any) -> None:
        """No reports."""

    def read(self, size: int) -> bytes:
        raise AudioNotActive

    def info(self) -> None:
        raise AudioNotActive

    def press(self, digit: str) -> None:
        self.listener(StackEvent(Event.CALL_DTMF_START, text=digit))

    def release(self) -> None:
        self.listener(StackEvent(Event.CALL_DTMF_END))


class Sounding(Phone):
    """A call whose sound is read 10 ms at a time, each at its time, until there is no more."""

    def __init__(self, clock: "Clock", parts: list[Samples | None]) -> None:
        super().__init__()
        self.clock, self.parts = clock, parts

    def read(self, size: int) -> bytes:
        self.clock.now += 0.01
        if not self.parts:
            self.state = CallState.CLOSED
            return b""
        part = self.parts.pop(0)
        return b"" if part is None else part.tobytes()


@dataclass
class Clock:
    """What the line takes for the time."""

    now: float = 100.0

    def monotonic(self) -> float:
        return self.now

    async def wait(self, seconds: float) -> None:
        """As long, in which the loop reads what has come."""
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("server.channels.sip.line.time", clock)
    monkeypatch.setattr("server.channels.sip.line.TICK", 0)
    return clock


async def keys_of(line: SipLine) -> str:
    told = [frame async for frame in line.frames()]
    return "".join(frame.button.value for frame in told if isinstance(frame, InputDTMFFrame))


@pytest.mark.parametrize(
    ("stalled", "held", "apart", "taken"),
    [
        (0.5, 0.0, None, "4882"),
        (0.05, 0.0, None, "482"),
        (0.0, 0.0, 0.01, "482"),
        (0.0, 0.2, 0.23, "4882"),
    ],
)
async def test_a_key_is_pressed_again_unless_it_may_be_the_rest_of_the_last_press(
    clock: Clock, stalled: float, held: float, apart: float | None, taken: str
) -> None:
    phone = Phone()
    line = SipLine(
        cast(Call, phone), person=None, tells_summary=False, by_info=lambda: False, call_id="1"
    )
    clock.now += stalled
    for digit in "4882":
        phone.press(digit)
        if held:
            await clock.wait(held)
        phone.release()
        if apart is not None:
            await clock.wait(apart - held)
    clock.now += 1.0
    asyncio.get_running_loop().call_later(0.05, setattr, phone, "state", CallState.CLOSED)
    assert await keys_of(line) == taken


async def test_a_tone_ends_where_the_line_falls_silent_and_sends_nothing(clock: Clock) -> None:
    """A gateway that suppresses silence sends none after a key's tone."""
    hops = np.split(tone("4", 0.1), 10)
    phone = Sounding(clock, [*hops, *[None] * 40, *hops])
    line = SipLine(
        cast(Call, phone),
        person=None,
        tells_summary=False,
        by_info=lambda: False,
        call_id="1",
        keys_in_sound=True,
    )
    assert await keys_of(line) == "44"


def packets(keys: str, held: int, chance: random.Random) -> list[tuple[float, str | None]]:
    """Beginnings and ends of keys as the stack tells them, one key each 300 ms.

    RFC 4733's packets are 20 ms apart, `held` of them and three that tell the end; 5% are lost, 2%
    come twice, and each is up to 60 ms late.
    """
    sent = [
        (0.3 * number + 0.02 * count, key, count >= held)
        for number, key in enumerate(keys)
        for count in range(held + 3)
    ]
    came = sorted(
        (at + chance.uniform(0, 0.06), key, end)
        for at, key, end in sent
        if chance.random() > 0.05
        for _ in range(1 + (chance.random() < 0.02))
    )
    told: list[tuple[float, str | None]] = []
    down: str | None = None
    for at, key, end in came:
        if (now := None if end else key) != down:
            told.append((at, now))
            down = now
    return told


@pytest.mark.parametrize("held", [5, 12])
@pytest.mark.parametrize(
    ("stalls", "longest", "right"), [(0, 0.0, 98), (10, 0.05, 95), (3, 0.15, 85)]
)
def test_keys_over_a_bad_network_count_once_though_the_loop_is_late(stalls, longest, right, held):
    """Strings of eight with a double key, of a short press and a long one; stalls in a second."""
    chance, good = random.Random(23), 0
    for _ in range(200):
        keys = "".join(chance.choice("0123456789") for _ in range(8))
        keys = keys[:4] + keys[3] + keys[5:]
        pending, pad, pressed, now = packets(keys, held, chance), Held(), [], 0.0
        while pending:
            late = chance.random() < 0.001 * stalls
            step = chance.uniform(0.005, longest) if late else 0.001
            now += step
            while pending and pending[0][0] <= now:
                if (key := pending.pop(0)[1]) is None:
                    pad.release(now)
                else:
                    pressed.append(pad.press(key, now, stalled=step))
        good += "".join(press.digit for press in pressed if press.counts) == keys
    assert 100 * good / 200 >= right
