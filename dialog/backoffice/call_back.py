"""A call that was booked: somebody's task on its day, tried three times."""

from datetime import date

from dialog.backoffice.steps import Desk, heard, step, until
from dialog.bank.tasks import DECIDED, NewTask

TRIES = 3


async def call_back(order_id: str) -> str:
    """Have a customer called on the day that they chose.

    Args:
        order_id: Of the booking that was confirmed.
    """
    await step(confirm_booking, order_id)
    await until(await step(day_of, order_id))
    for number in range(TRIES):
        await step(ask_to_call, order_id, number)
        await heard(DECIDED, 1)
        if await step(was_reached, order_id, number):
            await step(stop_calling, order_id)
            return "called"
    await step(tell_missed, order_id)
    await step(stop_calling, order_id)
    return "not reached"


def confirm_booking(desk: Desk, order_id: str) -> None:
    """Write when we call."""
    order = desk.bank.paperwork.order(order_id)
    values = {"day": str(order.terms["day"]), "hour": str(order.terms["hour"])}
    key = f"call_back:{order_id}"
    desk.bank.paperwork.write(order.customer_id, "call_back_booked", values, key=key, channel="sms")


def day_of(desk: Desk, order_id: str) -> date:
    """The day that was chosen."""
    return date.fromisoformat(str(desk.bank.paperwork.order(order_id).terms["day"]))


def ask_to_call(desk: Desk, order_id: str, number: int) -> None:
    """Make it somebody's task."""
    order = desk.bank.paperwork.order(order_id)
    desk.bank.tasks.open(
        NewTask(
            id=f"{order_id}:call:{number}",
            workflow=f"call_back:{order_id}",
            kind="call back",
            customer_id=order.customer_id,
            department="customer care",
            summary=f"after {order.terms['hour']} o'clock, about: {order.terms['about']}",
            urgent=number > 0,
        )
    )


def was_reached(desk: Desk, order_id: str, number: int) -> bool:
    """Whether whoever called said so, at this try or late at one before."""
    tries = (f"{order_id}:call:{n}" for n in range(number + 1))
    return any(desk.bank.tasks.get(task).decision == "approved" for task in tries)


def tell_missed(desk: Desk, order_id: str) -> None:
    """Write that nobody was reached."""
    order = desk.bank.paperwork.order(order_id)
    key = f"call_back_missed:{order_id}"
    desk.bank.paperwork.write(order.customer_id, "call_back_missed", {}, key=key, channel="sms")


def stop_calling(desk: Desk, order_id: str) -> None:
    """Nobody has to call any more."""
    desk.bank.tasks.lapse_all(f"call_back:{order_id}")
