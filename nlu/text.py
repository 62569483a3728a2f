"""Words of an utterance with their places, and the plain form that is compared and encoded."""

import re
from dataclasses import dataclass

_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|[0-9]+|[^\s\w]|_")
_NOISE = re.compile(r"[^\w\s'$%]")
_FILLERS = re.compile(r"\b(?:uh+|um+|uhm+|er+m?|hm+)\b,?\s*|^\W*(?:m{2,}|oh|ah)\W*$")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a run of digits or one sign; start and end are places in the text."""

    text: str
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        """True for letters, with or without an apostrophe inside."""
        return self.text[0].isalpha()

    @property
    def is_digits(self) -> bool:
        """True for a run of ASCII digits."""
        return self.text[0].isdecimal()


def tokenize(text: str) -> list[Token]:
    """The tokens of a text in lower case, in order; spaces are dropped."""
    return [
        Token(match.group().lower().replace("’", "'"), match.start(), match.end())
        for match in _TOKEN.finditer(text)
    ]


def plain(text: str) -> str:
    """Lower case, without fillers and punctuation, single spaces: what training and use share."""
    lowered = text.lower().replace("’", "'")
    return " ".join(_NOISE.sub(" ", _FILLERS.sub("", lowered)).split())
