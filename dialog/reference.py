"""What words point at: "her", "the same", "half of that", "twenty more", "now".

They become values like those that are said outright, so that everything that follows treats them
alike: a new amount is read back, whoever named it how.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from dialog.bank.values import Transaction
from dialog.draft import Draft
from dialog.flow import Confirm
from dialog.grounding import HOLDS, words_of
from dialog.state import Filled, Frame
from nlu.understanding import Entity, Money, ScoredIntent, Understanding

MEANT = ScoredIntent("correct", 0.9)
"""What an utterance that counts from a known amount is: a value for it, whatever it sounds like."""

MONTH = 62
"""Days within which every day of a month comes."""

NAMING = 4
"""Letters from which on a word may name what was paid."""

_CENT = Decimal("0.01")
_RELATIVE = {"more": 1, "less": -1}


def resolved(draft: Draft, heard: Understanding) -> Understanding:
    """The utterance with the values that its words point at.

    Args:
        draft: Knows the flows under way and those that have ended.
        heard: What was said.
    """
    heard = _counted(draft, _with_cents(draft, heard))
    kinds = {entity.type for entity in heard.entities}
    if "payee" not in kinds and _takes(draft, "payee", open_too=True):
        heard = _person(draft, heard)
    if "money" not in kinds:
        heard = _part(draft, heard)
    if not kinds & {"payee", "money"}:
        heard = _described(draft, _billed(draft, heard))
    if not draft.state.stack:
        heard = _asked_on(draft, _other_account(draft, heard))
        if "account_kind" not in kinds:
            heard = _that_account(draft, heard)
        if not kinds & {"card_kind", "digits"}:
            heard = _that_card(draft, heard)
    if draft.state.stack:
        heard = _after_the_first_day(draft, _in_that_week(draft, _within(draft, heard)))
    if "recurrence" not in kinds:
        heard = _standing(draft, heard)
    if "date" not in kinds and draft.state.stack and "day" in draft.top.slots:
        heard = _today(draft, heard)
    return heard


def last_payee(draft: Draft) -> Filled | None:
    """Who was paid or spoken of last."""
    return next((f for frame in _frames(draft) for f in _payees(frame)), None)


def last_amount(draft: Draft) -> Money | None:
    """What was sent, or told to have been sent, last."""
    for frame in _frames(draft):
        filled = frame.slots.get("amount")
        if filled is not None and isinstance(filled.value, Money):
            return filled.value
        told = frame.outcome.get("transactions")
        if isinstance(told, tuple) and told and isinstance(told[0], Transaction):
            return Money(abs(told[0].amount))
    return None


def with_value(heard: Understanding, kind: str, value: Money | str) -> Understanding:
    """An utterance that says one value more, in words that are no part of it."""
    end = len(heard.text)
    entity = Entity(kind, value, "", end, end)
    return replace(heard, entities=(*heard.entities, entity))


def _frames(draft: Draft) -> Iterator[Frame]:
    """Under way, the running one first; then what has ended, the latest first."""
    yield from reversed(draft.state.stack)
    yield from (ended.frame for ended in reversed(draft.state.ended))


def _payees(frame: Frame) -> Iterator[Filled]:
    for slot in ("recipient", "payee"):
        if slot in frame.slots and frame.slots[slot].entity == "payee":
            yield frame.slots[slot]


def _takes(draft: Draft, kind: str, *, open_too: bool) -> bool:
    """Whether the running flow has use for a value of a kind."""
    if not draft.state.stack:
        return open_too
    return any(kind in slot.takes for slot in draft.flow.slots.values()) or open_too


def _person(draft: Draft, heard: Understanding) -> Understanding:
    """ "Send her fifty": the one who was spoken of last, unless that is being asked for."""
    found = draft.script.lexicon.pronouns.search(heard.text)
    known = last_payee(draft)
    if found is None or known is None or (draft.asked or "") == "recipient":
        return heard
    if isinstance(draft.step, Confirm) and draft.step.cancels:
        return heard  # "cancel that one": what was read back
    return with_value(heard, "payee", str(known.value))


def _counted(draft: Draft, heard: Understanding) -> Understanding:
    """ "Twenty more": an amount that counts from the one that is known."""
    known = _known_amount(draft)
    steps = [e for e in heard.entities if e.type == "money" and e.role in _RELATIVE]
    if not steps:
        return heard
    if known is None or len(steps) > 1:
        plain = tuple(replace(e, role=None) if e in steps else e for e in heard.entities)
        return replace(heard, entities=plain)
    (step,) = steps
    value = step.value
    assert isinstance(value, Money)
    amount = known.amount + _RELATIVE[step.role or "more"] * value.amount
    new = replace(step, value=Money(amount, known.currency), role=None)
    entities = tuple(new if e is step else e for e in heard.entities)
    return replace(heard, entities=entities, intents=(MEANT, *heard.intents))


def _with_cents(draft: Draft, heard: Understanding) -> Understanding:
    """ "And sixty cents": cents that are added come to the whole dollars that are known; without
    such a word they are another amount."""
    known = _known_amount(draft)
    if known is None or known.amount != known.amount.to_integral_value():
        return heard
    entities = tuple(
        replace(e, role="more") if _comes_to_it(draft, heard, e) else e for e in heard.entities
    )
    return replace(heard, entities=entities)


def _comes_to_it(draft: Draft, heard: Understanding, entity: Entity) -> bool:
    cents = isinstance(entity.value, Money) and 0 < entity.value.amount < 1
    if not cents or entity.role is not None:
        return False
    before = words_of(heard.text[: entity.start])
    return bool(before) and before[-1] in draft.script.lexicon.adding


def _part(draft: Draft, heard: Understanding) -> Understanding:
    """ "Half of that": a share of the known amount; "the same": the one that was sent last."""
    lexicon = draft.script.lexicon
    known = _known_amount(draft)
    for factor, pattern in lexicon.factors.items():
        if known is not None and pattern.search(heard.text):
            share = (known.amount * Decimal(str(factor))).quantize(_CENT)
            new = with_value(heard, "money", Money(share, known.currency))
            return replace(new, intents=(MEANT, *heard.intents))
    asked = draft.state.expectation.kind == "money"
    if asked and lexicon.same.search(heard.text) and (last := last_amount(draft)):
        new = with_value(heard, "money", last)
        return replace(new, intents=(replace(MEANT, name="inform"), *heard.intents))
    return heard


def _known_amount(draft: Draft) -> Money | None:
    """The amount of the running flow."""
    filled = draft.top.slots.get("amount") if draft.state.stack else None
    return filled.value if filled is not None and isinstance(filled.value, Money) else None


def _other_account(draft: Draft, heard: Understanding) -> Understanding:
    """ "My account, not the checking one": the other of two."""
    named = [e for e in heard.entities if e.type == "account_kind"]
    accounts = draft.facts.accounts if draft.facts else ()
    if len(named) != 1 or named[0].role != "not" or len(accounts) != 2:
        return heard
    rest = [account.kind for account in accounts if account.kind != named[0].value]
    return with_value(heard, "account_kind", rest[0]) if len(rest) == 1 else heard


def _billed(draft: Draft, heard: Understanding) -> Understanding:
    """ "I want to pay my rent", where a bill of that kind is open."""
    pays = sum(i.score for i in heard.intents if i.name in ("transfer", "bill_payment"))
    if draft.facts is None or draft.state.stack or pays < HOLDS:
        return heard
    if any(e.type == "bill_kind" for e in heard.entities):
        return heard
    words = set(words_of(heard.text))
    kind = next((b.kind for b in draft.facts.bills if b.state == "open" and b.kind in words), None)
    if kind is None:
        return heard
    rest = tuple(i for i in heard.intents if i.name != "bill_payment")
    return with_value(
        replace(heard, intents=(replace(MEANT, name="bill_payment"), *rest)), "bill_kind", kind
    )


def _described(draft: Draft, heard: Understanding) -> Understanding:
    """ "When did I pay the airline": the transactions that have the word in their description."""
    known = draft.facts.descriptions if draft.facts else ()
    if any(e.type == "category" for e in heard.entities):
        return heard
    if heard.intent not in ("transactions", "spending", "payment_status"):
        return heard
    said = [_stem(word) for word in words_of(heard.text) if len(word) >= NAMING]
    small = draft.script.lexicon.describes_nothing
    words = (word for text in known for word in words_of(text) if word not in small)
    found = next((word for word in words if _stem(word) in said), None)
    if found is None:
        return heard
    first, *rest = heard.intents
    asked = replace(first, name="transactions")
    rest = [intent for intent in rest if intent.name != asked.name]
    return with_value(replace(heard, intents=(asked, *rest)), "payee", found)


def _stem(word: str) -> str:
    return word.removesuffix("'s").removesuffix("s")


def _that_account(draft: Draft, heard: Understanding) -> Understanding:
    """ "What happened in there": the account that was told of last."""
    last = draft.state.ended[-1] if draft.state.ended else None
    told = last.frame.slots.get("account") if last and last.how == "told" else None
    if told is None or not draft.script.lexicon.there.search(heard.text):
        return heard
    accounts = draft.facts.accounts if draft.facts else ()
    kind = next((a.kind for a in accounts if told.value in (a.id, a.kind)), None)
    return with_value(heard, "account_kind", kind) if kind else heard


def _that_card(draft: Draft, heard: Understanding) -> Understanding:
    """ "Can you raise it to four thousand": the card that was told of last."""
    last = draft.state.ended[-1] if draft.state.ended else None
    card = last.frame.slots.get("card") if last and last.how == "told" else None
    flow = draft.script.flows.get(draft.script.by_intent.get(heard.intent or "", ""))
    takes_card = flow is not None and "card" in flow.slots
    points = draft.script.lexicon.pointing.intersection(words_of(heard.text))
    if card is None or card.entity != "card_kind" or not (takes_card and points):
        return heard
    return with_value(heard, "card_kind", str(card.value))


def _asked_on(draft: Draft, heard: Understanding) -> Understanding:
    """ "And what's the rate on that", of a loan that was just told of."""
    last = draft.state.ended[-1].frame.flow if draft.state.ended else None
    flow = draft.script.flows.get(last or "")
    if flow is None or heard.intent not in flow.follows or heard.entities:
        return heard
    if not draft.script.lexicon.there.search(heard.text):
        return heard
    meant = replace(heard.intents[0], name=flow.intents[0])
    return replace(heard, intents=(meant, *heard.intents[1:]), quote=None)


def _within(draft: Draft, heard: Understanding) -> Understanding:
    """ "What's the interest rate", in the middle of a loan's application: that of loans."""
    flows = (draft.script.flows[frame.flow] for frame in reversed(draft.state.stack))
    meant = next((f.within[heard.intent] for f in flows if heard.intent in f.within), None)
    if meant is None or any(e.type == "account_kind" for e in heard.entities):
        return heard
    first, *rest = heard.intents
    rest = [intent for intent in rest if intent.name != meant]
    return replace(heard, intents=(replace(first, name=meant), *rest), quote=None)


