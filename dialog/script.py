"""Everything that people edit about the dialog, read once and checked against itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dialog import (
    services,  # noqa: F401  (they give flows their names)
    wording,
)
from dialog.errors import FlowError
from dialog.flow import Choose, Collect, Confirm, Flow, Say
from dialog.lines import (
    DECIDED_BY_CODE,
    SAID_BY_CODE,
    Knowledge,
    Menu,
    Plural,
    Replies,
    Subject,
    Topic,
    Variants,
)
from dialog.script_check import check_flow, check_replies, line_with
from dialog.state import Frame
from dialog.strict_yaml import read
from dialog.words import Lexicon

ROOT = Path(__file__).resolve().parent


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

    @property
    def actions(self) -> frozenset[str]:
        """All names of decisions."""
        steps = [step for flow in self.flows.values() for step in flow.steps]
        named = {
            step.action for step in steps if isinstance(step, Collect | Choose | Confirm | Say)
        }
        named |= {flow.cancelled_action for flow in self.flows.values()}
        named |= {topic.action for topic in self.topics.values()}
        return frozenset(named.union(DECIDED_BY_CODE))

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


_read: dict[tuple[Path, str], Script] = {}


def script(language: str, root: Path = ROOT) -> Script:
    """The script of a language, read and checked once per process, and again by `reload`.

    Raises:
        FlowError: A file is missing or wrong.
    """
    if (root, language) not in _read:
        _read[root, language] = load(root, language)
    return _read[root, language]


def reload(language: str, root: Path = ROOT) -> Script:
    """Read the files again, for every call that may take them up.

    Raises:
        FlowError: A file is missing or wrong; the script from before stays.
    """
    _read[root, language] = load(root, language)
    return _read[root, language]


def load(root: Path, language: str) -> Script:
    """Read flows/*.yaml and the language's replies, knowledge and lexicon below a folder.

    Raises:
        FlowError: A file is missing or wrong; the message names file, line and cure.
    """
    replies = read_replies(root / "replies" / language)
    flows = {}
    for path in sorted((root / "flows").glob("*.yaml")):
        flow = read(path, Flow)
        if flow.flow != path.stem:
            raise FlowError(f"{path}:1: flow is {flow.flow}: name the file {flow.flow}.yaml")
        flows[flow.flow] = flow
    for name, flow in flows.items():
        check_flow(root / "flows" / f"{name}.yaml", flow, flows, replies)
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
            raise FlowError(f"{path}:{line_with(path, intent)}: no request {intent}: use another")
    lexicon = read(root / "lexicon" / f"{language}.yaml", Lexicon)
    return Script(flows, replies, lexicon, by_intent, topics, knowledge.terms, knowledge.menus)


def read_replies(folder: Path) -> Replies:
    """A language's forms.yaml, and the replies of all other files beside it.

    Raises:
        FlowError: A file is missing or wrong, or a reply stands in two of them.
    """
    forms = read(folder / "forms.yaml", wording.Forms)
    found: dict[str, Variants | Plural] = {}
    for path in sorted(folder.glob("*.yaml")):
        if path.stem == "forms":
            continue
        replies = read(path, Subject).root
        for key in replies.keys() & found.keys():
            line = line_with(path, key)
            raise FlowError(f"{path}:{line}: {key} is in another file, too: remove one")
        check_replies(path, replies)
        found |= replies
    for key in SAID_BY_CODE:
        if key not in found:
            raise FlowError(f"{folder}: no reply {key}: add it, the dialog says it by itself")
    return Replies(forms, found)
