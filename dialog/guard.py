"""What a language model wrote, held against what was decided: it may change words, never facts.

A model is given replies with the names of their values ("You have {balance}."), so that no value
leaves the house, and must give all of them back. Everything else that could tell, promise or claim
something is compared by words that a language's lexicon lists; where anything differs, the reply
itself is said.
"""

import re
import string
from collections import Counter
from collections.abc import Collection

from dialog.grounding import words_of
from dialog.words import Lexicon

LONGEST = 300
"""Letters of an answer that anybody listens to."""

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NAME = re.compile(r"(?<![.!?:]\s)(?<!^)\b[A-Z][\w'’-]*")
_STRANGE = re.compile(r"[\n\r<>\[\]*_#`|\\]|https?:|www\.|@")
_HIDDEN = re.compile(r"\S*\d\S*|\S+@\S+")


def faults(written: str, template: str, lexicon: Lexicon) -> tuple[str, ...]:
    """What a rewritten reply tells otherwise than the reply; empty where it may be said.

    Args:
        written: What the model wrote, with the names of values in it.
        template: The reply.
        lexicon: The language's words.
    """
    plain, reply = _without_names(written), _without_names(template)
    checks = {
        "shape": _STRANGE.search(plain) or not 0 < len(written) <= 2 * len(template) + 40,
        "values": _names(written) != _names(template),
        "numbers": _numbers(plain, lexicon) != _numbers(reply, lexicon),
        "names": not _capitals(plain) <= _capitals(reply) | _words(reply),
        "negation": _negations(plain, lexicon) != _negations(reply, lexicon),
        "promises": _found(lexicon.promises, plain) - _found(lexicon.promises, reply),
        "deeds": _found(lexicon.deeds, plain) != _found(lexicon.deeds, reply),
        "question": plain.rstrip().endswith("?") != reply.rstrip().endswith("?"),
    }
    return tuple(name for name, is_wrong in checks.items() if is_wrong)


def answer_faults(written: str, asked: str, lexicon: Lexicon) -> tuple[str, ...]:
    """What makes an answer to a question outside of banking unfit to be said.

    It may hold no number, no name that was not in the question, no promise, no claim that something
    was done, and nothing about banking: that is what the flows are for.

    Args:
        written: What the model wrote.
        asked: The caller's words, as the model was given them.
        lexicon: The language's words.
    """
    checks = {
        "shape": _STRANGE.search(written) or not 0 < len(written) <= LONGEST or "{" in written,
        "numbers": _numbers(written, lexicon),
        "names": not _capitals(written) <= _words(asked) | _capitals(asked),
        "promises": lexicon.promises.search(written),
        "deeds": lexicon.deeds.search(written),
        "banking": lexicon.banking.search(written),
        "question": "?" in written,
    }
    return tuple(name for name, is_wrong in checks.items() if is_wrong)


def outward(text: str, names: Collection[str], lexicon: Lexicon) -> str:
    """A caller's words without numbers, addresses and names that they know: for another service.

    Args:
        text: The words, secrets masked already.
        names: Of the caller and the people they pay.
        lexicon: Knows number words.
    """
    known = {word for name in names for word in words_of(name)}
    hidden = lexicon.digits.keys() | lexicon.numbers | known

    def shown(word: re.Match[str]) -> str:
        return "…" if word.group().lower().removesuffix("'s") in hidden else word.group()

    return re.sub(r"[\w']+", shown, _HIDDEN.sub("…", text))


def _names(template: str) -> Counter[str]:
    """The names of values; what cannot be read as a template has other ones than any reply."""
    try:
        parsed = [(name, form, how) for _, name, form, how in string.Formatter().parse(template)]
    except ValueError:
        return Counter(("broken",))
    return Counter(f"{name}{form}{how}" for name, form, how in parsed if name is not None)


def _without_names(template: str) -> str:
    return re.sub(r"\{[^{}]*\}", "…", template)


def _numbers(text: str, lexicon: Lexicon) -> Counter[str]:
    known = lexicon.digits.keys() | lexicon.numbers
    spoken = (word for word in words_of(text) for word in word.split("-") if word in known)
    return Counter(_NUMBER.findall(text)) + Counter(spoken)


def _capitals(text: str) -> set[str]:
    """Words that are written as names, but at the beginning of a sentence."""
    return {word.lower() for word in _NAME.findall(text)} - {"i", "i'm", "i'll", "i've", "i'd"}


def _words(text: str) -> set[str]:
    return set(words_of(text))


def _negations(text: str, lexicon: Lexicon) -> int:
    return sum(word in lexicon.negations or word.endswith("n't") for word in words_of(text))


def _found(pattern: re.Pattern[str], text: str) -> set[str]:
    return {found.group().lower() for found in pattern.finditer(text)}
