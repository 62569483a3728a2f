"""Everything that people edit about the dialog, read once and checked against itself."""

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from dialog import actions, checks, conditions, options, wording
from dialog.errors import FlowError
from dialog.flow import Call, Choose, Collect, Confirm, Do, Fill, Flow, Forget, Go, Name, Say
from dialog.state import Frame
from dialog.strict_yaml import Strict, read

ROOT = Path(__file__).resolve().parent
BUILT_IN_RESULTS = frozenset({"ok", "unavailable", "failed"})


def _compiled(text: object) -> re.Pattern[str]:
    if not isinstance(text, str):
        raise ValueError("write a regular expression as text")
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error


Variants = Annotated[tuple[str, ...], Field(min_length=2)]


class Plural(Strict):
    """A reply in two forms, chosen by a value that counts."""

    count: Name
    one: Variants
    other: Variants


class Replies(Strict):
    """A replies file: how values are written, and the replies with their variants."""

    forms: wording.Forms
    replies: dict[Name, Variants | Plural]


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
    """Bare nouns ("card") and the short choice that they are answered with."""

    said: frozenset[str]
    options: Annotated[tuple[MenuOption, ...], Field(min_length=2)]


class Knowledge(Strict):
    """A knowledge file: topics, terms that callers may ask the meaning of, bare nouns."""

    topics: tuple[Topic, ...]
    terms: dict[str, Variants]
    menus: tuple[Menu, ...]


Pattern = Annotated[re.Pattern[str], BeforeValidator(_compiled)]
"""A regular expression, in any case of letters."""


