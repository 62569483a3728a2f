"""A large transfer: made when two people have agreed, and never without them (four eyes)."""

from dialog.backoffice.steps import Desk, heard, patience, step
from dialog.bank.schedules import RUNNER
from dialog.bank.tasks import DECIDED, NewTask
from dialog.errors import BankError, BankUnavailable


async def held_transfer(proposal_id: str) -> str:
    """Let two people decide, make the transfer or not, and tell the customer.

    Args:
        proposal_id: Of the transfer that the customer confirmed, or planned.
    """
    await step(ask_two_people, proposal_id)
    await heard(DECIDED, patience().approval_days)
    outcome = await step(make_transfer, proposal_id)
    await step(tell_customer, proposal_id, outcome)
    return outcome


def ask_two_people(desk: Desk, proposal_id: str) -> None:
    """Open the task."""
    held = desk.bank.paperwork.held(proposal_id)
    planned = held.call_id == RUNNER
    how = "planned for today" if planned else "confirmed by the customer with a code"
    desk.bank.tasks.open(
        NewTask(
            id=f"{proposal_id}:approval",
            workflow=f"held_transfer:{proposal_id}",
            kind="transfer",
            customer_id=held.customer_id,
            department="payments",
            summary=f"{held.amount} to {held.to}, {how}",
            urgent=True,
            people=2,
        )
    )


def make_transfer(desk: Desk, proposal_id: str) -> str:
    """Move the money if both agreed and the books and rules still allow it, once."""
    if desk.bank.tasks.lapse(f"{proposal_id}:approval") != "approved":
        return desk.bank.decline_held(proposal_id)
    try:
        desk.bank.execute_approved(proposal_id)
    except BankUnavailable:
        raise
    except BankError:
        return desk.bank.decline_held(proposal_id)
    return "made"


def tell_customer(desk: Desk, proposal_id: str, outcome: str) -> None:
    """Write what became of it."""
    held, kind = desk.bank.paperwork.held(proposal_id), f"transfer_{outcome}"
    values, key = {"amount": held.amount, "to": held.to}, f"held:{proposal_id}"
    desk.bank.paperwork.write(held.customer_id, kind, values, key=key, channel="sms")
