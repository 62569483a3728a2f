"""How PINs are kept: HMAC-SHA256 with a pepper, then argon2id.

The pepper is not in the database: whoever steals only the database cannot try out the 10,000
PINs that exist. The customer number is in the HMAC, so that a hash copied to another customer's
row opens nothing.
"""

import hashlib
import hmac
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dialog.bank.settings import PinCost
from dialog.errors import BankError


class PinHasher:
    """Hashes and verifies PINs; holds the pepper and shows it nowhere."""

    __slots__ = ("_argon2", "_nobody", "_pepper")

    def __init__(self, pepper: bytes, cost: PinCost) -> None:
        """Take the pepper (bytes, not empty; 32 random ones are right) and argon2id's cost."""
        if not pepper:
            raise BankError("the PIN pepper is empty; set a secret of 32 random bytes")
        self._pepper = pepper
        self._argon2 = PasswordHasher(
            time_cost=cost.time, memory_cost=cost.memory_kib, parallelism=cost.lanes
        )
        self._nobody = self._argon2.hash(secrets.token_hex(32))

    def hash(self, number: str, pin: str) -> str:
        """The argon2id hash to store for a customer's PIN."""
        return self._argon2.hash(self._peppered(number, pin))

    def verify(
        self, stored: str | None, number: str, pin: str, *, decoy: str | None = None
    ) -> bool:
        """Whether the PIN is right; None (no such customer) takes as long and is False.

        Args:
            stored: The customer's hash.
            number, pin: What was told.
            decoy: Another customer's hash, whose cost is paid where there is none: hashes of old
                may be cheaper than one made now.
        """
        held = stored or decoy or self._nobody
        try:
            right = self._argon2.verify(held, self._peppered(number, pin))
        except (VerificationError, InvalidHashError):
            return False
        return right and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made at another cost: an unknown number then takes another time."""
        return self._argon2.check_needs_rehash(stored)

    def _peppered(self, number: str, pin: str) -> bytes:
        message = f"{number}:{pin}".encode("utf-8", "surrogatepass")
        return hmac.new(self._pepper, message, hashlib.sha256).digest()
