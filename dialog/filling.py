"""Filling a flow's slots from what was said: any order, several in one breath, corrections too."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation

from dialog import options
from dialog.bank.values import Facts
from dialog.checks import CHECKS
from dialog.flow import Flow, Slot
from dialog.grounding import SWITCH, is_sure
from dialog.state import Filled, Frame
from dialog.words import Lexicon
from nlu.understanding import Entity, Money, Period, Understanding

_GIVES = ("transfer", "correct", "inform", "affirm", "deny")
"""What an utterance that says "all I have" may be, to mean an amount: not a question for it."""


LEAST_DIGITS = 3
"""Fewer digits than this are no number that was asked for, and no secret: "one moment"."""

BOTH_DAYS = 4
"""Words from which on a stretch of days names both of them, and is no "next week"."""


@dataclass(frozen=True, slots=True)
class Filling:
    """What an utterance did to a frame.

    Attributes:
        frame: The frame with what was taken.
        changed: Slots with a new value.
        repeated: Slots named with the value that they already had.
        unsure: Slots whose value was heard too badly: emptied, to be asked again.
        unclear: Slots with several fitting values, or one that we do not know.
        secrets: Values of slots that are not kept (the PIN).
    """

    frame: Frame
    changed: frozenset[str] = frozenset()
    repeated: frozenset[str] = frozenset()
    unsure: frozenset[str] = frozenset()
    unclear: frozenset[str] = frozenset()
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def touched(self) -> bool:
        """Whether the utterance said anything about the flow's slots that is not known already."""
        return bool(self.changed or self.unsure or self.unclear or self.secrets)


def fill(
    flow: Flow,
    frame: Frame,
    understanding: Understanding,
    facts: Facts | None,
    lexicon: Lexicon,
    *,
    asked: str | None,
) -> Filling:
    """Take what an utterance says about a flow's slots.

    Args:
        flow: The flow.
        frame: Where it stands.
        understanding: What was heard.
        facts: Of the customer, to see that an account's kind and its id are the same.
        lexicon: Finds the name of somebody unknown.
        asked: The slot that the caller was asked for, or None.
    """
    understanding = _with_days_of_periods(flow, understanding)
    filling = Filling(replace(frame, options={}, unmatched=frozenset()))
    for name in flow.slots:
        if name in flow.optional and not _is_about_banking(understanding):
            continue
        entities = _meant(flow, filling.frame, name, understanding, facts, lexicon, asked)
        if entities:
            signed = [_signed(entity, understanding.text, lexicon) for entity in entities]
            filling = _take(filling, name, flow.slots[name], signed, understanding, facts)
    filling = _refuse(filling, understanding, facts)
    return _miss(flow, filling, understanding, lexicon, asked)


def _meant(
    flow: Flow,
    frame: Frame,
    name: str,
    heard: Understanding,
    facts: Facts | None,
    lexicon: Lexicon,
    asked: str | None,
) -> list[Entity]:
    """The entities that belong into a slot; an asked slot takes what no other names by role."""
    slot = flow.slots[name]
    found = []
    for entity in _new_values(heard, lexicon):
        if entity.role == "not":
            continue
        if asked is not None and asked != name and _claims(flow.slots[asked], entity):
            continue
        if slot.fits(entity.type, entity.role, asked=asked == name):
            found.append(entity)
    if not found and asked == name:
        found = _bare_number(slot, heard)
    if not found and slot.all_of is not None and lexicon.all_of_it.search(heard.text):
        found = _all_of_it(frame, slot.all_of, heard, facts)
    return _of_length(slot, found)


def _with_days_of_periods(flow: Flow, heard: Understanding) -> Understanding:
    """A stretch of days as its first and its last one, where a flow asks for these."""
    if not any(slot.takes == ("date:to",) for slot in flow.slots.values()):
        return heard
    found: list[Entity] = []
    for entity in heard.entities:
        if isinstance(entity.value, Period) and len(entity.text.split()) >= BOTH_DAYS:
            first, last = entity.value.first, entity.value.last
            found += [
                replace(entity, type="date", value=first, role="from", end=entity.start),
                replace(entity, type="date", value=last, role="to", start=entity.end),
            ]
        else:
            found.append(entity)
    return replace(heard, entities=tuple(found))


