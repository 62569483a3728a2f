"""Keys that arrive twice: a telephone may tell the same press in several ways.

RFC 4733 events in the audio stream and SIP INFO messages beside it are often both switched on, and
tones may be heard in the sound besides. Another way tells the same key within half a second, in the
order in which the first way told them. One way tells each press once, however close two of them
come: what repeats a packet (RFC 4733, a retransmitted INFO) is dropped by the stack, and a busy
machine reads many presses at one moment.
But a late packet of RFC 4733 begins a key anew, or ends the next one (`Held`).

The stack tells a key's beginning and end and no timestamp, so what a long stall brings at one
moment stays open: a late packet may count as a press there.
"""

from collections import deque
from dataclasses import dataclass

from pipecat.audio.dtmf.types import KeypadEntry
from pipecat.frames.frames import InputDTMFFrame

OTHER_WAY = 0.6
"""Seconds within which another way's digit is the same press."""

OVERTAKEN = 0.06
"""Seconds after a key's end within which its packets still come: the jitter that a call must bear.
The same key may be pressed again within them: telephones leave 40 ms between two."""

SHORTEST = 0.04
"""Seconds that a key is pressed at least (ITU-T Q.24)."""

REST = 0.14
"""Seconds after a key's end within which its end still comes again: it is told three times, 20 ms
apart, and each is late by 60 ms, or more on a busy machine. The same key again ends later."""

LATE_END = 0.11
"""Seconds after a key's first end within which it comes again at the jitter that we must bear. It
ends the next key too early then, whose own packets follow within as long, though one is lost."""

PAIR = 0.2
"""Seconds in which no finger presses a key twice and ends it: what a shorter stall brings at one
moment is one press and the rest of it."""

DIGITS = "0123456789*#"


class Keypad:
    """Counts each press once; time is passed in, in seconds."""

    def __init__(self) -> None:
        self._pressed: deque[tuple[str, set[str], float]] = deque(maxlen=32)

    def press(self, digit: str, at: float, *, way: str = "") -> InputDTMFFrame | None:
        """The key, or None where it is no key of ours or was told already.

        Args:
            digit: As the wire tells it.
            at: When.
            way: How it came: "rtp", "info", …
        """
        if len(digit) != 1 or digit not in DIGITS:
            return None
        if self._told_by_another(digit, at, way):
            return None
        self._pressed.append((digit, {way}, at))
        return InputDTMFFrame(button=KeypadEntry(digit))

    def _told_by_another(self, digit: str, at: float, way: str) -> bool:
        """Whether another way has told this press, which each way tells once."""
        for told, ways, when in self._pressed:
            if told == digit and way not in ways and at - when <= OTHER_WAY:
                ways.add(way)
                return True
        return False


@dataclass(slots=True)
class Press:
    """The beginning of a key; `counts` is None while it may be the rest of the last press."""

    digit: str
    at: float
    counts: bool | None = True


class Held:
    """The key of RFC 4733 that is down, and the one before it.

    The stack takes any packet for one of the key that is down. So a late one of the key before, its
    end or not, breaks a press in two, or begins the key before anew:

        8 down … 8 end ─ 2 down ─ (8 end) ─ 2 down … 2 end      a press is longer than SHORTEST
        8 down … 8 end ─ 2 down ─ (8 down) ─ 2 down … 2 end     2 was down all the time
        8 down … 8 end ─ (8 down) ─ (8 end)                     the rest ends within REST
        8 down … 8 end ─ 8 down … 8 end                         and another press later

    Times are those at which events are read, the same for all that are read at one moment. After a
    stall of more than `PAIR` nothing tells how far apart these came, and each press counts.
    """

    def __init__(self) -> None:
        self._down: Press | None = None
        self._last: Press | None = None
        self._released_at = self._before = float("-inf")
        self._question: Press | None = None

    def press(self, digit: str, at: float, *, stalled: float = 0.0) -> Press:
        """A key's beginning; what was in question before it, and never ended, was no press.

        Args:
            digit: As the wire tells it.
            at: When it was read.
            stalled: Seconds for which nothing could be read before that.
        """
        self._settle(counts=False)
        if self._down is not None and self._down.digit == digit:
            return Press(digit, at, counts=False)
        if self._is_soon_again(digit, at, stalled):
            return self._again(digit, at)
        if self._down is not None:  # its end was lost
            self.release(at)
        self._down = Press(digit, at)
        return self._down

    def _is_soon_again(self, digit: str, at: float, stalled: float) -> bool:
        """Whether it may be the rest of the last press; a long stall has hidden how soon it is."""
        after = at - self._released_at
        if self._last is None or self._last.digit != digit or (after == 0 and stalled > PAIR):
            return False
        return after <= (LATE_END if self._is_broken(self._last) else OVERTAKEN)

    def _again(self, digit: str, at: float) -> Press:
        press = Press(digit, at, counts=False)
        if self._down is None and self._last is not None:
            if self._is_broken(self._last):
                self._down, self._released_at = self._last, self._before
            else:
                press.counts, self._question = None, press
        return press

    def _is_broken(self, last: Press) -> bool:
        """Whether the last end was that of the key before, come late: a press is longer."""
        ended = self._released_at
        return ended - last.at < SHORTEST or ended - self._before <= LATE_END

    def release(self, at: float) -> None:
        """A key's end."""
        ended = self._question or self._down
        self._settle(counts=at - self._released_at > REST)
        if ended is not None and ended.counts:
            self._last, self._down = ended, None
            self._before, self._released_at = self._released_at, at

    def _settle(self, *, counts: bool) -> None:
        if self._question is not None:
            self._question.counts, self._question = counts, None
