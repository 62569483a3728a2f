"""The customer's own payees by sound and by spelling.

A wrong payee is worse than a question: a name that is nobody's in the list gets no entity, a
first name that several share gets a low confidence, and a right first name before a wrong last
name counts for nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import jellyfish
from rapidfuzz.distance import JaroWinkler, Levenshtein

from nlu.entities.phrase import Candidate, Phrase
from nlu.text import tokenize

RANK = 57
LEAST = 0.75
"""Below this likeness a span is nobody's name."""

ALIKE = 0.7
"""Below this likeness in spelling a word is alike by sound alone."""

RUN_TOGETHER = 0.75
"""The same for one word that may be a name of several."""

_VOWELS = "aeiou"
_LONGEST = 4
_LONG = 6
"""Letters from which on an ending tells a verb from a name."""


@dataclass(frozen=True, slots=True)
class _Name:
    value: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Match:
    name: _Name
    first: int
    last: int
    score: float


def find_payees(phrase: Phrase) -> Iterator[Candidate]:
    """Mentions of the payees in the context, each with its best match."""
    names = [
        _Name(value, tuple(token.text for token in tokenize(value) if token.is_word))
        for value in phrase.context.payees
    ]
    place = 0
    while place < len(phrase.tokens) and names:
        matches = [match for name in names for match in _matches(phrase, place, name)]
        if not matches:
            place += 1
            continue
        best = max(matches, key=lambda match: (match.score, match.last))
        confidence = _confidence(best, matches)
        entity = phrase.entity("payee", best.name.value, best.first, best.last, confidence)
        yield Candidate(entity, RANK)
        place = best.last


@lru_cache(maxsize=4096)
def likeness(said: str, written: str) -> float:
    """How alike two words are, 0 to 1: by spelling, or by sound where the spelling is near."""
    if said == written:
        return 1.0
    spelling = _spelling(said, written)
    sounds = jellyfish.metaphone(said), jellyfish.metaphone(written)
    unsaid = said[-1] in _VOWELS and sounds[0] == _without_final_r(written, sounds[1])
    if sounds[0] and (sounds[0] == sounds[1] or unsaid):
        # Short codes meet by chance: "Anna" and "on" are both AN.
        return max(spelling, 0.93) if spelling >= 0.4 else spelling
    sound = float(Levenshtein.normalized_similarity(*sounds))
    return min(0.88, max(spelling, 0.5 * spelling + 0.5 * sound) - 0.02)


def _without_final_r(word: str, code: str) -> str:
    """The sound where nobody says the r: "Keller" is heard as "Killa" and as "Kela"."""
    is_open = len(code) > 2 and word[-1] == "r" and word[-2] in _VOWELS
    return code.removesuffix("R") if is_open else code


def _spelling(said: str, written: str) -> float:
    return max(
        float(Levenshtein.normalized_similarity(said, written)),
        float(JaroWinkler.similarity(said, written)) - 0.1,
    )


def _matches(phrase: Phrase, place: int, name: _Name) -> Iterator[_Match]:
    if not phrase.tokens[place].is_word:
        return
    for length in range(min(_LONGEST, len(phrase.tokens) - place), 0, -1):
        words = _words(phrase, place, length)
        if words is None:
            continue
        barred = phrase.locale.banking.not_names
        if any(word in barred and word not in name.parts for word in words):
            continue
        if phrase.locale.connecting.issuperset(words):
            continue
        whole = length > 1 or len(name.parts) == 1
        whole = whole or _may_run_together(phrase, place, words[0], name)
        score = _full(words, name) if whole else 0.0
        score = score if score >= LEAST else _part(phrase, place, length, words, name)
        if score >= LEAST:
            yield _Match(name, place, place + length, score)


def _words(phrase: Phrase, place: int, length: int) -> list[str] | None:
    words = []
    for at in range(place, place + length):
        word = phrase.word(at).removesuffix("'s")
        if not phrase.tokens[at].is_word:
            return None
        words.append(word)
    return words


def _may_run_together(phrase: Phrase, place: int, word: str, name: _Name) -> bool:
    """Whether one word may be a whole name ("to Anakella"): where a payee stands, and spelled like
    it, since short codes of sounds meet by chance ("savers" and "Sofia Rossi")."""
    expected = phrase.context.expectation.kind == "payee" or _follows_to(phrase, place)
    known = word in phrase.locale.banking.not_names or word in phrase.locale.banking.ordinary
    return expected and not known and _spelling(word, "".join(name.parts)) >= RUN_TOGETHER


