"""Whole and decimal numbers in words or figures: "twelve hundred", "2 thousand", "1,234.56"."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from nlu.entities.phrase import Phrase

Last = Literal["start", "unit", "teen", "tens", "hundred", "scale", "figure"]


@dataclass(frozen=True, slots=True)
class Cardinal:
    """A number that was read.

    Attributes:
        value: Exact.
        first, last: Token places, last excluded.
        digits: Its figures where it was one plain run of them or one word of a digit ("0", "oh").
        grouped: True where it was written with commas or a decimal point.
    """

    value: Decimal
    first: int
    last: int
    digits: str = ""
    grouped: bool = False


def read_figure(phrase: Phrase, place: int) -> Cardinal | None:
    """A number in figures at a token, commas and a decimal point included."""
    if place >= len(phrase.tokens) or not phrase.tokens[place].is_digits:
        return None
    text, at = phrase.word(place), place + 1
    while (
        len(text.replace(",", "")) <= 9
        and phrase.word(at) == ","
        and phrase.touches(at)
        and phrase.touches(at + 1)
        and len(phrase.word(at + 1)) == 3
        and phrase.tokens[at + 1].is_digits
        and len(text.split(",")[0]) <= 3
    ):
        text, at = f"{text},{phrase.word(at + 1)}", at + 2
    if (
        phrase.word(at) == "."
        and phrase.touches(at)
        and phrase.touches(at + 1)
        and phrase.tokens[at + 1].is_digits
    ):
        text, at = f"{text}.{phrase.word(at + 1)}", at + 2
    grouped = at > place + 1
    return Cardinal(
        Decimal(text.replace(",", "")), place, at, "" if grouped else text, grouped=grouped
    )


class _Reader:
    """Takes one number token by token; stops where the language's grammar stops."""

    def __init__(self, phrase: Phrase, place: int) -> None:
        self.phrase = phrase
        self.words = phrase.locale.numbers
        self.first = self.at = place
        self.total = Decimal(0)
        self.current: Decimal | None = None
        self.last: Last = "start"
        self.bound = Decimal(10**12)
        self.grouped = False

    def read(self) -> Cardinal | None:
        while self._step():
            pass
        if self.last == "start":
            return None
        value = self.total + (self.current or Decimal(0))
        plain = self.phrase.word(self.first) if self.at == self.first + 1 else ""
        digits = plain if plain.isdecimal() else ""
        return Cardinal(value, self.first, self.at, digits, self.grouped)

    def _step(self) -> bool:
        place = self._after_joint()
        word = self.phrase.word(place)
        return (
            self._small(word, place)
            or self._hundred(word, place)
            or self._scale(word, place)
            or self._article(word, place)
            or self._implied(word, place)
            or self._figure(place)
            or self._half(place)
        )

    def _after_joint(self) -> int:
        """Past a hyphen inside a number and past "and" after hundred or thousand."""
        word, following = self.phrase.word(self.at), self.phrase.word(self.at + 1)
        if self.last == "start":
            return self.at
        if word == "-" and self.phrase.touches(self.at) and self.phrase.touches(self.at + 1):
            return self.at + 1
        if word in self.words.conjunctions and self.last in ("hundred", "scale"):
            known = self.words.units | self.words.teens | self.words.tens
            if following in known or following.isdecimal():
                return self.at + 1
        return self.at

    def _take(self, place: int, last: Last) -> bool:
        self.at, self.last = place + 1, last
        return True

    def _small(self, word: str, place: int) -> bool:
        words = self.words
        if word in words.units and self.last in ("start", "tens", "hundred", "scale"):
            self.current = (self.current or Decimal(0)) + words.units[word]
            return self._take(place, "unit")
        if self.last not in ("start", "hundred", "scale"):
            return False
        if word in words.teens:
            self.current = (self.current or Decimal(0)) + words.teens[word]
            return self._take(place, "teen")
        if word in words.tens:
            self.current = (self.current or Decimal(0)) + words.tens[word]
            return self._take(place, "tens")
        return False

    def _hundred(self, word: str, place: int) -> bool:
        if word not in self.words.hundred or not self.current or self.current >= 100:
            return False
        self.current *= 100
        return self._take(place, "hundred")

    def _scale(self, word: str, place: int) -> bool:
        scale = self.words.scales.get(word)
        if scale is None or not self.current or scale >= self.bound:
            return False
        self.total += self.current * scale
        self.current, self.bound = None, Decimal(scale)
        return self._take(place, "scale")

    def _article(self, word: str, place: int) -> bool:
        following = self.phrase.word(place + 1)
        if self.last != "start" or word not in self.words.articles:
            return False
        if following not in self.words.hundred and following not in self.words.scales:
            return False
        self.current = Decimal(1)
        return self._take(place, "unit")

    def _implied(self, word: str, place: int) -> bool:
        """ "Hundred and ten": one of them, unless it is not said how many."""
        if self.last != "start" or word not in self.words.implied:
            return False
        if self.phrase.word(place - 1) in self.words.vague:
            return False
        if word in self.words.scales:
            self.total, self.bound = Decimal(self.words.implied[word]), Decimal(1000)
            return self._take(place, "scale")
        self.current = Decimal(self.words.implied[word])
        return self._take(place, "hundred")

    def _figure(self, place: int) -> bool:
        if self.last not in ("start", "scale", "hundred"):
            return False
        figure = read_figure(self.phrase, place)
        limit = Decimal(100) if self.last == "hundred" else self.bound
        if figure is None or figure.value >= limit:
            return False
        if self.last != "start" and (figure.grouped or figure.digits.startswith("0")):
            return False
        self.current = (self.current or Decimal(0)) + figure.value
        self.grouped = figure.grouped
        self._take(figure.last - 1, "figure")
        return True

    def _half(self, place: int) -> bool:
        """Two and a half thousand."""
        words, phrase = self.words, self.phrase
        if (
            self.current is None
            or self.total
            or self.last not in ("unit", "teen", "tens", "figure")
        ):
            return False
        if phrase.word(place) not in words.conjunctions:
            return False
        if phrase.word(place + 1) not in words.articles or phrase.word(place + 2) not in words.half:
            return False
        self.current += Decimal("0.5")
        return self._take(place + 2, "unit")


def read_cardinal(phrase: Phrase, place: int) -> Cardinal | None:
    """The longest number that begins at a token, or None.

    "one twenty" is two numbers here: how they join depends on what is counted.
    """
    word = phrase.word(place)
    if word in phrase.locale.numbers.zeros:
        return Cardinal(Decimal(0), place, place + 1, "0")
    if not (word in phrase.locale.numbers.openers or word[:1].isdecimal()):
        return None
    found = _Reader(phrase, place).read()
    if found and not found.digits and found.last == found.first + 1 and not found.grouped:
        unit = phrase.locale.numbers.units.get(word)
        if unit is not None:
            return Cardinal(found.value, found.first, found.last, str(unit))
    return found


def read_cardinals(phrase: Phrase, place: int) -> list[Cardinal]:
    """The numbers that follow each other with nothing but spaces or a hyphen between them."""
    found: list[Cardinal] = []
    while (number := read_cardinal(phrase, place)) is not None:
        found.append(number)
        place = number.last
        if phrase.word(place) == "-" and phrase.touches(place) and phrase.touches(place + 1):
            place += 1
    return found
