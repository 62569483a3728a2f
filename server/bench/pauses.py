"""A caller who pauses: gaps put into a recording at word boundaries, from a seed.

Where a word ends is estimated from the letters of what is said, and moved to the quietest 20 ms
nearby. The gap is the recording's own room tone.
"""

import random
from dataclasses import dataclass
from typing import Literal

import numpy as np

from server.bench.sounds import room_tone, um
from server.recording import sounds, speech_level
from voice.pcm import Samples

PauseKind = Literal["digits", "comma", "um"]
PAUSE_KINDS: tuple[PauseKind, ...] = ("digits", "comma", "um")

DIGIT_GAP = 0.7
COMMA_GAP = (0.4, 0.8)
UM_BEFORE, UM_AFTER = (0.15, 0.35), (0.3, 0.6)
SHORTEST_WORD = 0.25
"""Seconds between two gaps, else they lie in one silence between two words."""
FEWEST_WORDS = 4
NEARBY = 0.12
"""Seconds around an estimated word boundary in which the quietest moment is looked for."""


@dataclass(frozen=True, slots=True)
class Paused:
    """A recording with pauses in it: what kind, how many, and the sound."""

    kind: PauseKind
    pauses: int
    samples: Samples


def with_pauses(
    samples: Samples, sample_rate: int, words: str, *, digits: bool, seed: int
) -> Paused | None:
    """Put pauses into a recording.

    Args:
        samples: int16 at the wire's rate.
        sample_rate: Hz.
        words: What is said in it.
        digits: It is dictated digits: 700 ms at up to three places; else one comma or "um".
        seed: Of the places, the lengths and the kind.

    Returns:
        None where it has fewer than four words.
    """
    rng = random.Random(seed)  # noqa: S311
    boundaries = word_boundaries(samples, sample_rate, words)
    if len(boundaries) < FEWEST_WORDS - 1:
        return None
    if digits:
        places = _apart(rng.sample(boundaries, min(3, len(boundaries) // 2)), sample_rate)
        fillers = [room_tone(samples, int(DIGIT_GAP * sample_rate), seed + at) for at in places]
        return Paused("digits", len(places), _filled(samples, places, fillers))
    kind: PauseKind = rng.choice(("comma", "um"))
    place = rng.choice(boundaries)
    if kind == "comma":
        filler = room_tone(samples, int(rng.uniform(*COMMA_GAP) * sample_rate), seed)
    else:
        before, after = (
            room_tone(samples, int(rng.uniform(*span) * sample_rate), seed + n)
            for n, span in enumerate((UM_BEFORE, UM_AFTER))
        )
        filler = np.concatenate((before, um(sample_rate, seed), after))
    return Paused(kind, 1, _filled(samples, [place], [filler]))


def word_boundaries(samples: Samples, sample_rate: int, words: str) -> list[int]:
    """Where one word ends and the next begins, in samples; none before the first or after the last.

    Args:
        samples: int16.
        sample_rate: Hz.
        words: What is said, in order.
    """
    loud = sounds(samples, speech_level(samples, sample_rate))
    lengths = [len(word) + 1 for word in words.split()]
    if not len(loud) or len(lengths) < 2:
        return []
    first, last = int(loud[0]), int(loud[-1])
    ends = np.cumsum(lengths)[:-1] / sum(lengths)
    estimated = [first + int(share * (last - first)) for share in ends]
    return sorted({_quietest(samples, sample_rate, at) for at in estimated})


def _apart(places: list[int], sample_rate: int) -> list[int]:
    """Places in order, without those that would make one longer gap of two."""
    kept: list[int] = []
    for place in sorted(places):
        if not kept or place - kept[-1] > SHORTEST_WORD * sample_rate:
            kept.append(place)
    return kept


def _quietest(samples: Samples, sample_rate: int, at: int) -> int:
    width, around = sample_rate // 50, int(NEARBY * sample_rate)
    starts = range(max(0, at - around), min(len(samples) - width, at + around), width // 4)
    energies = {s: float(np.mean(np.square(samples[s : s + width], dtype=float))) for s in starts}
    quietest = min(energies, key=lambda s: (energies[s], abs(s - at)), default=at)
    return quietest + width // 2


def _filled(samples: Samples, places: list[int], fillers: list[Samples]) -> Samples:
    pieces = np.split(samples, places)
    joined = [pieces[0]]
    for filler, piece in zip(fillers, pieces[1:], strict=True):
        joined += [filler, piece]
    return np.concatenate(joined)
