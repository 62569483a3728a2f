"""A new card: made, put into the books, announced; reminded of, and looked at where it is lost."""

from dialog.backoffice.steps import Desk, heard, patience, step
from dialog.bank.card_orders import ACTIVATED
from dialog.bank.tasks import NewTask


async def card_replacement(order_id: str) -> str:
    """Follow a card from its order until its owner has it.

    Args:
        order_id: Of the order that was confirmed.
    """
    last4 = await step(have_card_made, order_id)
    await step(put_into_books, order_id, last4)
    await step(announce_card, order_id)
    if await heard(ACTIVATED, patience().card_days):
        return "activated"
    await step(remind_of_card, order_id)
    if await heard(ACTIVATED, patience().card_given_up_days):
        return "activated late"
    await step(ask_people_about_card, order_id)
    return "with people"


def have_card_made(desk: Desk, order_id: str) -> str:
    """Order it from those who make cards; gives its last four digits."""
    order = desk.bank.paperwork.order(order_id)
    kind = desk.bank.paperwork.card_kind(int(order.terms["card"]))
    return desk.core.make_card(order_id, kind)


def put_into_books(desk: Desk, order_id: str, last4: str) -> None:
    """Add the card, waiting for its owner."""
    desk.bank.paperwork.add_card(order_id, last4)


def announce_card(desk: Desk, order_id: str) -> None:
    """Tell the customer that it is on its way."""
    _write(desk, order_id, "card_sent")


def remind_of_card(desk: Desk, order_id: str) -> None:
    """Ask the customer for the card that was sent."""
    _write(desk, order_id, "card_reminder")


def ask_people_about_card(desk: Desk, order_id: str) -> None:
    """A card that nobody has: the card team looks at it."""
    order = desk.bank.paperwork.order(order_id)
    desk.bank.tasks.open(
        NewTask(
            id=f"card_replacement:{order_id}:lost",
            workflow=f"card_replacement:{order_id}",
            kind="card not activated",
            customer_id=order.customer_id,
            department="cards",
            summary="A replacement card was sent and never activated; it may be lost in the mail.",
        )
    )


def _write(desk: Desk, order_id: str, kind: str) -> None:
    order = desk.bank.paperwork.order(order_id)
    card, _ = desk.bank.paperwork.card_for(order_id)
    key = f"{kind}:{order_id}"
    desk.bank.paperwork.write(order.customer_id, kind, {"kind": card}, key=key, channel="sms")
