"""What an utterance asks for, and which flow its values belong to; starts nothing."""

from collections.abc import Sequence

from dialog.checks import CHECKS
from dialog.draft import Draft
from dialog.filling import Filling, fill, names_stranger
from dialog.flow import Call, Flow
from dialog.grounding import AGAINST, HOLDS, SURE, SWITCH, held
from dialog.script import Script
from nlu.understanding import Entity, ScoredIntent, Understanding

LEAST_VALUES = 2
"""Kinds of value that must be said for a flow to be started by them alone."""

_DESCRIBES = frozenset({"category", "direction"})
"""Values that tell what an order is about, and are no part of it: "the rent to Oak Street"."""

DISPUTE = "dispute"
"""Counts from less on, where somebody says that it was not they."""

COMPLAINT = "complaint"
"""Goes before what it is about, where it is named."""

_ALONE = frozenset({"payee", "money"})
"""Values that begin an order alone; a card or an account may be meant for many things."""


def wanted_in(draft: Draft, understanding: Understanding) -> list[str]:
    """The requests among the intents that count as meant, best first."""
    sure = [name for name in held(understanding) if draft.script.is_request(name)]
    if sure[:1] == ["identify"] and draft.state.customer_id is not None:
        others = [i.name for i in understanding.intents if i.score >= AGAINST]
        sure = [n for n in others if n != "identify" and draft.script.is_request(n)] or sure
    disputed = any(i.name == DISPUTE and i.score >= AGAINST for i in understanding.intents)
    if not sure and disputed and draft.script.lexicon.not_me.search(understanding.text):
        sure = [DISPUTE]
    if COMPLAINT in sure:
        others = [name for name in sure if name != COMPLAINT]
        named = draft.script.lexicon.complains.search(understanding.text)
        scores = {intent.name: intent.score for intent in understanding.intents}
        # "This is the worst bank, just block my card" lets off steam, and wants the card blocked.
        vents = not named and any(scores[name] >= SURE for name in others)
        sure = others if vents else [COMPLAINT, *others] if named else sure
    together = _wanted_together(draft, understanding)
    return [*together, *(name for name in sure if name not in together)]


def _wanted_together(draft: Draft, understanding: Understanding) -> list[str]:
    """The best of the intents that start the same flow, or flows of one matter (to pay, to pay a
    bill), where only together they count, or count for more than another that is not sure."""
    best_alone = understanding.intents[0].score if understanding.intents else 0.0
    if best_alone >= SWITCH:
        return []
    sums: dict[str, list[ScoredIntent]] = {}
    for intent in understanding.intents:
        if flow := draft.script.by_intent.get(intent.name):
            same = next((f for f in sums if same_matter(draft.script, f, flow)), flow)
            sums.setdefault(same, []).append(intent)
    best = max(sums.values(), key=lambda found: sum(i.score for i in found), default=[])
    outweigh = sum(i.score for i in best)
    others = max((i.score for i in understanding.intents if i not in best), default=0.0)
    return [best[0].name] if outweigh >= HOLDS and len(best) > 1 and outweigh > others else []


def wanted_by_values(draft: Draft, understanding: Understanding) -> str | None:
    """The only flow that two values or more belong to, all of them: "forty dollars to Anna"."""
    meant = [entity for entity in understanding.entities if entity.role != "not"]
    entities = [e for e in meant if e.type not in _DESCRIBES]
    kinds = {entity.type for entity in entities}
    if kinds and names_stranger(understanding, draft.script.lexicon):
        kinds.add("payee")  # before the login nobody's name is known
    fitting = [
        name
        for name, flow in draft.script.flows.items()
        if flow.intents
        and orders(flow)
        and all(takes_kind(flow, kind) for kind in kinds)
        and all(takes(flow, entity) for entity in entities)
    ]
    # A flow that calls another one of them asks for more than was said.
    fitting = [name for name in fitting if not _calls_any(draft.script.flows[name], fitting)]
    # A recipient alone is an order where it is told as nothing else: "it's to Anna".
    alone = understanding.intent == "inform" and kinds <= _ALONE
    least = 1 if alone else LEAST_VALUES
    # "From savings to checking" are two.
    told = len(kinds) + len({e.role for e in entities if e.type == "account_kind"} - {None}) // 2
    return fitting[0] if told >= least and len(fitting) == 1 else None


def gives_number(understanding: Understanding) -> bool:
    """Whether a customer number was given before anybody asked for it."""
    digits = (str(e.value) for e in understanding.entities if e.type == "digits")
    return any(CHECKS["customer_number"](text) for text in digits)


def fill_top(draft: Draft, understanding: Understanding, asked: str | None) -> Filling:
    """What an utterance says about the top flow's slots."""
    lexicon = draft.script.lexicon
    return fill(draft.flow, draft.top, understanding, draft.facts, lexicon, asked=asked)


def takes(flow: Flow, entity: Entity) -> bool:
    """Whether a flow has a slot for an entity."""
    return any(slot.fits(entity.type, entity.role, asked=False) for slot in flow.slots.values())


def takes_kind(flow: Flow, kind: str) -> bool:
    """Whether a flow has a slot for some entity of a kind."""
    return any(kind == each.split(":")[0] for slot in flow.slots.values() for each in slot.takes)


def same_matter(script: Script, one: str, other: str) -> bool:
    """Whether two flows are one, or one calls the other: doing both would do it twice."""
    flows = script.flows
    if not {one, other} <= flows.keys():
        return False
    return one == other or _calls_any(flows[one], [other]) or _calls_any(flows[other], [one])


def _calls_any(flow: Flow, names: Sequence[str]) -> bool:
    return any(isinstance(step, Call) and step.call in names for step in flow.steps)


def orders(flow: Flow) -> bool:
    """Whether it is an order: a flow that only tells something is asked for in words."""
    return any(slot.critical for slot in flow.slots.values())
