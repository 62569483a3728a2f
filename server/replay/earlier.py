"""What an earlier call came to at the bank, for a scenario that asks after it."""

import re
from decimal import Decimal

from dialog.bank.bank import Bank
from dialog.bank.demo import demo_customers
from dialog.bank.values import TransferOrder
from server.replay.scenario import Earlier

CALL = "earlier"


def bring_about(bank: Bank, earlier: Earlier) -> None:
    """Let an earlier call and what the bank's people made of it have happened."""
    who = next(c for c in demo_customers() if c.name.split()[0].lower() == earlier.customer)
    customer = bank.authenticate(who.number, who.pin, call_id=CALL).customer_id
    if customer is None:
        raise ValueError(f"{earlier.customer} cannot log in to this bank")
    if earlier.answered is not None:
        words = "the machine kept my card"
        case = bank.cases.open(
            "complaint", words, customer_id=customer, call_id=CALL, request_id=f"{CALL}:case"
        )
        bank.cases.close(case.reference, earlier.answered, by="back office")
    if earlier.declined is not None:
        _decline(bank, customer, earlier.declined.to, earlier.declined.amount)


def _decline(bank: Bank, customer: int, to: str, amount: Decimal) -> None:
    facts, proposal = bank.facts(customer), f"{CALL}:payment"
    checking = next(account for account in facts.accounts if account.kind == "checking")
    payee = next(payee for payee in facts.payees if payee.name == to)
    order = TransferOrder(
        customer_id=customer,
        from_account_id=checking.id,
        amount=amount,
        currency=checking.currency,
        to_payee_id=payee.id,
    )
    bank.propose_transfer(order, call_id=CALL, proposal_id=proposal)
    bank.codes.send(proposal, customer_id=customer, call_id=CALL)
    [code] = re.findall(r"\b\d{6}\b", bank.letters()[-1]["body"])
    bank.codes.check(proposal, code, customer_id=customer, call_id=CALL)
    bank.hold_transfer(proposal, customer_id=customer, call_id=CALL)
    bank.decline_held(proposal)
