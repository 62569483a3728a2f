"""What a question for a "yes" reads back: which reply it is, and the values that it holds."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from dialog.flow import Confirm
from dialog.lines import Plural
from dialog.script import script
from server.replay.words import plain

_AGAIN = "_again"


@dataclass(frozen=True, slots=True)
class ReadBack:
    """A question for a "yes".

    Attributes:
        reply: The reply that asks it, however often it was asked.
        values: What it holds, by the reply's names: "recipient", "amount", "when".
    """

    reply: str
    values: Mapping[str, str]

    @property
    def length(self) -> int:
        """Characters in all values: the fewer, the more of the answer is the reply's own words."""
        return sum(map(len, self.values.values()))

    def is_like(self, other: "ReadBack") -> bool:
        """Whether both ask the same; another wording may leave out a value."""
        common = self.values.keys() & other.values.keys()
        same = all(plain(self.values[name]) == plain(other.values[name]) for name in common)
        return self.reply == other.reply and same


def read_back(action: str, said: str, language: str = "en") -> ReadBack | None:
    """What an answer reads back; None where it is none of the language's replies that ask for this
    action.

    Where one reply is the beginning of another ("… from your {source}, {when}") it is the shorter
    one, in every wording, whose last value holds the rest.
    """
    found = [
        ReadBack(reply, match.groupdict())
        for reply, pattern in _patterns(action, language)
        if (match := pattern.search(said))
    ]
    return min(found, key=lambda each: (len(each.values), each.length), default=None)


@cache
def _patterns(action: str, language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (reply, _pattern(template))
        for reply in _asking(action, language)
        for template in _templates(reply, language)
    )


def _asking(action: str, language: str) -> set[str]:
    steps = [step for flow in script(language).flows.values() for step in flow.steps]
    return {each.confirm for each in steps if isinstance(each, Confirm) and each.action == action}


def _templates(reply: str, language: str) -> Iterator[str]:
    replies = script(language).replies.replies
    for key in (reply, reply + _AGAIN):
        found = replies[key]
        yield from (*found.one, *found.other) if isinstance(found, Plural) else found


def _pattern(template: str) -> re.Pattern[str]:
    """Of the sentences that hold values, or of the first where none does."""
    sentences = re.split(r"(?<=[.?])\s+", template)
    telling = [each for each in sentences if "{" in each] or sentences[:1]
    return re.compile(r"\s+".join(map(_sentence, telling)), re.IGNORECASE)


def _sentence(template: str) -> str:
    parts = re.split(r"\{(\w+)\}", template)
    words = [re.escape(part) for part in parts]
    words[1::2] = [rf"(?P<{name}>(?:(?![.?]\s).)+?)" for name in parts[1::2]]
    return "".join(words) + r"(?=\s|$)"
