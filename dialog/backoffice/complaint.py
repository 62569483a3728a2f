"""A complaint: acknowledged, answered by its day or made somebody's task, and the answer sent."""

from dialog.backoffice.steps import Desk, heard, step
from dialog.bank.cases import ANSWERED
from dialog.bank.tasks import NewTask


async def complaint(number: str) -> str:
    """Follow a complaint until its answer is sent.

    Args:
        number: The case's key.
    """
    days = await step(acknowledge, number)
    if not await heard(ANSWERED, days):
        await step(escalate, number)
        while not await heard(ANSWERED, 30):
            pass
    await step(send_answer, number)
    return "answered"


def acknowledge(desk: Desk, number: str) -> int:
    """Write that it was taken; gives the days until an answer is due."""
    paperwork = desk.bank.paperwork
    found = paperwork.case(int(number))
    values = {
        "reference": found.case.reference,
        "department": found.case.department,
        "due": found.case.due_on.isoformat(),
    }
    key = f"complaint:{number}:taken"
    paperwork.write(found.customer_id, "complaint_taken", values, key=key)
    return (found.case.due_on - found.opened_on).days + 1


def escalate(desk: Desk, number: str) -> None:
    """Nobody answered in time: the customer is told so, and it is somebody's task now."""
    found = desk.bank.paperwork.case(int(number))
    desk.bank.tasks.open(
        NewTask(
            id=f"complaint:{number}:late",
            workflow=f"complaint:{number}",
            kind="late complaint",
            customer_id=found.customer_id,
            department="head of complaints",
            summary=f"{found.case.reference} at {found.case.department}: {found.words}",
            urgent=True,
        )
    )
    values = {"reference": found.case.reference}
    key = f"complaint:{number}:late"
    desk.bank.paperwork.write(found.customer_id, "complaint_late", values, key=key)


def send_answer(desk: Desk, number: str) -> None:
    """Write the answer to the customer; nobody has to look for one any more."""
    found = desk.bank.paperwork.case(int(number))
    values = {"reference": found.case.reference, "answer": found.case.answer or ""}
    key = f"complaint:{number}:answered"
    desk.bank.paperwork.write(found.customer_id, "complaint_answered", values, key=key)
    desk.bank.tasks.lapse_all(f"complaint:{number}")
