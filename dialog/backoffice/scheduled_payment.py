"""A payment of later days: each occurrence is made on its day, and tried again where it fails."""

from datetime import date

from dialog.backoffice.steps import Desk, step, until


async def scheduled_payment(schedule_id: str) -> str:
    """Make a planned payment's occurrences until none is to come.

    Args:
        schedule_id: Of the payment that was arranged.
    """
    while day := await step(next_day, schedule_id):
        await until(day)
        await step(pay_if_due, schedule_id)
    return "nothing is to come"


def next_day(desk: Desk, schedule_id: str) -> date | None:
    """When the next occurrence is tried."""
    return desk.bank.schedules.next_day(schedule_id)


def pay_if_due(desk: Desk, schedule_id: str) -> str:
    """Make the occurrence of today, once."""
    return desk.bank.schedules.pay_if_due(schedule_id)
