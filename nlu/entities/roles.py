"""What the words before an entity say of it: "from savings", "to Anna", "not fifty"."""

from collections.abc import Sequence
from dataclasses import replace

from nlu.entities.phrase import Phrase
from nlu.understanding import Entity, Money

_REACH = 5


def with_roles(phrase: Phrase, entities: Sequence[Entity]) -> list[Entity]:
    """The same entities, each with the role that the words before it give it."""
    told = [
        replace(entity, role=_step(phrase, entity) or _role(phrase, entity)) for entity in entities
    ]
    return _two_sides([_beside_another(entity, told[:place]) for place, entity in enumerate(told)])


def _beside_another(entity: Entity, before: Sequence[Entity]) -> Entity:
    """ "The bond fund and the index fund": the second product is the other one."""
    if entity.type != "product" or entity.role == "not":
        return entity
    others = [one.value for one in before if one.type == "product" and one.role != "not"]
    return replace(entity, role="other") if others and entity.value not in others else entity


def _two_sides(entities: list[Entity]) -> list[Entity]:
    """Of two accounts, one of which money comes from, the other is where it goes: "I'm low in
    checking, top it up from savings"."""
    accounts = [e for e in entities if e.type == "account_kind"]
    roles = {e.role for e in accounts}
    if len({e.value for e in accounts}) != 2 or len(accounts) != 2 or roles != {"from", None}:
        return entities
    return [
        replace(e, role="to") if e.type == "account_kind" and e.role is None else e
        for e in entities
    ]


def _step(phrase: Phrase, entity: Entity) -> str | None:
    """ "Twenty more", "add ten", "and fifty cents": an amount that counts from another one."""
    if not isinstance(entity.value, Money):
        return None
    words = phrase.locale.money
    first = next(p for p, token in enumerate(phrase.tokens) if token.end > entity.start)
    last = next((p for p, t in enumerate(phrase.tokens) if t.start >= entity.end), None)
    after = phrase.word(last) if last is not None else ""
    for role, said in words.relative.items():
        if after in said:
            return role
    cents = entity.value.amount < 1 and _opens_as_step(phrase, first)
    return "more" if cents or _is_raised(phrase, first) else None


def _is_raised(phrase: Phrase, first: int) -> bool:
    """ "Add another twenty", and not "add fifty, two hundred in total"."""
    before = first - 1
    while phrase.word(before) in phrase.locale.money.steps:
        before -= 1
    return phrase.word(before) in phrase.locale.money.raises


def _opens_as_step(phrase: Phrase, first: int) -> bool:
    """ "And another forty cents" as the whole opening: inside of an utterance, "and" lists."""
    numbers, joins = phrase.locale.numbers, phrase.locale.numbers.conjunctions
    said = {token.text for token in phrase.tokens[:first]} - {","}
    said -= phrase.locale.answers.fillers - joins
    return bool(said - numbers.articles) and said <= joins | phrase.locale.money.steps


def _role(phrase: Phrase, entity: Entity) -> str | None:
    place = next(p for p, token in enumerate(phrase.tokens) if token.end > entity.start)
    # A role word may have been read as part of the entity itself ("for savings", "between").
    banking = phrase.locale.banking
    for back in range(1, _REACH + 1):
        at = place - back
        if at < 0:
            return None
        for role in ("not", "from", "to", "at"):
            for said in banking.roles[role]:
                if _ends(phrase, at, said):
                    return role
        if phrase.word(at) not in banking.between:
            return None
    return None


def _ends(phrase: Phrase, place: int, said: str) -> bool:
    length = len(said.split())
    start = place - length + 1
    return start >= 0 and phrase.says(start, (said,)) == length
