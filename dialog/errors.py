"""The exception family of the dialog package."""


class DialogError(Exception):
    """Something about the dialog went wrong; the message says what, where and what to do."""


class FlowError(DialogError):
    """A mistake in a flow or reply file: names file, line and cure."""


class BankError(DialogError):
    """The bank refused or failed; nothing was half-done.

    Attributes:
        details: Which rules refused, for the audit; nothing that was said.
    """

    details: tuple[str, ...] = ()


class BankUnavailable(BankError):
    """The database could not be read or written (locked, disk full, gone); nothing was done."""


class InsufficientFunds(BankError):
    """The account does not hold the amount; nothing was moved."""


class UnknownAccount(BankError):
    """No such account, payee or card for this customer."""


class ProposalSpent(BankError):
    """The proposal is unknown, expired or belongs to another call or customer."""


class InvalidAmount(BankError):
    """An amount that cannot be moved: not a number, not positive, or with parts of a cent."""


class InvalidDay(BankError):
    """A payment for later on a day that is not later."""


class AmountOverLimit(BankError):
    """More than one transfer may move."""


class WrongCurrency(BankError):
    """The order is in another currency than the account."""


class RateLimited(BankError):
    """Asked too often for this number or in this call; nothing was done: hand to a person."""


class Refused(BankError):
    """A rule of risk.yaml forbids it; details name the rules."""

    def __init__(self, rules: tuple[str, ...]) -> None:
        super().__init__(f"refused by {', '.join(rules)}; see dialog/bank/risk.yaml")
        self.details = rules


class NeedsPerson(Refused):
    """A rule of risk.yaml wants a person to look at it; details name the rules."""


class CodeNeeded(Refused):
    """A rule of risk.yaml wants a one-time code first; details name the rules."""


class CodeWrong(BankError):
    """Not the code that was sent; another try is left."""


class CodeSpent(BankError):
    """No code can be taken for this: none was sent, it has expired, or the tries are used up."""


class InvalidPayee(BankError):
    """A name, routing or account number that cannot be."""


class PayeeExists(BankError):
    """The customer has a payee of this name already."""


class UnknownCase(BankError):
    """No open case has this reference."""


class NoAddress(BankError):
    """The bank knows no phone or e-mail address of the customer to send this to."""


class LedgerError(BankError):
    """The books break one of their own rules; nothing was written. Stop and look."""


class OutcomeUnknown(BankUnavailable):
    """The connection broke while committing: done or not done, never half.

    Repeat the same call (same proposal id) to learn which; tell the caller it is not yet sure.
    """
