"""What conditions, options, actions and replies may look at while a decision is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from dialog.bank.values import Account, Card, Facts, Payee
from dialog.state import Frame, State
from nlu.understanding import Money


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

    def recipient(self) -> Account | Payee | None:
        """Who gets the money: an own account or a payee."""
        filled = self.frame.slots.get("recipient")
        if filled is None:
            return None
        if filled.entity == "account_kind":
            return self.account("recipient")
        return next((p for p in self.known.payees if p.name == filled.value), None)
