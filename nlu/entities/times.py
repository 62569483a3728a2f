"""Times of day: "3:30 pm", "half past three", "noon", "ten o'clock"."""

from collections.abc import Iterator
from datetime import time

from nlu.entities.cardinals import read_cardinal
from nlu.entities.phrase import Candidate, Phrase

RANK = 65


def find_times(phrase: Phrase) -> Iterator[Candidate]:
    """All times of day."""
    place = 0
    while place < len(phrase.tokens):
        read = _named(phrase, place) or _parted(phrase, place) or _clock(phrase, place)
        if read is None:
            place += 1
            continue
        value, last, confidence = read
        yield Candidate(phrase.entity("time", value, place, last, confidence), RANK)
        place = last


_Read = tuple[time, int, float]


def _named(phrase: Phrase, place: int) -> _Read | None:
    words = phrase.locale.times
    if phrase.word(place) in words.noon:
        return time(12), place + 1, 1.0
    if phrase.word(place) in words.midnight:
        return time(0), place + 1, 1.0
    return None


def _parted(phrase: Phrase, place: int) -> _Read | None:
    """Half past three, quarter to five."""
    words = phrase.locale.times
    part = 30 if phrase.word(place) in words.half else 0
    part = part or (15 if phrase.word(place) in words.quarter else 0)
    joint = phrase.word(place + 1)
    hour = _hour(phrase, place + 2)
    if not part or hour is None or joint not in words.past | words.before:
        return None
    minutes = hour[0] * 60 + (part if joint in words.past else -part)
    return _halved(phrase, minutes // 60 % 24, minutes % 60, hour[1], 0.7)


def _hour(phrase: Phrase, place: int) -> tuple[int, int] | None:
    number = read_cardinal(phrase, place)
    if number is None or number.grouped or not 0 <= number.value <= 23 or number.value % 1:
        return None
    return int(number.value), number.last


def _clock(phrase: Phrase, place: int) -> _Read | None:
    words = phrase.locale.times
    hour = _hour(phrase, place)
    if hour is None:
        return None
    value, at = hour
    minute, written = 0, False
    if phrase.word(at) == ":" and phrase.touches(at) and len(phrase.word(at + 1)) == 2:
        minute, at, written = int(phrase.word(at + 1)), at + 2, True
    else:
        spoken = read_cardinal(phrase, at)
        if spoken is not None and 10 <= spoken.value <= 59 and spoken.value % 1 == 0:
            minute, at = int(spoken.value), spoken.last
    if minute > 59:
        return None
    sure = _is_half(phrase, at) or phrase.word(at) in words.oclock
    awaited = phrase.context.expectation.kind == "time"
    led = phrase.word(place - 1) in words.at and _part_of_day(phrase) != ""
    if not (sure or written or awaited or led):
        return None
    at += phrase.word(at) in words.oclock
    return _halved(phrase, value, minute, at, 0.8)


def _is_half(phrase: Phrase, place: int) -> bool:
    words = phrase.locale.times
    return phrase.says(place, words.am) > 0 or phrase.says(place, words.pm) > 0


def _part_of_day(phrase: Phrase) -> str:
    """ "morning" or "later", where one of them is named anywhere: "Friday afternoon at three"."""
    words, said = phrase.locale.times, {token.text for token in phrase.tokens}
    named = [name for name in ("morning", "later") if said & getattr(words, name)]
    return named[0] if len(named) == 1 else ""


def _halved(phrase: Phrase, hour: int, minute: int, at: int, confidence: float) -> _Read:
    """Puts the hour into its half of the day; unsaid, it stays what the clock shows."""
    words = phrase.locale.times
    pm, am = phrase.says(at, words.pm), phrase.says(at, words.am)
    if pm and hour <= 12:
        return time(hour % 12 + 12, minute), at + pm, 1.0
    if am and hour <= 12:
        return time(hour % 12, minute), at + am, 1.0
    if not pm and hour < 12 and _part_of_day(phrase) == "later":
        return time(hour + 12, minute), at, 1.0
    return time(hour, minute), at, 1.0 if hour > 12 else confidence
