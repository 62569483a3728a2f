"""A profile as numbers: holdings and behaviour, what was told, and the words of the goal.

The words are hashed, whole and in pieces of three letters, so that a wording that no training line
had is near to those that share its pieces.
"""

import re
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from dialog.bank.products.profile import Profile

Vector = NDArray[np.float32]

NUMBERS = ("savings", "free", "income", "spends", "saving", "flexible", "attitude", "months")
"""The closed list of what is looked at beside the goal's words."""
GROUPS: dict[str, tuple[str, ...]] = {
    "holdings": ("savings", "free"),
    "behaviour": ("income", "spends", "saving", "flexible"),
    "attitude": ("attitude",),
    "months": ("months",),
}
"""What a reason may be; the goal's words are one more: "goal"."""
WORDS = 256
RESERVE_MONTHS = 3
UNTOLD_MONTHS = 24
_SMALL = re.compile(
    r"\b(?:a|an|the|to|for|of|in|on|my|our|i|we|want|would|like|and|or|is|it|that)\b"
)


def width() -> int:
    """How many numbers a profile is."""
    return len(NUMBERS) + WORDS


def features(profile: Profile) -> Vector:
    """float32, `width()` long: NUMBERS in their order, then the goal's words."""
    return np.concatenate([_numbers(profile), _words(profile.goal)])


def group_of(place: int) -> str:
    """The reason that a feature at a place belongs to."""
    if place >= len(NUMBERS):
        return "goal"
    return next(group for group, names in GROUPS.items() if NUMBERS[place] in names)


def _numbers(profile: Profile) -> Vector:
    savings, income, spending = (
        float(amount) for amount in (profile.savings, profile.income, profile.spending)
    )
    free = savings + float(profile.checking) - RESERVE_MONTHS * spending
    months = UNTOLD_MONTHS if profile.months is None else profile.months
    told = {
        "savings": np.log1p(max(savings, 0) / 1000),
        "free": np.log1p(max(free, 0) / 1000),
        "income": np.log1p(income / 1000),
        "spends": min(spending / income, 2.0) if income else 1.0,
        "saving": min(float(profile.saving) / income, 1.0) if income else 0.0,
        "flexible": profile.flexible,
        "attitude": 0.0 if profile.attitude is None else profile.attitude - 2.0,
        "months": np.log1p(months / 12),
    }
    return np.array([told[name] for name in NUMBERS], dtype=np.float32)


def _words(goal: str) -> Vector:
    """Of length 1, or nothing where nothing was said."""
    found = np.zeros(WORDS, dtype=np.float32)
    for word in re.findall(r"[a-z]+", _SMALL.sub(" ", goal.lower())):
        padded = f"<{word}>"
        for piece in (padded, *(padded[at : at + 3] for at in range(len(padded) - 2))):
            code = crc32(piece.encode())
            found[code % WORDS] += 1.0 if code & 0x10000 else -1.0
    length = float(np.linalg.norm(found))
    return found / length if length else found
