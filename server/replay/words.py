"""Words that were heard or answered against words that were wanted."""

import re

from server.bench.spelled import digits, edits, symbols

MASK = "•"
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"'})


def plain(text: str) -> str:
    """Words to compare: without case, spacing and the shape of quotes."""
    return " ".join(text.translate(_QUOTES).casefold().split())


def word_error(said: str, heard: str) -> float:
    """Share of the spoken words that were heard wrongly; above 1 where many were made up.

    Digits count one by one, however they are written. A masked digit (•) stands for the right
    one: secrets cannot be compared.
    """
    wanted, got = symbols(said), heard_symbols(heard, said)
    return edits(wanted, got) / len(wanted) if wanted else float(bool(got))


def heard_symbols(heard: str, said: str) -> list[str]:
    """Masked digits become the spoken ones, in order; one too many is a word too many."""
    if MASK not in heard:
        return symbols(heard)
    spoken = iter(digits(said))
    return symbols(re.sub(MASK, lambda _: f" {next(spoken, 'masked')} ", heard))
