"""Another language than ours: said plainly, with a person as the way out."""

from dialog.draft import Draft
from dialog.floor import give_back_floor
from dialog.grounding import words_of
from dialog.words import Lexicon

LEAST_WORDS = 2
SHARE = 0.4
"""Share of an utterance's words that must be of the other language; a name alone is none."""


def is_foreign(text: str, lexicon: Lexicon) -> bool:
    """Whether a text is in another language, or asks for one."""
    if lexicon.languages.search(text):
        return True
    if _is_other_script(text):
        return True
    words = words_of(text)
    counts = [sum(word in known for word in words) for known in lexicon.foreign.values()]
    return max(counts, default=0) >= max(LEAST_WORDS, SHARE * len(words))


def _is_other_script(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    return sum(ord(letter) > 0x24F for letter in letters) > len(letters) / 2


def other_language(draft: Draft) -> None:
    """Say which language we speak, and that a person may speak others."""
    draft.reason = "another language"
    draft.say("other_language", "other_language")
    give_back_floor(draft)
