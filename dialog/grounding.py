"""How sure we must be before we take something as said.

The figures are probabilities: the recogniser's for the text, the understander's for an intent,
the matcher's for an entity. Money is never moved on them alone: amount and payee are always read
back and confirmed.
"""

import re
from collections.abc import Sequence

from dialog.words import Lexicon
from nlu.readings import EXACT_TYPES
from nlu.understanding import Entity, Understanding

UNCLEAR = 0.30
"""Text below this is treated as sound without words."""

CRITICAL = 0.70
"""A critical slot with an exact value (amount, number, PIN) below this is asked again.

An exact value is as sure as the share of the recogniser's readings that hold it; a date, as that
times how plainly it was said: 0.9 without a year, 0.7 for "next Tuesday". Of 300 spoken
values (seed 1 of audio_samples.roundtrip), at 0.7 no wrong one was taken, and 8 in 100 right ones
were asked again; at 0.6 one wrong one was.
"""

MATCHED = 0.60
"""The same for one that was matched by sound, such as a payee."""

AMBIGUOUS = 0.50
"""The same for an amount whose words have two readings ("three fifty", 0.6 however well heard): the
likelier is read back, and asked again only where the recogniser's readings differ, too."""

WORDS = 0.50
"""The recogniser's own certainty of the words around a critical slot; of values it says little."""

VERIFIED = 0.35
"""The same for one that is verified at once: a number by its check digit, a PIN by the bank.

A PIN that was heard wrong costs one try of three; asking for every doubtful one again would send
callers with an accent to the keys, and the wrong one is never taken for right.
"""

YES = 0.50
"""A "yes" to a strict question needs this from the recogniser and from the understander."""

AGREED = 0.60
"""Share of the recogniser's readings that must be a "yes" to such a question.

Where more than four in ten are other words ("sounded", "yes, and it" beside "yes, send it"), those
may have been said. In street noise a "yes" has often two in ten beside it ("man", "here"), and
counts."""

RIVAL = 0.05
"""From this share on a reading with an objection in it ("yes, but not now") casts doubt on it."""

HOLDS = 0.35
"""An intent counts as meant from here on."""

AGAINST = 0.20
"""A "no" or "change that" beside a "yes" counts against it from here on."""

SWITCH = 0.60
"""Another request takes the floor from here on while an answer is waited for."""

SURE = 0.80
"""A request with a new value in it is a request from here on, not a correction."""

AUDIBLE = 0.95
"""Share of an answer that must have been heard for its question to count as asked.

Every strict question ends in a tail ("Shall I go ahead?") of more than the missing share, so
amount and payee have been heard in full; a test holds that.
"""

HARDLY, FIRST_LETTERS = 0.2, 15
"""Share of an answer, and letters of it (a second), below both of which nothing of it was heard:
who spoke over it had not finished."""

QUESTION = 0.90
"""A passage is told before requests that are less sure than this together, where it is surer. Of
validation's lines three of 219 requests are then answered by a passage, and 61% of the questions.
Weighing the odds of both against each other gave more, but answered "my card is gone, I need to
block it"."""

AGAINST_INTENTS = frozenset({"deny", "correct", "cancel", "wait", "start_over"})


def is_sure(entity: Entity, understanding: Understanding, *, verified: bool = False) -> bool:
    """Whether an entity is certain enough for a critical slot, or for one that is verified."""
    needed = VERIFIED if verified else CRITICAL if entity.type in EXACT_TYPES else MATCHED
    if entity.ambiguous:
        needed = min(needed, AMBIGUOUS)
    words = min(needed, WORDS)
    return entity.confidence >= needed and understanding.confidence >= words


def held(understanding: Understanding) -> tuple[str, ...]:
    """The intents that count as meant, best first."""
    return tuple(i.name for i in understanding.intents if i.score >= HOLDS)


def is_plain_yes(
    understanding: Understanding, lexicon: Lexicon, deeds: frozenset[str] = frozenset()
) -> bool:
    """Whether an utterance is a "yes" and nothing else, heard well.

    Two locks: what the understander made of it, and its words, which are read here again, as are
    those of the recogniser's other readings.

    Args:
        understanding: What was heard; whether it changed a slot is the caller's business.
        lexicon: Knows the words that a "yes" is made of, and those that make it doubtful.
        deeds: Words of the deed that is asked about.
    """
    best = understanding.intents[0] if understanding.intents else None
    if best is None or best.name != "affirm" or best.score < YES:
        return False
    if understanding.confidence < YES:
        return False
    if any(i.name in AGAINST_INTENTS and i.score >= AGAINST for i in understanding.intents):
        return False
    if any(entity.role == "not" for entity in understanding.entities):
        return False
    return says_only_yes(understanding.text, lexicon, deeds) and _is_undisputed(
        understanding, lexicon, deeds
    )


def says_only_yes(text: str, lexicon: Lexicon, deeds: frozenset[str] = frozenset()) -> bool:
    """Whether a text is made of words of assent and of courtesy, and neither asks nor goes on; a
    deed is assent only where it is asked about."""
    rest, wished = lexicon.wished.subn(" ", text)
    words = set(words_of(rest))
    assent = lexicon.assent | deeds
    agrees = bool(wished or words & assent) and words <= assent | lexicon.assent_beside
    agrees = agrees and not (lexicon.no_assent.search(text) or lexicon.unfinished.search(text))
    return agrees and not text.rstrip().endswith("?")


def _is_undisputed(understanding: Understanding, lexicon: Lexicon, deeds: frozenset[str]) -> bool:
    """Whether readings that are no "yes" are few, and none that is likely enough objects."""
    others = [r for r in understanding.rivals if not says_only_yes(r[0], lexicon, deeds)]
    objects = any(
        share >= RIVAL and lexicon.doubt.intersection(words_of(text)) for text, share in others
    )
    return not objects and sum(share for _, share in others) <= 1 - AGREED


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, without punctuation."""
    return re.findall(r"[\w']+", text.lower().replace("’", "'"))


def is_echo(words: Sequence[str], said: Sequence[str]) -> bool:
    """Whether words are a piece of what we have just said: our own voice coming back."""
    spoken = words_of(" ".join(said))
    n = len(words)
    if not any(word.isalpha() for word in words):
        return False
    return any(spoken[i : i + n] == list(words) for i in range(len(spoken) - n + 1))
