"""Bare nouns: "card" may mean many things, so a short choice is offered."""

from collections.abc import Sequence
from dataclasses import replace

from dialog.draft import Draft
from dialog.filling import names_stranger
from dialog.grounding import SURE, SWITCH, words_of
from dialog.lines import Menu
from dialog.requests import request
from dialog.state import Offered
from dialog.wanted import orders, takes, takes_kind
from nlu.understanding import Entity, Expectation, ScoredIntent, Understanding

LIKELY = 0.15
"""An offered request is taken from here on where nothing else is surely asked for."""


SHORT = 4
"""An answer of this many words or fewer is one to the offer, if a word of one option is in it."""


def offered(draft: Draft, understanding: Understanding) -> bool:
    """Offer a choice where a bare noun was said; True where that was done."""
    menu = None if draft.state.stack else _menu_of(draft, understanding)
    if menu is None or (len(menu.options) == 1 and _asks_surely(draft, understanding)):
        return False
    draft.reason = "a bare noun"
    if len(menu.options) == 1:
        meant = (ScoredIntent(menu.options[0].intent, 1.0),)
        request(draft, replace(understanding, intents=meant, in_scope=True), closing=False)
        return True
    values = understanding.entities
    offer = tuple(Offered(o.intent, o.label, o.words, values) for o in menu.options)
    draft.change(offered=offer)
    draft.say("menu", "clarify")
    draft.change(expectation=Expectation("choice", choices=tuple(o.label for o in offer)))
    return True


def chosen(draft: Draft, understanding: Understanding, offer: tuple[Offered, ...]) -> bool:
    """Take up what was chosen of an offer; True where something was."""
    if not offer:
        return False
    intent = _choice(draft, understanding, offer)
    if intent is None:
        return False
    said = tuple(e for e in understanding.entities if e.type != "ordinal")
    kinds = {entity.type for entity in said}
    # "Debit card", "block it": what was named before the choice is still meant.
    entities = (*(e for e in offer[0].values if e.type not in kinds), *said)
    meant = (ScoredIntent(intent, 1.0),)
    wish = Understanding(understanding.text, meant, entities, understanding.confidence, True)
    draft.change(offered=offer)
    request(draft, wish, closing=False)
    return True


def _menu_of(draft: Draft, understanding: Understanding) -> Menu | None:
    small = draft.script.lexicon.small
    said = " ".join(word for word in words_of(understanding.text) if word not in small)
    return next((menu for menu in draft.script.menus if said in menu.said), None)


def _asks_surely(draft: Draft, understanding: Understanding) -> bool:
    """Whether something is surely asked for, so that a noun is not bare: spending on "travel"."""
    best = understanding.intents[0] if understanding.intents else None
    return best is not None and best.score >= SURE and draft.script.is_request(best.name)


def _choice(draft: Draft, understanding: Understanding, offer: tuple[Offered, ...]) -> str | None:
    """The offered request that an answer means: by place, by its intent, or by its words."""
    place = next((_at(e, offer) for e in understanding.entities if e.type == "ordinal"), None)
    if place is not None:
        return place.intent
    names = [option.intent for option in offer]
    words = set(words_of(understanding.text))
    fitting = [option.intent for option in offer if option.words & words]
    if len(fitting) == 1 and len(words) <= SHORT:
        return fitting[0]
    if understanding.intent in ("inform", "correct") and not fitting:
        fitting = _by_values(draft, understanding, names)
        if len(fitting) == 1:
            return fitting[0]
    # A word of one option alone stands against a request that is not quite sure.
    least = SURE if len(fitting) == 1 else SWITCH
    sure = [i.name for i in understanding.intents if i.score >= least]
    if sure and (sure[0] in names or draft.script.is_request(sure[0])):
        # "I lost it" is another word for a block.
        flow = draft.script.by_intent.get(sure[0])
        return next((n for n in names if n == sure[0] or _starts(draft, n, flow)), None)
    if len(fitting) == 1:
        return fitting[0]
    likely = [i.name for i in understanding.intents if i.name in names and i.score >= LIKELY]
    return likely[0] if likely else None


def _starts(draft: Draft, intent: str, flow: str | None) -> bool:
    return flow is not None and draft.script.by_intent.get(intent) == flow


def _by_values(draft: Draft, understanding: Understanding, names: Sequence[str]) -> list[str]:
    """The offered orders that have use for all that was told: "to Tom", after "a payment?"."""
    values = [e for e in understanding.entities if e.role != "not" and e.type != "ordinal"]
    flows = {n: draft.script.flows[f] for n in names if (f := draft.script.by_intent.get(n))}
    fitting = [n for n, f in flows.items() if orders(f) and all(takes(f, e) for e in values)]
    if names_stranger(understanding, draft.script.lexicon):
        return [n for n in fitting if takes_kind(flows[n], "payee")]
    return fitting if values else []


def _at(entity: Entity, offer: tuple[Offered, ...]) -> Offered | None:
    place = int(str(entity.value))
    place = place - 1 if place > 0 else place
    return offer[place] if -len(offer) <= place < len(offer) else None
