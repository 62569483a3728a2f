"""What callers of a bank say: the corpus's training side, and sentences with values."""

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from nlu.corpus.load import FRESH_FOLDER, TEST_FOLDER, TRAIN_FOLDER, load_corpus
from nlu.mishearings import classifiable
from nlu.text import plain
from server.replay.scenario import find_scenarios, load_scenario
from voice.spoken_form import spoken_form

_FILE = Path(__file__).with_name("en.yaml")
_QUESTION = re.compile(
    r"(what|how|when|where|who|why|can|could|do|does|did|is|are|will|would|which)\b", re.IGNORECASE
)


class Words:
    """Draws names and sentences from a seed."""

    def __init__(self, seed: int) -> None:
        self._told: dict[str, list[str]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
        self._random = random.Random(seed)  # noqa: S311
        self._values: dict[str, Callable[[], str]] = {
            "amount": self._amount,
            "name": self.name,
            "day": lambda: self._filled(self._one("days")),
            "years": lambda: str(self._random.randint(1, 30)),
            "ordinal": lambda: spoken_form(_ordinal(self._random.randint(1, 28))),
        }
        self._values |= {f"number{n}": self._digits(n) for n in (4, 6, 8)}

    def name(self) -> str:
        """Somebody who may be paid."""
        first, last = self._one("first_names"), self._one("last_names")
        return self._random.choice([first, first, f"{first} {last}", f"{first} {last}", self._shop])

    def sentence(self) -> str:
        """One with values, in words."""
        return written(self._filled(self._one("templates")))

    @property
    def _shop(self) -> str:
        return self._one("shops")

    def _one(self, kind: str) -> str:
        return self._random.choice(self._told[kind])

    def _filled(self, text: str) -> str:
        """Values in the places of their names; one that is no value is a word of a list."""

        def value(match: "re.Match[str]") -> str:
            kind = match.group(1)
            return self._values[kind]() if kind in self._values else self._one(f"{kind}s")

        return re.sub(r"\{(\w+)\}", value, text)

    def _amount(self) -> str:
        dollars = self._random.choice(
            [
                self._random.randint(1, 99),
                self._random.randint(100, 999),
                self._random.choice((1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 50, 100, 200)) * 5,
                self._random.randint(1000, 9999),
            ]
        )
        cents = f".{self._random.randint(1, 99):02d}" if self._random.random() < 0.25 else ""
        said = spoken_form(f"${dollars}{cents}")
        if self._random.random() < 0.5:
            said = re.sub(r"hundred (?=\w+ dollars|\w+ \w+ dollars)", "hundred and ", said)
        return said.replace("dollars", "bucks") if self._random.random() < 0.1 else said

    def _digits(self, count: int) -> Callable[[], str]:
        def draw() -> str:
            zero = self._random.choice(("zero", "zero", "oh"))
            figures = [self._random.randrange(10) for _ in range(count)]
            return " ".join(zero if not each else spoken_form(str(each)) for each in figures)

        return draw


def sentences(count: int, seed: int) -> list[str]:
    """Different sentences in words, a third of them with values; none of the held-out ones.

    Held out are the corpus's test sides and whatever callers say in this checkout's scenarios and
    recorded calls; single words are everybody's.
    """
    words, held_out = Words(seed), set(_held_out())
    corpus = [
        written(line.text)
        for line in load_corpus(TRAIN_FOLDER, 1)
        if classifiable(line.text)
        == plain(line.text)  # one that imitates the recogniser teaches it
    ]
    random.Random(seed).shuffle(corpus)  # noqa: S311
    with_values = [words.sentence() for _ in range(count // 3)]
    found: dict[str, str] = {}
    for text in (*with_values, *corpus):
        key = plain(text)
        if key and (key not in held_out or " " not in key):
            found.setdefault(key, text)
    chosen = list(found.values())[:count]
    random.Random(seed).shuffle(chosen)  # noqa: S311
    return chosen


def written(text: str) -> str:
    """As the recogniser should write it: in words, a capital letter first, a stop at the end."""
    said = re.sub(r"\bi\b", "I", spoken_form(text).strip())
    if not said:
        return said
    said = said[0].upper() + said[1:]
    return said if said[-1] in ".?!" else said + ("?" if _QUESTION.match(said) else ".")


def _held_out() -> Iterator[str]:
    for folder in (TEST_FOLDER, FRESH_FOLDER):
        yield from (plain(spoken_form(line.text)) for line in load_corpus(folder, 1))
    checkout = Path(__file__).parents[2]
    for root in (checkout / "scenarios", checkout / "audio_samples"):
        for path in find_scenarios(root) if root.is_dir() else ():
            turns: Any = load_scenario(path).turns
            yield from (plain(spoken_form(turn.say)) for turn in turns if turn.say)


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10 if number // 10 != 1 else 0, "th")
    return f"{number}{ending}"
