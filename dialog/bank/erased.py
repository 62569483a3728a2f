"""Whether a customer was erased: then nobody knows any more what was to be done for them."""

from sqlalchemy.orm import Session

from dialog.bank.tables import ERASED, CustomerRow
from dialog.errors import CustomerErased


def require_known(session: Session, customer_id: int) -> None:
    """Nothing, or end what a workflow does.

    Raises:
        CustomerErased: There is nothing left to be done for this customer.
    """
    if session.get_one(CustomerRow, customer_id).pin_hash == ERASED:
        raise CustomerErased("the customer was erased: there is nothing left to be done")


def held(session: Session, customer_id: int) -> CustomerRow:
    """A customer whom nobody erased, nor erases before this transaction ends: what is written of
    them in it is there for the erasure that comes after.

    Held before all else that a transaction locks, as the erasure does; but a payment that is due
    locks its plan first. Two that wait for each other are parted by the server, and one runs again.

    Raises:
        CustomerErased: Nothing is written of this customer any more.
    """
    lock = {"key_share": True}
    row = session.get_one(CustomerRow, customer_id, with_for_update=lock, populate_existing=True)
    require_known(session, customer_id)
    return row
