"""The schema of what the assistant says and knows: replies and knowledge of one language."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, RootModel

from dialog import wording
from dialog.flow import Name
from dialog.strict_yaml import Strict

SAID_BY_CODE = (
    *("greeting", "greet_back", "anything_else", "what_now", "welcome", "goodbye"),
    *("goodbye_silence", "are_you_there", "wait", "nothing_to_cancel", "start_over", "help"),
    *("clarify", "clarify_help", "keys_or_person", "name_or_person", "question_or_person"),
    *("give_up", "as_before", "one_by_one", "menu", "what", "why", "without", "without_person"),
    *("other_language", "out_of_scope", "chitchat", "insult", "louder", "slower", "repeat"),
    *("nothing_to_repeat", "not_sure", "not_all_heard", "say_correction", "ended", "which_one"),
    *("bank_unavailable", "act_failed", "act_uncertain", "hand_over", "nobody_free", "tell_need"),
    *("queue_place", "session_expired"),
)
"""Replies that no flow names, because they may be said anywhere."""

DECIDED_BY_CODE = (
    *("greet", "goodbye", "session_expired", "ask_anything_else", "ask_again_silence", "clarify"),
    *("out_of_scope", "other_language", "repeat", "help", "wait", "tell_done", "tell_knowledge"),
    *("tell_need", "offer_person", "hand_over", "hand_over_failed", "bank_unavailable"),
)
"""Names of decisions that no flow and no topic gives, because they may come anywhere."""

ASIDES = ("again", "why", "what", "without")
"""What may stand behind a question's name: it asked once more, why it is asked, what it means, and
what can be done without an answer."""

Variants = Annotated[tuple[str, ...], Field(min_length=2)]


class Plural(Strict):
    """A reply in two forms, chosen by a value that counts."""

    count: Name
    one: Variants
    other: Variants


class Subject(RootModel[dict[Name, Variants | Plural]]):
    """A file of replies about one subject, with their variants."""


@dataclass(frozen=True, slots=True)
class Replies:
    """A language's replies, and how values are written in them."""

    forms: wording.Forms
    replies: dict[str, Variants | Plural]


class Topic(Strict):
    """Something the assistant knows; answers by weekday, account or card kind, or "default"."""

    topic: Name
    intents: Annotated[tuple[Name, ...], Field(min_length=1)]
    action: Name
    person: bool = False
    answers: dict[str, Variants]


class MenuOption(Strict):
    """A request that a bare noun may mean: how it is called, and words that choose it."""

    intent: Name
    label: str
    words: frozenset[str]


class Menu(Strict):
    """Bare nouns and verbs ("card", "block"), and the short choice that they are answered with; a
    single request is taken at once."""

    said: frozenset[str]
    options: Annotated[tuple[MenuOption, ...], Field(min_length=1)]


class Knowledge(Strict):
    """A knowledge file: topics, terms that callers may ask the meaning of, bare nouns."""

    topics: tuple[Topic, ...]
    terms: dict[str, Variants]
    menus: tuple[Menu, ...]
