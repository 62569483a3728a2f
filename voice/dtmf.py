"""Keys that a telephone plays as tones into its sound (DTMF, ITU-T Q.23).

A key is two tones at once, one of a row and one of a column of the keypad, and nothing else: both
have nearly all of the sound's energy, for longer than any voice keeps to one pitch so purely. What
is told as a key may be one that moves money, so a weak or short tone is none (Q.24 asks to know
tones of 40 ms; these take 50).
"""

import numpy as np

from voice.pcm import Samples
from voice.turns import RATE

ROWS = (697.0, 770.0, 852.0, 941.0)
COLUMNS = (1209.0, 1336.0, 1477.0)
"""Hz. The fourth column, 1633, has letters, which no caller's keypad has."""
KEYS = ("123", "456", "789", "*0#")

HOP = RATE // 100
WINDOW = 2 * HOP + HOP // 2
"""Samples, 25 ms: enough to tell the nearest rows (73 Hz) apart."""

PURE, STILL_PURE = 0.85, 0.6
"""The least share of the energy that the two tones have together where a key begins, and while it
is down: then it goes on under noise and somebody's voice."""

TWIST = 10 ** (8 / 10)
"""The most by which one tone may be stronger than the other, in power."""

SOFTEST = 32768 * 10 ** (-36 / 20)
"""Root mean square of the softest tones."""

ON, OFF = 3, 4
"""Windows in a row, 10 ms apart, that begin a key, and that end it by being without it: so
a hole of 25 ms (a lost packet) is told from the 35 ms and more between two presses."""

_AT = np.arange(WINDOW) / RATE
_WAVES = np.exp(-2j * np.pi * np.outer(ROWS + COLUMNS, _AT))


class ToneKeys:
    """The keys of one caller's sound, which is an unbroken stream at 16 kHz."""

    def __init__(self) -> None:
        self._before: Samples = np.zeros(WINDOW - HOP, np.int16)
        self._rest: Samples = np.empty(0, np.int16)
        self._seen, self._count = "", 0
        self._down, self._missing = "", 0

    def process(self, samples: Samples) -> tuple[str, Samples]:
        """Take the next samples.

        Returns:
            The keys that began in them, and the sound in whole hops of 10 ms: quiet from where a
            key is known to its end, so that nobody hears words in it.
        """
        waiting = np.concatenate((self._rest, samples))
        whole = len(waiting) // HOP * HOP
        hops, self._rest = waiting[:whole].reshape(-1, HOP).copy(), waiting[whole:]
        keys = "".join(self._hop(hop) for hop in hops)
        return keys, hops.reshape(-1)

    def _hop(self, hop: Samples) -> str:
        """The key that is known with this hop; the hop is silenced while one is down."""
        window = np.concatenate((self._before, hop))
        self._before = window[HOP:]
        seen, purity = _key(window)
        if purity < (STILL_PURE if seen == self._down else PURE):
            seen = ""
        self._count = self._count + 1 if seen == self._seen else 1
        self._seen = seen
        began = ""
        if self._down:
            self._missing = 0 if seen == self._down else self._missing + 1
            if self._missing == OFF:
                self._down = ""
        if seen and seen != self._down and self._count == ON:
            self._down, self._missing, began = seen, 0, seen
        if self._down:
            hop[:] = 0
        return began


def _key(window: Samples) -> tuple[str, float]:
    """The key whose two tones are the strongest of a window, and their share of its energy."""
    sound = window.astype(np.float64)
    energy = float(sound @ sound)
    if energy < SOFTEST**2 * WINDOW:
        return "", 0.0
    shares = 2 * np.abs(_WAVES @ sound) ** 2 / (WINDOW * energy)
    row, column = int(shares[:4].argmax()), int(shares[4:].argmax())
    low, high = float(shares[row]), float(shares[4 + column])
    if max(low, high) > TWIST * min(low, high):
        return "", 0.0
    return KEYS[row][column], low + high
