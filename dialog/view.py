"""What conditions, options, actions and replies may look at while a decision is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from dialog.bank.schedules import following
from dialog.bank.values import Account, Card, Every, Facts, Payee, Schedule, Search
from dialog.state import Frame, State
from nlu.understanding import Money, Period


@dataclass(frozen=True, slots=True)
class View:
    """One flow and what is around it.

    Attributes:
        state: The call.
        frame: The flow that runs.
        facts: Of the identified customer, or None.
        today: Injected, never read from a clock.
        secrets: The PIN, in the turn that it was said in.
    """

    state: State
    frame: Frame
    facts: Facts | None
    today: date
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def known(self) -> Facts:
        """The facts; a flow asks for them only after login.

        Raises:
            LookupError: Nobody is identified: the flow lacks `call: login`.
        """
        if self.facts is None:
            raise LookupError(f"{self.frame.flow} needs facts: add `call: login` before this step")
        return self.facts

    def money(self, slot: str = "amount") -> Money:
        """The slot's money."""
        value = self.frame.slots[slot].value
        if not isinstance(value, Money):
            raise TypeError(f"{slot} holds no money")
        return value

    def accounts(self, slot: str) -> tuple[Account, ...]:
        """The customer's accounts that a slot names, by id or by kind; all if it is empty."""
        filled = self.frame.slots.get(slot)
        if filled is None:
            return self.known.accounts
        return tuple(a for a in self.known.accounts if filled.value in (a.id, a.kind))

    def account(self, slot: str) -> Account | None:
        """The account that a filled slot names, or None."""
        return next(iter(self.accounts(slot)), None) if slot in self.frame.slots else None

    def card(self, slot: str = "card") -> Card | None:
        """The card that was chosen, or None."""
        filled = self.frame.slots.get(slot)
        return next((c for c in self.known.cards if filled and c.id == filled.value), None)

    def day(self, slot: str = "day") -> date | None:
        """The day that a slot names, or None."""
        filled = self.frame.slots.get(slot)
        return filled.value if filled and isinstance(filled.value, date) else None

    def every(self) -> Every:
        """How often a payment is to be made."""
        filled = self.frame.slots.get("every")
        return filled.value if filled and filled.value in ("week", "month") else "once"  # type: ignore[return-value]

    def later_day(self) -> date | None:
        """The day that a payment is to be made on, where it is not to be made at once.

        A monthly or weekly one that names no day begins with the next one: tomorrow.
        """
        day = self.day()
        if day is None:
            return None if self.every() == "once" else self.today + timedelta(days=1)
        if day < self.today and self.every() == "month":
            return following(day, "month", self.today)
        return None if day == self.today and self.every() == "once" else day

    def search(self) -> Search:
        """The transactions that are asked for."""

        def text(slot: str) -> str | None:
            filled = self.frame.slots.get(slot)
            return str(filled.value) if filled else None

        account, amount = self.account("account"), self.frame.slots.get("amount")
        period = self.frame.slots["period"].value if "period" in self.frame.slots else None
        day = self.day()
        return Search(
            account_id=account.id if account else None,
            name=text("payee"),
            amount=amount.value.amount if amount and isinstance(amount.value, Money) else None,
            or_amount=amount.other.amount if amount and amount.other else None,
            first=period.first if isinstance(period, Period) else day,
            last=period.last if isinstance(period, Period) else day,
            direction=text("direction"),
            category=text("category"),
        )

    def pending(self) -> Schedule | None:
        """The pending payment that was chosen, or None."""
        filled = self.frame.slots.get("payment")
        chosen = filled.value if filled else None
        return next((one for one in self.known.schedules if one.id == chosen), None)

    def recipient(self) -> Account | Payee | None:
        """Who gets the money: an own account or a payee."""
        filled = self.frame.slots.get("recipient")
        if filled is None:
            return None
        if filled.entity == "account_kind":
            return self.account("recipient")
        return next((p for p in self.known.payees if p.name == filled.value), None)
