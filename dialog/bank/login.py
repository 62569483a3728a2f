"""Who a caller is: number and PIN, tries that are counted first, and no hint about either."""

import logging
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from stdnum import verhoeff

from dialog.bank import tries
from dialog.bank.desk import Deed, Desk
from dialog.bank.erased import held
from dialog.bank.keys import derive, keyed
from dialog.bank.pins import PinHasher
from dialog.bank.tables import ERASED, CustomerRow, KnownAddressRow
from dialog.bank.tries import PinTry
from dialog.bank.values import Authentication

logger = logging.getLogger(__name__)

NUMBER_DIGITS = 8
SHARED = "ip:"
"""So begins an address that may be many people's: tries are counted, nobody is remembered."""
REFUSED = Authentication(customer_id=None, first_name=None, locked=True, tries_left=0)


def is_customer_number(number: str) -> bool:
    """Whether it could be a customer number: 8 digits, the last a Verhoeff check digit."""
    well_formed = len(number) == NUMBER_DIGITS and number.isascii() and number.isdigit()
    return well_formed and bool(verhoeff.is_valid(number))


class Login:
    """Verifies callers.

    Args:
        desk: Of the bank.
        pins: Knows the pepper.
        secret: The bank's; addresses are hashed with a key from it.
    """

    def __init__(self, desk: Desk, pins: PinHasher, secret: bytes) -> None:
        self._desk, self._pins = desk, pins
        self._key = derive(secret, "caller addresses")

    def authenticate(
        self, number: str, pin: str, *, call_id: str, address: str | None
    ) -> Authentication:
        """Whether this is the customer; the try is counted before the PIN is looked at."""
        now, policy = self._desk.now(), self._desk.settings.lockout
        possible = number if is_customer_number(number) else None
        hashed = self.hashed(address)
        remembers = address is not None and not address.startswith(SHARED)
        customer, known = self._who(possible, hashed if remembers else None)
        decoy = self._neighbour(number)
        tried = PinTry(possible, call_id, hashed, known)
        left = self._desk.database.write(
            lambda session: tries.count_pin_try(session, policy, tried, now=now)
        )
        if left is None:
            self._write_down("locked", call_id, None)
            return REFUSED
        stored = None if customer is None else customer.pin_hash
        if not self._pins.verify(stored, number, pin, decoy=decoy) or customer is None:
            logger.info("bank.pin_refused", extra={"call_id": call_id, "tries_left": left})
            self._write_down("locked" if left == 0 else "wrong", call_id, None)
            return Authentication(
                customer_id=None, first_name=None, locked=left == 0, tries_left=left
            )
        self._let_in(customer, number, pin, tried, now, remembers=remembers)
        return Authentication(customer.id, customer.first_name, False, policy.tries)

    def hashed(self, address: str | None) -> str | None:
        """An address as it is kept."""
        return None if address is None else keyed(self._key, address)

    def _let_in(
        self,
        customer: CustomerRow,
        number: str,
        pin: str,
        tried: PinTry,
        now: datetime,
        *,
        remembers: bool,
    ) -> None:
        newer = self._pins.hash(number, pin) if self._pins.is_outdated(customer.pin_hash) else None

        def let_in(session: Session) -> None:
            row = held(session, customer.id)
            tries.forgive_pin_try(session, self._desk.settings.lockout, tried, now=now)
            if newer is not None:
                row.pin_hash = newer
            if remembers and tried.address is not None:
                session.merge(
                    KnownAddressRow(customer_id=row.id, address=tried.address, last_at=now)
                )

        self._desk.do(Deed("login", tried.call_id, customer.id), let_in)

    def _write_down(self, result: str, call_id: str, customer_id: int | None) -> None:
        """A refused login names no customer: the number may be a slip of the tongue."""
        deed = Deed("login", call_id, customer_id)
        self._desk.do(deed, lambda _: None, lambda _: {"result": result})

    def _who(
        self, number: str | None, address: str | None
    ) -> tuple[CustomerRow | None, str | None]:
        """The customer, and the subject of their own counter where the address is a known one."""
        query = (
            select(CustomerRow, KnownAddressRow.address)
            .outerjoin(
                KnownAddressRow,
                (KnownAddressRow.customer_id == CustomerRow.id)
                & (KnownAddressRow.address == address),
            )
            .where(CustomerRow.number == number)
        )
        with self._desk.reading() as session:
            found = session.execute(query).first()
        if found is None:
            return None, None
        customer, known = found
        return customer, keyed(self._key, f"{known}:{number}") if known else None

    def _neighbour(self, number: str) -> str | None:
        """The hash of the customer whose number comes next, always the same for a number."""
        after = CustomerRow.number > number
        with self._desk.reading() as session:
            for condition in (after, ~after):
                hashed = select(CustomerRow.pin_hash).where(
                    condition, CustomerRow.pin_hash != ERASED
                )
                found = session.scalar(hashed.order_by(CustomerRow.number).limit(1))
                if found is not None:
                    return found
        return None
