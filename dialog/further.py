"""A "yes" with another order in the same breath: "sure, and another sixty to Tom"."""

from collections.abc import Callable
from dataclasses import replace

from dialog.grounding import SWITCH, says_only_yes, words_of
from dialog.script import Script
from dialog.state import Frame
from dialog.wanted import same_matter, takes
from nlu.understanding import Understanding

ORDER = frozenset({"payee", "money"})
"""What an order of its own must name, so that it changes nothing of the one that is agreed to."""


def agreed_and_more(
    understood: Understanding,
    script: Script,
    asked: Frame,
    read: Callable[[str], Understanding],
    read_open: Callable[[str], Understanding],
) -> tuple[Understanding, ...]:
    """The "yes" and what was ordered with it, or nothing where it may change what was asked.

    "Yes, and make it sixty", "yes, and send it on Friday" change it, and are read back.

    Args:
        understood: The whole utterance.
        script: Knows what stands between the two, and the requests.
        asked: What is agreed to.
        read: Reads a piece of the text as an answer to what was asked.
        read_open: Reads one as if nothing had been asked.
    """
    further = script.lexicon.further
    joint = further.search(understood.text)
    if joint is None:
        return ()
    agreed = read(understood.text[: joint.start()])
    if agreed.intent != "affirm" or not says_only_yes(agreed.text, script.lexicon):
        return ()
    more = read_open(understood.text[joint.end() :])
    likewise = script.lexicon.likewise.search(understood.text, joint.start())
    if not _stands_alone(more, script, asked, likewise=likewise is not None):
        return ()
    rivals = tuple((further.split(text, 1)[0], share) for text, share in understood.rivals)
    return replace(agreed, confidence=understood.confidence, rivals=rivals), more


def _stands_alone(more: Understanding, script: Script, asked: Frame, *, likewise: bool) -> bool:
    """Whether it is surely another request, or an order of its own like the running one."""
    if script.lexicon.doubt.intersection(words_of(more.text)):
        return False
    best = more.intents[0] if more.intents else None
    request = best.name if best and best.score >= SWITCH and script.is_request(best.name) else ""
    if request and not same_matter(script, script.by_intent.get(request, ""), asked.flow):
        return not any(takes(script.flows[asked.flow], entity) for entity in more.entities)
    known = {filled.value for filled in asked.slots.values()}
    if not likewise and any(e.type == "payee" and e.value in known for e in more.entities):
        return False  # "yes, and sixty to Anna" may be another amount for her
    named = {entity.type for entity in more.entities if entity.role != "not"}
    ordered = request or likewise or script.lexicon.listed.issuperset(_words_beside(more))
    return bool(ordered) and named >= ({"payee"} if likewise else ORDER)


def _words_beside(more: Understanding) -> list[str]:
    """The words that are no part of a value."""
    letters = list(more.text)
    for entity in more.entities:
        letters[entity.start : entity.end] = " " * (entity.end - entity.start)
    return words_of("".join(letters))