def _full(words: Sequence[str], name: _Name) -> float:
    """The whole name, word by word, or run together where it was cut elsewhere."""
    if len(words) == len(name.parts):
        scores = [likeness(said, written) for said, written in zip(words, name.parts, strict=True)]
        # The least alike word decides: "Anna Miller" is not Anna Keller.
        return 0.7 * min(scores) + 0.3 * sum(scores) / len(scores) if min(scores) >= 0.7 else 0.0
    glued = likeness("".join(words), "".join(name.parts))
    return glued - 0.03 if glued >= 0.86 else 0.0


def _part(phrase: Phrase, place: int, length: int, words: Sequence[str], name: _Name) -> float:
    """One word of the name, or some in a row ("Blue River"), and no other name beside them."""
    if length >= len(name.parts) or _in_a_name(phrase, place, length, name):
        return 0.0
    barred = phrase.locale.banking.not_names
    best = 0.0
    expected = phrase.context.expectation.kind == "payee" or _follows_to(phrase, place)
    for start in range(len(name.parts) - length + 1):
        parts = name.parts[start : start + length]
        generic = length == 1 and words[0] in barred
        if generic and not _is_led(phrase, place):
            continue
        if words[0] not in parts and _is_answer(phrase, words):
            continue
        # "Kill that" is no Cole: a word that is only alike by sound must stand where a payee does.
        if not expected and min(map(_spelling, words, parts)) < ALIKE:
            continue
        scores = [likeness(said, written) for said, written in zip(words, parts, strict=True)]
        score = min(scores) - (0.08 if start == 0 else 0.13)
        best = max(best, score if min(scores) >= 0.86 else 0.0)
    return best


def _is_answer(phrase: Phrase, words: Sequence[str]) -> bool:
    """ "Cool" and "sure" are no misheard names."""
    return len(words) == 1 and words[0] in phrase.locale.answers.words


def _is_led(phrase: Phrase, place: int) -> bool:
    """True after a word that a payee follows ("to", "for"), and alone in the utterance."""
    return _follows_to(phrase, place) or (place == 0 and len(phrase.tokens) <= 3)


def _follows_to(phrase: Phrase, place: int) -> bool:
    led = phrase.word(place - 1) in phrase.locale.dates.the
    before = phrase.word(place - 1 - led)
    pays = led and before in phrase.locale.money.verbs
    # "The power company", "send the insurance fifty", and not "the power bill".
    behind, words = phrase.word(place + 1), phrase.locale
    amount = behind.isdigit() or behind in words.numbers.openers or behind in words.money.signs
    named = pays and (amount or behind in words.banking.ordinary)
    return named or before in phrase.locale.banking.roles["to"]


def _in_a_name(phrase: Phrase, place: int, length: int, name: _Name) -> bool:
    """True where a word beside the span is no known word: it belongs to somebody else's name."""
    begins = likeness(phrase.word(place).removesuffix("'s"), name.parts[0]) >= LEAST
    for at in (place - 1, place + length):
        if not 0 <= at < len(phrase.tokens) or not phrase.tokens[at].is_word:
            continue
        if phrase.word(at) in phrase.locale.banking.not_names:
            continue
        written = phrase.text[phrase.tokens[at].start]
        if at < place and begins and phrase.text.islower():
            # A given name comes first: "shoot tom" names no Shoot.
            continue
        known = _is_ordinary(phrase, at) or any(
            likeness(phrase.word(at), part) >= 0.86 for part in name.parts
        )
        if not known and (written.isupper() or phrase.text.islower()):
            return True
    return False


def _is_ordinary(phrase: Phrase, at: int) -> bool:
    """True for a word that is nobody's name: a number, a weekday, "something"."""
    locale, word = phrase.locale, phrase.word(at)
    possessed = phrase.word(at - 1).endswith("'s")
    return (
        possessed
        or (len(word) >= _LONG and word.endswith(locale.banking.ordinary_endings))
        or word in locale.banking.ordinary
        or word in locale.numbers.openers
        or word in locale.dates.units
        or word in locale.money.after
        or word in locale.money.verbs
        or word in locale.answers.fillers
    )


def _confidence(best: _Match, matches: Sequence[_Match]) -> float:
    """Lower where another payee is nearly as like."""
    rivals = [match.score for match in matches if match.name.value != best.name.value]
    rival = max(rivals, default=0.0)
    gap = best.score - rival
    doubt = 0.0 if gap >= 0.12 else (0.12 - gap) / 0.12 * 0.45
    return round(max(0.05, min(1.0, best.score) - doubt), 3)
