"""The form of an utterance that the head is trained on and asked about."""

import re
from functools import cache

from nlu.locales.locale import load_locale
from nlu.text import plain


def classifiable(text: str, language: str = "en") -> str:
    """The plain form with the recogniser's usual mis-hearings put right ("by lance")."""
    pattern, cures = _table(language)
    return pattern.sub(lambda match: cures[match.group()], plain(text))


@cache
def _table(language: str) -> tuple[re.Pattern[str], dict[str, str]]:
    cures = load_locale(language).mishearings
    longest_first = sorted(cures, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b"), cures
