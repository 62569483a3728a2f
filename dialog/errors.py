"""The exception family of the dialog package."""


class DialogError(Exception):
    """Something about the dialog went wrong; the message says what, where and what to do."""


class FlowError(DialogError):
    """A mistake in a flow or reply file: names file, line and cure."""


class BankError(DialogError):
    """The bank refused or failed; nothing was half-done."""


class BankUnavailable(BankError):
    """The database could not be read or written (locked, disk full, gone); nothing was done."""


class InsufficientFunds(BankError):
    """The account does not hold the amount; nothing was moved."""


class UnknownAccount(BankError):
    """No such account, payee or card for this customer."""


class ProposalSpent(BankError):
    """The proposal is unknown, expired or belongs to another call or customer."""
