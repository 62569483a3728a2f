"""Keys that arrive twice: a telephone may tell the same press in two ways.

RFC 4733 events in the audio stream and SIP INFO messages beside it are often both switched on. The
second way tells the same key within half a second, in the order in which the first way told them.
One way tells each press once, however close two of them come: what repeats a packet (RFC 4733, a
retransmitted INFO) is dropped by the stack, and a busy machine reads many presses at one moment.
But a packet of RFC 4733 that its key's end has overtaken begins the key anew (`Held`).

The stack tells a key's beginning and end and no timestamp, so two cases stay open. Packets that
were overtaken and are read at one moment with the key's end press it again. The same key pressed
twice, and both read after a stall within `REST` but not at one moment, is one press.
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

REST = 0.1
"""Seconds after a key's end within which its end still comes again: it is told three times, 20 ms
apart, and each may be late. A key is pressed for longer than the rest of that."""

DIGITS = "0123456789*#"


class Keypad:
    """Counts each press once; time is passed in, in seconds."""

    def __init__(self) -> None:
        self._pressed: deque[tuple[str, str, float]] = deque(maxlen=32)

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
        self._pressed.append((digit, way, at))
        return InputDTMFFrame(button=KeypadEntry(digit))

    def _told_by_another(self, digit: str, at: float, way: str) -> bool:
        """Whether another way has told this press; each press is matched once."""
        for pressed in self._pressed:
            told, how, when = pressed
            if told == digit and how != way and at - when <= OTHER_WAY:
                self._pressed.remove(pressed)
                return True
        return False


@dataclass(slots=True)
class Press:
    """The beginning of a key; `counts` is None while it may be the rest of the last press."""

    digit: str
    at: float
    counts: bool | None = True


class Held:
    """The key of RFC 4733 that is down, or was last.

        key down ── end ──┬─ within OVERTAKEN: down again? ── its end ── after REST: another press
                          └─ later: another press

    Times are those at which events are read, the same for all that are read at one moment: then
    nothing tells how far apart they came, and each press counts.
    """

    def __init__(self) -> None:
        self._last: Press | None = None
        self._released_at = float("-inf")

    def press(self, digit: str, at: float) -> Press:
        """A key's beginning; what was in question before it, and never ended, was no press."""
        last = self._last
        if last is not None and last.counts is None:
            last.counts = False
        again = last is not None and last.digit == digit
        in_question = again and 0 < at - self._released_at <= OVERTAKEN
        self._last = Press(digit, at, None if in_question else True)
        return self._last

    def release(self, at: float) -> None:
        """A key's end."""
        if self._last is not None and self._last.counts is None:
            self._last.counts = at - self._released_at > REST
            if not self._last.counts:
                return  # the last press's end once more
        self._released_at = at