class Lexicon(Strict):
    """Words that the dialog itself looks for; see the file."""

    doubt: frozenset[str]
    digits: dict[str, int]
    currency: frozenset[str]
    minus: frozenset[str]
    recipient: str
    clauses: Pattern
    slots: dict[str, tuple[str, ...]]
    reset: Pattern
    other: Pattern
    swap: Pattern
    yes: frozenset[str]
    no: frozenset[str]
    retract: Pattern
    mistaken: Pattern
    everything: Pattern
    dropping: Pattern
    dropped_last: Pattern
    all_of_it: Pattern
    instead: Pattern
    listed: frozenset[str]
    small: frozenset[str]
    beside: frozenset[str]
    foreign: dict[str, frozenset[str]]
    languages: Pattern

    @cached_property
    def recipient_pattern(self) -> re.Pattern[str]:
        """Finds the name of somebody who should be paid, as group 1."""
        return re.compile(self.recipient)

    def names_slot(self, slot: str, text: str) -> bool:
        """Whether a text names a slot."""
        words = "|".join(re.escape(word) for word in self.slots.get(slot, ()))
        return bool(words) and re.search(rf"\b(?:{words})\b", text, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class Script:
    """Flows, replies, knowledge and words of one language.

    Attributes:
        flows: By name.
        by_intent: The flow that an intent starts.
        topics: The topic that answers an intent.
        terms: What a word means, in variants.
        menus: Bare nouns and what they may mean.
    """

    flows: dict[str, Flow]
    replies: Replies
    lexicon: Lexicon
    by_intent: dict[str, str]
    topics: dict[str, Topic]
    terms: dict[str, Variants]
    menus: tuple[Menu, ...]

    def is_request(self, intent: str) -> bool:
        """Whether an intent wants something done or told (and is not small talk or an answer)."""
        return intent in self.by_intent or intent in self.topics


def wants_more(script: Script, stack: Sequence[Frame]) -> bool:
    """Whether the request that is under way has slots that only the caller can fill."""
    for frame in reversed(stack):
        if not frame.called:
            steps = script.flows[frame.flow].steps
            asked = {step.collect for step in steps if isinstance(step, Collect)}
            return bool(asked - frame.slots.keys())
    return False


@cache
def script(language: str) -> Script:
    """The script of a language, read and checked once per process.

    Raises:
        FlowError: A file is missing or wrong.
    """
    return load(ROOT, language)


def load(root: Path, language: str) -> Script:
    """Read flows/*.yaml and the language's replies, knowledge and lexicon below a folder.

    Raises:
        FlowError: A file is missing or wrong; the message names file, line and cure.
    """
    replies_path = root / "replies" / f"{language}.yaml"
    replies = read(replies_path, Replies)
    _check_replies(replies_path, replies)
    flows = {}
    for path in sorted((root / "flows").glob("*.yaml")):
        flow = read(path, Flow)
        if flow.flow != path.stem:
            raise FlowError(f"{path}:1: flow is {flow.flow}: name the file {flow.flow}.yaml")
        flows[flow.flow] = flow
    for name, flow in flows.items():
        _check_flow(root / "flows" / f"{name}.yaml", flow, flows, replies)
    knowledge = read(root / "knowledge" / f"{language}.yaml", Knowledge)
    by_intent = {intent: name for name, flow in flows.items() for intent in flow.intents}
    topics = {intent: topic for topic in knowledge.topics for intent in topic.intents}
    for topic in knowledge.topics:
        if "default" not in topic.answers:
            raise FlowError(f"{root}/knowledge/{language}.yaml: {topic.topic}: add answers.default")
    for intent in by_intent.keys() & topics.keys():
        raise FlowError(f"{root}: {intent} is a flow's and a topic's intent: remove one")
    for intent in [option.intent for menu in knowledge.menus for option in menu.options]:
        if intent not in by_intent.keys() | topics.keys():
            path = root / "knowledge" / f"{language}.yaml"
            raise FlowError(f"{path}:{_line(path, intent)}: no request {intent}: use another")
    lexicon = read(root / "lexicon" / f"{language}.yaml", Lexicon)
    return Script(flows, replies, lexicon, by_intent, topics, knowledge.terms, knowledge.menus)


def _check_replies(path: Path, replies: Replies) -> None:
    """Every {name} in a reply is a value that wording knows."""
    for key, reply in replies.replies.items():
        texts = reply.one + reply.other if isinstance(reply, Plural) else reply
        names = {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}
        names |= {reply.count} if isinstance(reply, Plural) else set()
        for name in sorted(names - wording.VALUES.keys()):
            known = ", ".join(sorted(wording.VALUES))
            raise FlowError(
                f"{path}:{_line(path, key)}: {key}: no value {name}: use one of {known}"
            )


def _check_flow(path: Path, flow: Flow, flows: dict[str, Flow], replies: Replies) -> None:
    """Every name in a flow stands for something."""
    labels = {step.id for step in flow.steps}
    spoken = replies.replies.keys()

    def must(name: str, known: set[str] | frozenset[str], what: str, cure: str) -> None:
        if name not in known:
            raise FlowError(f"{path}:{_line(path, name)}: no {what} {name}: {cure}")

    def reply(name: str) -> None:
        must(name, set(spoken), "reply", f"add it to replies/ or use another ({flow.flow})")

    def label(name: str) -> None:
        must(name, {i for i in labels if i}, "label", "give a step this id")

    def slot(name: str) -> None:
        must(name, set(flow.slots), "slot", "add it to slots")

    for slot_name, definition in flow.slots.items():
        if definition.check is not None:
            must(
                definition.check, set(checks.CHECKS), "check", f"see dialog/checks.py ({slot_name})"
            )
    for name in (flow.back, flow.cancelled):
        reply(name)
    for step in flow.steps:
        for condition in (step.when, step.unless):
            if condition is not None:
                must(condition, set(conditions.CONDITIONS), "condition", "see dialog/conditions.py")
        match step:
            case Collect():
                slot(step.collect)
                reply(step.ask)
                reply(f"{step.ask}_again")
                if step.unmatched:
                    reply(step.unmatched)
                for target in step.instead.values():
                    label(target)
            case Choose():
                slot(step.choose)
                reply(step.ask)
                reply(f"{step.ask}_again")
                must(step.among, set(options.OPTIONS), "options", "see dialog/options.py")
            case Say():
                reply(step.say)
            case Confirm():
                reply(step.confirm)
                reply(f"{step.confirm}_again")
                label(step.deny)
            case Do():
                must(step.act, set(actions.ACTIONS), "action", "see dialog/actions.py")
                _check_results(path, step)
                for target in step.results.values():
                    label(target)
            case Go():
                label(step.go)
            case Call():
                must(step.call, set(flows), "flow", "add flows/NAME.yaml")
                for target in step.results.values():
                    label(target)
            case Fill():
                slot(step.fill)
                must(step.by, set(options.GUESSES), "guess", "see dialog/options.py")
            case Forget():
                for name in step.forget:
                    slot(name)


def _check_results(path: Path, step: Do) -> None:
    """An act's own results are all led somewhere, and nothing else is."""
    own = actions.ACTIONS[step.act].results
    for name in sorted(own - step.results.keys()):
        line = _line(path, step.act)
        raise FlowError(f"{path}:{line}: {step.act} may end with {name}: add it to results")
    for name in sorted(step.results.keys() - own):
        line = _line(path, name)
        raise FlowError(f"{path}:{line}: {step.act} never ends with {name}: remove it")


def _line(path: Path, word: str) -> int:
    """The first line that holds a word."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pattern = re.compile(rf"\b{re.escape(word)}\b")
    return next((n for n, line in enumerate(lines, 1) if pattern.search(line)), 1)
