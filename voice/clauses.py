"""Cuts spoken words into the pieces that are synthesised one after the other.

A VITS model reads a whole piece before its first sound, so a long reply begins with a short piece:
the first clause. Everything else stays whole sentences, which sound better.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

FIRST_WORDS = 8
"""A first sentence of more words than this is begun with its first clause."""
LONGEST_WORDS = 30
LONGEST_WORD = 40
_SHORTEST_CLAUSE = 3
_PAUSES = {".": 0.32, "!": 0.32, "?": 0.36, ";": 0.22, ":": 0.22, ",": 0.14}
_LAST_PAUSE = 0.1
_BREATH = 0.04  # where a sentence had to be cut between two words


@dataclass(frozen=True, slots=True)
class Clause:
    """Words to speak in one go, and the silence after them in seconds."""

    words: str
    pause: float


def clauses(spoken: str, *, opening: bool = True) -> list[Clause]:
    """Cut the spoken form of a reply into clauses.

    Args:
        spoken: Words and punctuation only, as `voice.spoken_form` writes them.
        opening: Whether the caller waits for its first sound; else it follows another.

    Returns:
        In order; together they hold every word. Empty where there is no word.
    """
    pieces: list[str] = []
    for sentence in re.split(r"(?<=[.!?])\s+", spoken.strip()):
        words = [part for word in sentence.split() for part in _parts(word)]
        if any(c.isalpha() for c in sentence):
            first = opening and not pieces
            pieces += [" ".join(piece) for piece in _cut(words, first=first)]
    return [
        Clause(piece, _LAST_PAUSE if i == len(pieces) - 1 else _PAUSES.get(piece[-1], _BREATH))
        for i, piece in enumerate(pieces)
    ]


def _parts(word: str) -> list[str]:
    """A word, or the parts of one that is too long to be any."""
    return [word[i : i + LONGEST_WORD] for i in range(0, len(word), LONGEST_WORD)]


def _cut(words: list[str], *, first: bool) -> Iterator[list[str]]:
    """Cut one sentence: the first of a reply after its first clause, any other only if too long."""
    if first and len(words) > FIRST_WORDS:
        ends = _clause_ends(words)
        if ends:
            yield words[: ends[0]]
            words = words[ends[0] :]
    while len(words) > LONGEST_WORDS:
        ends = [end for end in _clause_ends(words) if end <= LONGEST_WORDS]
        end = ends[-1] if ends else LONGEST_WORDS
        yield words[:end]
        words = words[end:]
    yield words


def _clause_ends(words: list[str]) -> list[int]:
    """Word counts after which a clause ends, with enough words on both sides."""
    marks = (i + 1 for i, word in enumerate(words) if word[-1] in ",;:")
    return [end for end in marks if end >= _SHORTEST_CLAUSE and len(words) - end >= 2]
