"""Written text to words only, as a voice needs it.

Coqui's own cleaners read "$1,234.56" as "twelve thirty four dollars" and dates as nonsense, so a
voice is given nothing but words and the punctuation that it pauses for.
"""

from collections.abc import Callable

from voice.spoken.calendar import say_dates, say_times, say_years
from voice.spoken.digit_strings import say_digit_strings, say_phone_numbers, say_references
from voice.spoken.language import Language, load_language
from voice.spoken.money import say_money
from voice.spoken.numbers import (
    say_fractions,
    say_numbers,
    say_ordinals,
    say_percents,
    say_ranges,
)
from voice.spoken.signs import (
    plain_text,
    say_abbreviations,
    say_links,
    say_literals,
    say_symbols,
    tidy,
)

_STEPS: tuple[Callable[[str, Language], str], ...] = (
    say_literals,
    say_links,
    say_dates,  # before anything that could take 2026-03-16 for a phone number
    say_money,
    say_digit_strings,
    say_phone_numbers,
    say_times,
    say_percents,
    say_ordinals,
    say_years,
    say_fractions,
    say_ranges,
    say_references,
    say_numbers,  # whatever digits are left
    say_abbreviations,
    say_symbols,
)


def spoken_form(text: str, language: str = "en") -> str:
    """Say written text in words.

    Args:
        text: As people write it: money, dates, digits, abbreviations, links.
        language: ISO 639-1; there must be a `voice/spoken/<language>.yaml`.

    Returns:
        Latin letters, spaces, apostrophes inside words and `.,;:!?` only; never a digit. What
        cannot be said (emoji, another script) is left out; "" if nothing can.

    Raises:
        VoiceError: there is no such language.
    """
    words = load_language(language)
    said = plain_text(text)
    for step in _STEPS:
        said = step(said, words)
    return tidy(said)


def sample_sentence(language: str = "en") -> str:
    """A sentence of the language, to measure a voice with."""
    return load_language(language).sample
