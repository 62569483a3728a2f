"""Several orders of one kind in one breath: "pay fifty to Anna and twenty to Tom"."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from dialog.flow import Choose, Flow
from dialog.grounding import words_of
from dialog.options import Option
from dialog.words import Lexicon
from nlu.understanding import Entity, ScoredIntent, Understanding


def orders_in(
    flow: Flow, understanding: Understanding, lexicon: Lexicon
) -> tuple[Understanding, ...]:
    """The orders of an utterance in the order of speech; itself where there is only one.

    Values of one slot make several orders where nothing but words of a list stands between them
    ("fifty, no, sixty" is a correction), and where every other slot has one value for all or one
    for each.

    Args:
        flow: What is ordered.
        understanding: What was heard.
        lexicon: Knows the words of a list.
    """
    values = {name: _values(flow, name, understanding) for name in flow.slots}
    several = {name: found for name, found in values.items() if len(found) > 1}
    counts = {len(found) for found in several.values()}
    if len(counts) != 1 or not all(
        _is_list(found, understanding, lexicon) for found in several.values()
    ):
        return (understanding,)
    orders = tuple(_order(values, at, understanding) for at in range(counts.pop()))
    differ = {tuple(str(entity.value) for entity in order.entities) for order in orders}
    return orders if len(differ) == len(orders) else (understanding,)


def each_of(flow: Flow, step: Choose, options: Sequence[Option]) -> tuple[Understanding, ...]:
    """An order of each option, in a value that names no other one."""
    return tuple(_order_of(flow, step, option, options) for option in options)


def _order_of(flow: Flow, step: Choose, option: Option, options: Sequence[Option]) -> Understanding:
    others = {key for other in options if other != option for key in other.keys}
    key = min(option.keys - others or option.keys, key=str.isdigit)
    kind = "digits" if key.isdigit() else flow.slots[step.choose].takes[0]
    intents = (ScoredIntent(flow.intents[0], 1.0),)
    return Understanding(key, intents, (Entity(kind, key, key, 0, len(key)),), 1.0, True)


def _values(flow: Flow, name: str, understanding: Understanding) -> list[Entity]:
    """A slot's values in the order of speech; an entity that several slots take is the first's."""
    found: list[Entity] = []
    for entity in understanding.entities:
        taker = next(
            (n for n, s in flow.slots.items() if s.fits(entity.type, entity.role, asked=False)),
            None,
        )
        if taker == name and entity.role != "not":
            found.append(entity)
    return found


def _is_list(entities: Sequence[Entity], heard: Understanding, lexicon: Lexicon) -> bool:
    """Whether only words of a list and other values stand between the values."""
    for one, other in pairwise(entities):
        if other.start < one.end:
            return False
        between = "".join(
            " " if any(e.start <= at < e.end for e in heard.entities) else heard.text[at]
            for at in range(one.end, other.start)
        )
        listed = "," in between or not words_of(between) or lexicon.listed & set(words_of(between))
        if not listed or set(words_of(between)) - lexicon.listed:
            return False
    return True


def _order(values: dict[str, list[Entity]], at: int, understanding: Understanding) -> Understanding:
    mine = [
        found[at] if len(found) > 1 else entity for found in values.values() for entity in found[:1]
    ]
    others = {id(entity) for found in values.values() for entity in found}
    kept = [e for e in understanding.entities if id(e) not in others]
    entities = sorted([*mine, *kept], key=lambda entity: entity.start)
    return replace(understanding, entities=tuple(entities))
