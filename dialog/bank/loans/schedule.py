"""The exact schedule of a loan's instalments: equal ones, the last takes what rounding left."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext

from dialog.bank.money import CENT


@dataclass(frozen=True, slots=True)
class Instalment:
    """One payment: its parts, and what is owed after it. Major units."""

    number: int
    payment: Decimal
    interest: Decimal
    principal: Decimal
    owed: Decimal


def instalment(amount: Decimal, rate: Decimal, months: int) -> Decimal:
    """What is paid each month but the last: the annuity, rounded to cents.

    Args:
        amount: Lent, in major units, more than zero.
        rate: Percent a year, zero or more; a month's is a twelfth.
        months: One or more.

    Raises:
        ValueError: Out of these bounds.
    """
    if amount <= 0 or rate < 0 or months < 1:
        raise ValueError("a loan has an amount, no negative rate, and a month or more")
    with localcontext() as context:
        context.prec = 50
        monthly = rate / 1200
        if monthly == 0:
            exact = amount / months
        else:
            exact = amount * monthly / (1 - (1 + monthly) ** -months)
        return exact.quantize(CENT, ROUND_HALF_UP)


def schedule(amount: Decimal, rate: Decimal, months: int) -> tuple[Instalment, ...]:
    """All instalments: together they repay the amount to the cent.

    Where rounding up repays a tiny loan early, the schedule is shorter than `months`.

    Raises:
        ValueError: As for instalment.
    """
    regular, owed, rows = instalment(amount, rate, months), amount, []
    for number in range(1, months + 1):
        interest = (owed * rate / 1200).quantize(CENT, ROUND_HALF_UP)
        last = number == months or owed + interest <= regular
        payment = owed + interest if last else regular
        owed = owed + interest - payment
        rows.append(Instalment(number, payment, interest, payment - interest, owed))
        if last:
            break
    return tuple(rows)


def total(rows: tuple[Instalment, ...]) -> Decimal:
    """All that is paid back."""
    return sum((row.payment for row in rows), Decimal("0.00"))
