"""In-process phonemes are those that Coqui gets from its espeak program."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from voice.errors import VoiceError
from voice.phonemes import Phonemiser

SENTENCES = (
    "Hello, this is an automated assistant; how can I help you?",
    "Is that right? Yes! No...",
    "I've read it, and I'll read it again.",
    "Transfer to Anna Keller, Tom Becker and Hanna Cole.",
    "We open at nine AM and close at five PM.",
    "Your card ending in eight, zero, zero, nine is blocked.",
    "Jalapeño, naïve José: done.",
)


@pytest.fixture(scope="module")
def english() -> Phonemiser:
    return Phonemiser("en-us")


@pytest.mark.skipif(
    not (shutil.which("espeak-ng") or shutil.which("espeak")),
    reason="no espeak program to compare with",
)
@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_phonemes_are_those_of_coquis_espeak(english: Phonemiser, sentence: str) -> None:
    from TTS.tts.utils.text.phonemizers.espeak_wrapper import ESpeak

    assert english.phonemes(sentence) == ESpeak("en-us").phonemize(sentence, separator="")


def test_punctuation_stays_and_nothing_stays_nothing(english: Phonemiser) -> None:
    assert english.phonemes("Yes, no; why?").translate({ord(c): None for c in "ˈˌː"}) == (
        "jɛs, noʊ; waɪ?"
    )
    for nothing in ("", "...", "?!"):
        assert english.phonemes(nothing) == nothing


def test_two_languages_take_turns_in_threads(english: Phonemiser) -> None:
    german = Phonemiser("de")
    alone = english.phonemes("an account"), german.phonemes("ein Konto")
    assert alone[0] != english.phonemes("ein Konto")

    def both(_: int) -> tuple[str, str]:
        return english.phonemes("an account"), german.phonemes("ein Konto")

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(both, range(200))) == {alone}


def test_an_unknown_language_says_what_to_set() -> None:
    with pytest.raises(VoiceError, match=r"no voice 'xx-none'.*phoneme_language"):
        Phonemiser("xx-none")
