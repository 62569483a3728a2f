"""What the recogniser's decoder is told to have heard before: by language and what is awaited."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

from voice.errors import VoiceError

Awaited = Literal["any", "date", "digits"]
"""What the caller was asked for, as far as it changes the cue."""

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Cues:
    """The cues of one language.

    Attributes:
        names: How names that may come are told: "{names}" stands for them.
        digits: Digit words, which may be said several times in a row.
        pairs: By what is awaited: the first cue, and the one for a second opinion.
    """

    names: str
    digits: dict[str, str]
    pairs: dict[str, tuple[str, str]]

    def pair(self, awaited: Awaited, names: Sequence[str]) -> tuple[str, str]:
        """Both cues, after the names where there are any."""
        told = self.names.format(names=", ".join(names)) if names else ""
        first, second = self.pairs[awaited]
        return f"{told} {first}".strip(), f"{told} {second}".strip()


@cache
def load_cues(language: str) -> Cues:
    """The cues of a language.

    Raises:
        VoiceError: There are none for it.
    """
    path = _FOLDER / f"{language}.yaml"
    if not path.is_file():
        raise VoiceError(f"no cues for language {language!r}: add {path}")
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    pairs = {name: (first, second) for name, (first, second) in told["cues"].items()}
    return Cues(told["names"], told["digits"], pairs)
