"""Keys for one purpose each, all from the bank's one secret, which is not in its database."""

import hashlib
import hmac


def derive(secret: bytes, purpose: str) -> bytes:
    """A key of 32 bytes: HKDF-Expand of RFC 5869 with one block.

    Args:
        secret: 32 random bytes or more.
        purpose: Names what the key is for; two purposes have nothing in common.
    """
    return hmac.new(secret, purpose.encode() + b"\x01", hashlib.sha256).digest()


def keyed(key: bytes, text: str) -> str:
    """HMAC-SHA256 of a text, in hexadecimal digits."""
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
