"""The exception family of the dialog package."""

from typing import ClassVar


class DialogError(Exception):
    """Something about the dialog went wrong; the message says what, where and what to do."""


class FlowError(DialogError):
    """A mistake in a flow or reply file: names file, line and cure."""


class BankError(DialogError):
    """The bank refused or failed; nothing was half-done.

    Attributes:
        details: Which rules refused, for the audit; nothing that was said.
        result: What an act that is refused so ends with, as flows name it; "" where that is a
            failure that no flow speaks of.
    """

    details: tuple[str, ...] = ()
    result: ClassVar[str] = ""


class BankUnavailable(BankError):
    """The database could not be read or written (locked, disk full, gone); nothing was done."""


class InsufficientFunds(BankError):
    """The account does not hold the amount; nothing was moved."""

    result = "insufficient"


class UnknownAccount(BankError):
    """No such account, payee or card for this customer."""

    result = "unknown"


class ProposalSpent(BankError):
    """The proposal is unknown, expired or belongs to another call or customer."""

    result = "spent"


class InvalidAmount(BankError):
    """An amount that cannot be moved: not a number, not positive, or with parts of a cent."""

    result = "unknown"


class InvalidDay(BankError):
    """A payment for later on a day that is not later."""

    result = "day_past"


class AmountOverLimit(BankError):
    """More than one transfer may move."""

    result = "over_limit"


class WrongCurrency(BankError):
    """The order is in another currency than the account."""

    result = "unknown"


class CustomerErased(BankError):
    """The customer was erased meanwhile: nothing more is done for them."""

    result = "erased"


class RateLimited(BankError):
    """Asked too often for this number or in this call; nothing was done: hand to a person."""

    result = "limited"


class Refused(BankError):
    """A rule of risk.yaml forbids it; details name the rules."""

    result = "refused"

    def __init__(self, rules: tuple[str, ...]) -> None:
        super().__init__(f"refused by {', '.join(rules)}; see dialog/bank/risk.yaml")
        self.details = rules


class NeedsPerson(Refused):
    """A rule of risk.yaml wants a person to look at it; details name the rules."""

    result = "person"


class CodeNeeded(Refused):
    """A rule of risk.yaml wants a one-time code first; details name the rules."""

    result = "code"


class NeedsApproval(Refused):
    """Two people have to agree first; details name the rules."""

    result = "approval"


class CodeWrong(BankError):
    """Not the code that was sent; another try is left."""

    result = "wrong"


class CodeSpent(BankError):
    """No code can be taken for this: none was sent, it has expired, or the tries are used up."""

    result = "spent"


class CodeTriesUsed(CodeSpent):
    """The last try was wrong, too: whoever speaks does not have the customer's phone."""

    result = "locked"


class InvalidPayee(BankError):
    """A name, routing or account number that cannot be."""

    result = "invalid"


class PayeeExists(BankError):
    """The customer has a payee of this name already."""

    result = "exists"


class UnknownCase(BankError):
    """No open case has this reference."""


class UnknownTask(BankError):
    """No open task has this id, or this person has decided it already."""


class Unreadable(BankError):
    """Something sealed cannot be opened: its key is gone, or it was changed."""


class NoConsent(BankError):
    """The customer has not agreed to recommendations, or no longer does."""

    result = "no_consent"


class BillSettled(BankError):
    """Another payment pays this bill already, or will."""

    result = "settled"


class NoAddress(BankError):
    """The bank knows no phone or e-mail address of the customer to send this to."""

    result = "no_address"


class LedgerError(BankError):
    """The books break one of their own rules; nothing was written. Stop and look."""


class OutcomeUnknown(BankUnavailable):
    """The connection broke while committing: done or not done, never half.

    Repeat the same call (same proposal id) to learn which; tell the caller it is not yet sure.
    """
