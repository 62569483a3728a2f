"""How numbers said one after another make one amount: "one twenty-five fifty" is 125.50."""

from collections.abc import Sequence
from decimal import Decimal

from nlu.entities.cardinals import Cardinal

CENT = Decimal("0.01")

VAGUE = 0.6
"""How sure the likelier reading of an ambiguous price is ("three fifty")."""

Group = tuple[int, int]
"""A number and how many figures it fills at least: "oh five" is (5, 2)."""


def groups_of(numbers: Sequence[Cardinal]) -> list[Group] | None:
    """Whole numbers as groups, a zero joined to the digit after it; None with a decimal point."""
    groups: list[Group] = []
    zero = False
    for number in numbers:
        if number.value != number.value.to_integral_value():
            return None
        if zero and number.value < 10 and len(number.digits) == 1:
            groups[-1] = (int(number.value), 2)
            zero = False
            continue
        zero = number.digits == "0"
        width = len(number.digits) or len(str(int(number.value)))
        groups.append((int(number.value), width))
    return groups


def join(numbers: Sequence[Cardinal], *, whole: bool) -> tuple[Decimal, float] | None:
    """One amount from numbers in a row.

    Args:
        numbers: What was read, in order; at least one.
        whole: True where the currency follows, so that no part is cents ("three fifty dollars").

    Returns:
        The amount and how sure its reading is, or None where the row is no amount.
    """
    if len(numbers) == 1:
        return numbers[0].value, 1.0
    groups = groups_of(numbers)
    if groups is None or len(groups) > 4:
        return None
    if len(groups) == 1:
        return Decimal(groups[0][0]), 0.8
    if len(groups) > 2 and _is_spelled_again(groups):
        return Decimal(groups[0][0]), 1.0
    if len(groups) > 1 and all(width == 1 for _, width in groups):
        return Decimal("".join(str(value) for value, _ in groups)), 0.6
    return _whole(groups) if whole else _with_cents(groups)


def _is_spelled_again(groups: Sequence[Group]) -> bool:
    """ "Fifteen, one five": the number's digits once more, so that it is not heard as fifty."""
    (first, _), *rest = groups
    return all(width == 1 for _, width in rest) and str(first) == "".join(str(v) for v, _ in rest)


def _is_pair(group: Group) -> bool:
    return group[1] == 2 and group[0] < 100


def _whole(groups: Sequence[Group]) -> tuple[Decimal, float] | None:
    if not all(_is_pair(group) for group in groups[1:]) or len(groups) > 3:
        return None
    if groups[0][0] > 99 or groups[0][0] == 0:
        return None
    return Decimal("".join(str(groups[0][0]) + "".join(f"{v:02d}" for v, _ in groups[1:]))), 0.9


def _with_cents(groups: Sequence[Group]) -> tuple[Decimal, float] | None:
    *before, cents = groups
    if not _is_pair(cents):
        return None
    if len(before) == 1:
        value = before[0][0]
        if value < 10 and cents[0] >= 10:
            # "three fifty" is said for 350 more often than for 3.50 at a bank.
            return Decimal(value * 100 + cents[0]), VAGUE
        # "Twelve fifty": read back before it counts, so that 1250 can still be said.
        sure = 0.9 if value >= 100 else 0.7 if value >= 10 and cents[0] >= 10 else 0.6
        return Decimal(value) + cents[0] * CENT, sure
    head = _whole(before)
    return None if head is None else (head[0] + cents[0] * CENT, 0.9)