def _is_about_banking(heard: Understanding) -> bool:
    """Whether a day that stands in it may be meant for an order, and is no small talk."""
    return heard.in_scope and heard.intent not in ("chitchat", "greet", "thanks", "insult")


def _new_values(heard: Understanding, lexicon: Lexicon) -> list[Entity]:
    """The entities, amounts without the roles that only places have: "from fifty to sixty" takes
    fifty back; so are accounts in "change the account to savings"."""
    becomes = lexicon.becomes.search(heard.text)
    entities = [
        replace(e, role=None)
        if becomes and e.type == "account_kind" and e.role == "to" and e.start >= becomes.end()
        else e
        for e in heard.entities
    ]
    return [
        replace(e, role={"from": "not", "not": "not"}.get(e.role or "")) if e.type == "money" else e
        for e in entities
    ]


def _claims(asked: Slot, entity: Entity) -> bool:
    """Whether an entity answers what was asked, so that no other slot may take it."""
    if not asked.fits(entity.type, entity.role, asked=True):
        return False
    return asked.digits is None or len(str(entity.value)) == asked.digits


def _bare_number(slot: Slot, heard: Understanding) -> list[Entity]:
    """ "Sixty" as an amount, where an amount is talked about."""
    if "money" not in slot.takes or len(heard.entities) != 1:
        return []
    entity = heard.entities[0]
    if entity.type != "digits" or entity.role == "not":
        return []
    try:
        return [replace(entity, type="money", value=Money(Decimal(str(entity.value))))]
    except InvalidOperation:
        return []


def _all_of_it(
    frame: Frame, source: str, heard: Understanding, facts: Facts | None
) -> list[Entity]:
    """ "All I have": what is available in the named account, or in the checking account."""
    asks = any(i.score >= SWITCH and i.name not in _GIVES for i in heard.intents)
    if facts is None or asks:
        return []
    filled = frame.slots.get(source)
    named = [e.value for e in heard.entities if e.type == "account_kind" and e.role != "to"]
    wanted = {*named, "checking"} if filled is None else {filled.value}
    fitting = [
        a
        for a in facts.accounts
        if (a.kind in named if named else a.id in wanted or a.kind in wanted)
    ]
    return [Entity("money", Money(a.available), heard.text, 0, 0) for a in fitting[:1]]


def _signed(entity: Entity, text: str, lexicon: Lexicon) -> Entity:
    """An amount with "minus" before it is less than nothing, so that it can be refused."""
    before = text[: entity.start].lower().split()
    if not isinstance(entity.value, Money) or not before or before[-1] not in lexicon.minus:
        return entity
    return replace(entity, value=replace(entity.value, amount=-abs(entity.value.amount)))


def _of_length(slot: Slot, entities: list[Entity]) -> list[Entity]:
    """For a slot with a known number of digits, only strings that pass; else all."""
    if slot.digits is None:
        return entities
    found = []
    for entity in entities:
        text = str(entity.value)
        if len(text) > slot.digits and slot.check is not None:
            text = text[: slot.digits]
        elif len(text) > slot.digits and len(text) == 12:
            text = text[-slot.digits :]
        if len(text) == slot.digits and (slot.check is None or CHECKS[slot.check](text)):
            found.append(replace(entity, value=text))
    return found


def _take(
    filling: Filling,
    name: str,
    slot: Slot,
    entities: list[Entity],
    heard: Understanding,
    facts: Facts | None,
) -> Filling:
    """Put the meant value into a slot, or note why not."""
    entity = _newest(filling.frame, name, entities, facts)
    rivals = {str(e.value) for e in entities if e.start < entity.end and entity.start < e.end}
    frame = filling.frame
    if len(rivals) > 1:
        return replace(
            filling,
            frame=replace(
                _without(frame, name), options={**frame.options, name: tuple(sorted(rivals))}
            ),
            unclear=filling.unclear | {name},
        )
    confidence = min(entity.confidence, heard.confidence)
    new = Filled(entity.value, entity.type, confidence, entity.other)
    if name in frame.slots and _same(frame.slots[name], new, facts):
        return replace(filling, repeated=filling.repeated | {name})
    said_twice = name in frame.doubts and frame.doubts[name].value == new.value
    sure = is_sure(entity, heard, verified=slot.verified)
    if slot.critical and not sure and not said_twice:
        # The doubt about a PIN is not kept: hearing it twice would need it to be in the state.
        doubts = {**frame.doubts, name: new} if slot.keep else frame.doubts
        frame = replace(_without(frame, name), doubts=doubts)
        return replace(filling, frame=frame, unsure=filling.unsure | {name})
    if not slot.keep:
        return replace(filling, secrets={**filling.secrets, name: str(entity.value)})
    frame = replace(frame, slots={**frame.slots, name: new})
    return replace(filling, frame=frame, changed=filling.changed | {name})


