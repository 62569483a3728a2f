"""A "yes" with another order in the same breath: "sure, and another sixty to Tom"."""

from collections.abc import Callable
from dataclasses import replace

from dialog.assent import deeds_asked
from dialog.grounding import SWITCH, says_only_yes, words_of
from dialog.script import Script
from dialog.state import Frame
from dialog.wanted import same_matter, takes
from dialog.words import Lexicon
from nlu.understanding import Understanding


def agreed_and_more(
    understood: Understanding,
    script: Script,
    asked: Frame,
    read: Callable[[str], Understanding],
    read_open: Callable[[str], Understanding],
) -> tuple[Understanding, ...]:
    """The "yes" and what was ordered with it, or nothing where it may change what was asked.

    "Yes, and make it sixty", "okay, then sixty to Tom" may change it, and are read back: only a
    word that adds an order says that there are two.

    Args:
        understood: The whole utterance.
        script: Knows what stands between the two, and the requests.
        asked: What is agreed to.
        read: Reads a piece of the text as an answer to what was asked.
        read_open: Reads one as if nothing had been asked.
    """
    lexicon = script.lexicon
    joint = lexicon.further.search(understood.text)
    if joint is None:
        return ()
    agreed, deeds = read(understood.text[: joint.start()]), deeds_asked(script, asked)
    if agreed.intent != "affirm" or not says_only_yes(agreed.text, lexicon, deeds):
        return ()
    more = read_open(understood.text[joint.end() :])
    adds = lexicon.adds.search(understood.text, joint.start()) is not None
    if not _stands_alone(more, script, asked, adds=adds):
        return ()
    rivals = tuple((_agreed(text, lexicon, adds=adds), share) for text, share in understood.rivals)
    return replace(agreed, confidence=understood.confidence, rivals=rivals), more


def _agreed(reading: str, lexicon: Lexicon, *, adds: bool) -> str:
    """The "yes" of another reading; all of it where the rest may object or change something."""
    joint = lexicon.further.search(reading)
    if joint is None or _may_change(reading[joint.end() :], lexicon):
        return reading
    if adds and not lexicon.adds.search(reading, joint.start()):
        return reading
    return reading[: joint.start()]


def _may_change(rest: str, lexicon: Lexicon) -> bool:
    doubts = lexicon.doubt.intersection(words_of(rest))
    return bool(doubts) or lexicon.changes.search(rest) is not None


def _stands_alone(more: Understanding, script: Script, asked: Frame, *, adds: bool) -> bool:
    """Whether it is surely another request, or an order of its own like the running one."""
    if _may_change(more.text, script.lexicon):
        return False
    best = more.intents[0] if more.intents else None
    request = best.name if best and best.score >= SWITCH and script.is_request(best.name) else ""
    if request in script.topics:
        return False  # what it costs may be asked before it is agreed to
    if request and not same_matter(script, script.by_intent.get(request, ""), asked.flow):
        return not any(takes(script.flows[asked.flow], entity) for entity in more.entities)
    return adds and any(e.type == "payee" and e.role != "not" for e in more.entities)
