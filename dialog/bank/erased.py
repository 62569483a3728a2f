"""Whether a customer was erased: then nobody knows any more what was to be done for them."""

from sqlalchemy.orm import Session

from dialog.bank.tables import ERASED, CustomerRow
from dialog.errors import CustomerErased


def is_erased(session: Session, customer_id: int) -> bool:
    """Whether nobody knows any more who this customer was."""
    customer = session.get(CustomerRow, customer_id)
    return customer is not None and customer.pin_hash == ERASED


def require_known(session: Session, customer_id: int) -> None:
    """Nothing, or end what a workflow does.

    Raises:
        CustomerErased: There is nothing left to be done for this customer.
    """
    if is_erased(session, customer_id):
        raise CustomerErased("the customer was erased: there is nothing left to be done")


def held(session: Session, customer_id: int) -> CustomerRow:
    """A customer whom nobody erases before this transaction ends: what is written of them in it is
    there for the erasure that comes after."""
    return session.get_one(CustomerRow, customer_id, with_for_update={"key_share": True})