def _in_that_week(draft: Draft, heard: Understanding) -> Understanding:
    """ "Wednesday instead", "no, Wednesday was fine", where another day was read back: of that
    week."""
    known = draft.top.slots.get("day")
    if known is None or not isinstance(known.value, date):
        return heard
    monday = known.value - timedelta(days=known.value.weekday())
    entities = tuple(
        replace(e, value=monday + timedelta(days=e.value.weekday()))
        if isinstance(e.value, date)
        and draft.script.lexicon.weekday.fullmatch(e.text)
        and e.value < monday
        and e.value != draft.view.today
        else e
        for e in heard.entities
    )
    return replace(heard, entities=entities)


def _after_the_first_day(draft: Draft, heard: Understanding) -> Understanding:
    """ "Until the tenth", of a trip that begins in April: the next tenth from its first day on."""
    known = draft.top.slots.get("day")
    if known is None or not isinstance(known.value, date) or "until" not in draft.flow.slots:
        return heard
    first = known.value
    days = [first + timedelta(days=step) for step in range(MONTH)]
    entities = tuple(
        replace(e, value=next((d for d in days if d.day == e.value.day), e.value))
        if isinstance(e.value, date)
        and e.value < first
        and draft.script.lexicon.bare_day.fullmatch(e.text)
        else e
        for e in heard.entities
    )
    return replace(heard, entities=entities)


def _standing(draft: Draft, heard: Understanding) -> Understanding:
    """ "A standing order": every month, where nothing else is said; it is read back."""
    flow = draft.script.flows.get(draft.script.by_intent.get(heard.intent or "", ""))
    repeats = flow is not None and any("recurrence" in s.takes for s in flow.slots.values())
    if not repeats or not draft.script.lexicon.standing.search(heard.text):
        return heard
    return with_value(heard, "recurrence", "month")


def _today(draft: Draft, heard: Understanding) -> Understanding:
    """ "Send it now": today instead of another day."""
    if not draft.script.lexicon.now.search(heard.text):
        return heard
    end = len(heard.text)
    entity = Entity("date", draft.view.today, "", end, end)
    return replace(heard, entities=(*heard.entities, entity), intents=(MEANT, *heard.intents))