def _newest(frame: Frame, name: str, entities: list[Entity], facts: Facts | None) -> Entity:
    """The last value, or the last that differs from what is known: "sixty instead of fifty"."""
    known = frame.slots.get(name)
    new = [
        e
        for e in entities
        if known is None
        or not (e.value == known.value or _describes(known, Filled(e.value, e.type), facts))
    ]
    return (new or entities)[-1]


def _refuse(filling: Filling, heard: Understanding, facts: Facts | None) -> Filling:
    """ "Not to Anna": a slot that holds just that is emptied, unless it got a new value."""
    for entity in heard.entities:
        if entity.role != "not":
            continue
        frame = filling.frame
        against = frame.against | {str(entity.value)}
        filling = replace(filling, frame=replace(frame, against=against))
        for name, filled in filling.frame.slots.items():
            new = Filled(entity.value, entity.type)
            if name not in filling.changed and _is_meant(filled, new, facts):
                filling = replace(
                    filling,
                    frame=_without(filling.frame, name),
                    changed=filling.changed | {name},
                )
    return filling


def _miss(
    flow: Flow, filling: Filling, heard: Understanding, lexicon: Lexicon, asked: str | None
) -> Filling:
    """Note that somebody was named whom we do not know, or that digits did not pass."""
    for name, slot in flow.slots.items():
        if name in filling.changed | filling.repeated | filling.unsure | filling.unclear:
            continue
        unknown = _names_unknown(slot, heard, lexicon, is_known=name in filling.frame.slots)
        if unknown or (asked == name and _wrong_digits(slot, heard)):
            frame = _without(filling.frame, name)
            frame = replace(frame, unmatched=frame.unmatched | {name})
            filling = replace(filling, frame=frame, unclear=filling.unclear | {name})
    return filling


def _names_unknown(slot: Slot, heard: Understanding, lexicon: Lexicon, *, is_known: bool) -> bool:
    """Whether somebody or an account was named that we do not know: "Robert", "my mother", "my
    business account"."""
    if "account_kind:from" in slot.takes:
        return lexicon.other_account.search(heard.text) is not None
    if "payee" not in slot.takes:
        return False
    is_kin = not is_known and lexicon.kin.search(heard.text) is not None
    return is_kin or names_stranger(heard, lexicon)


def names_stranger(heard: Understanding, lexicon: Lexicon) -> bool:
    """Whether somebody is to be paid whose name is no payee's."""
    found = lexicon.recipient_pattern.search(heard.text)
    if found is None:
        return False
    start, end = found.span(1)
    return not any(e.start < end and start < e.end for e in heard.entities)


def _wrong_digits(slot: Slot, heard: Understanding) -> bool:
    return slot.check is not None and tells_digits(heard)


def tells_digits(heard: Understanding) -> bool:
    """Whether digits enough for a number were told: "one moment" tells none."""
    return any(e.type == "digits" and len(str(e.value)) >= LEAST_DIGITS for e in heard.entities)


def _without(frame: Frame, slot: str) -> Frame:
    """The frame with a slot emptied."""
    return replace(frame, slots={k: v for k, v in frame.slots.items() if k != slot})


def _same(old: Filled, new: Filled, facts: Facts | None) -> bool:
    """Whether two values mean the same: an id and the kind or last digits of what it stands for."""
    alike = old.entity in (new.entity, options.GUESS)
    return (old.value == new.value and alike) or _describes(old, new, facts)


def _is_meant(old: Filled, new: Filled, facts: Facts | None) -> bool:
    return old.value == new.value or _describes(old, new, facts)


def _describes(old: Filled, new: Filled, facts: Facts | None) -> bool:
    if not isinstance(old.value, int) or facts is None:
        return False
    if new.entity == "bill_kind":
        return any(bill.id == old.value and bill.kind == new.value for bill in facts.bills)
    things = facts.cards if new.entity == "card_kind" else facts.accounts
    return any(t.id == old.value and new.value in (t.kind, t.last4) for t in things)
