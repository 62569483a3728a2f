"""A loan application: its outcome is written, a person decides what the scorecard does not."""

from dialog.backoffice.steps import Desk, heard, step
from dialog.bank.loans.conditions import conditions
from dialog.bank.loans.schedule import instalment
from dialog.bank.loans.scorecard import Outcome
from dialog.bank.tasks import DECIDED, NewTask


async def loan_application(application_id: str) -> str:
    """Follow an application until its outcome is written to the customer.

    Args:
        application_id: Of the order that was confirmed.
    """
    if await step(outcome_of, application_id) == "person":
        await step(write_outcome, application_id)
        await step(ask_loan_team, application_id)
        while not await heard(DECIDED, 30):
            pass
        await step(settle, application_id)
    await step(write_outcome, application_id)
    return await step(outcome_of, application_id)


def outcome_of(desk: Desk, application_id: str) -> str:
    """Approved, declined, or with a person."""
    return desk.bank.loans.get(application_id).outcome


def ask_loan_team(desk: Desk, application_id: str) -> None:
    """Let a person decide, with all that the scorecard saw."""
    found = desk.bank.loans.get(application_id)
    why = ", ".join(found.reasons) or "the amount"
    desk.bank.tasks.open(
        NewTask(
            id=f"{application_id}:loan",
            workflow=f"loan_application:{application_id}",
            kind="loan",
            customer_id=found.customer_id,
            department="loans",
            summary=f"{found.amount} over {found.months} months at {found.rate}%, "
            f"{found.employment}, {found.points} points; against it: {why}",
            days=3,
        )
    )


def settle(desk: Desk, application_id: str) -> None:
    """Keep what the person decided."""
    task = desk.bank.tasks.get(f"{application_id}:loan")
    outcome: Outcome = "approved" if task.decision == "approved" else "declined"
    desk.bank.loans.settle(application_id, outcome, by=", ".join(by for by, _, _ in task.votes))


def write_outcome(desk: Desk, application_id: str) -> None:
    """Write the outcome, with the documents or the reasons; once per outcome."""
    found = desk.bank.loans.get(application_id)
    monthly = instalment(found.amount, found.rate, found.months)
    wanted = conditions().documents.get(found.employment, ())
    values = {
        "amount": f"{found.amount:,.2f} USD",
        "months": str(found.months),
        "rate": str(found.rate),
        "instalment": f"{monthly:,.2f} USD",
        "documents": ", ".join(name.replace("_", " ") for name in wanted),
        "reasons": ", ".join(name.replace("_", " ") for name in found.reasons),
    }
    kind = f"loan_{found.outcome}"
    desk.bank.paperwork.write(found.customer_id, kind, values, key=f"{kind}:{application_id}")
