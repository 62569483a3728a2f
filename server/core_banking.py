"""The systems that make cards: a file here, or an HTTP service."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from server.http_service import TIMEOUT, post_json


class LocalCoreBanking:
    """Makes cards that exist in a file of JSON lines only, once per order.

    Args:
        path: The file; made where it is missing, readable for its owner only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def make_card(self, order_id: str, kind: str) -> str:
        """The last four digits; those of the first time where it was ordered before."""
        for made in self._made():
            if made["order"] == order_id:
                return str(made["last4"])
        last4 = f"{secrets.randbelow(10000):04d}"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with os.fdopen(os.open(self._path, flags, 0o600), "a", encoding="utf-8") as stream:
            stream.write(json.dumps({"order": order_id, "kind": kind, "last4": last4}) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        return last4

    def _made(self) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        # A line that a killed process did not finish is none.
        lines = self._path.read_text(encoding="utf-8").split("\n")
        return [json.loads(line) for line in lines if line.endswith("}")]


class HttpCoreBanking:
    """Posts orders to a service; each with its id as `Idempotency-Key`.

    Args:
        url: http:// or https://; cards are ordered at URL/cards.
        token: Sent as a bearer token, where there is one.
        timeout: Seconds that the service may be silent.
    """

    def __init__(self, url: str, token: str | None = None, timeout: float = TIMEOUT) -> None:
        self._url, self._token, self._timeout = url.rstrip("/"), token, timeout

    def make_card(self, order_id: str, kind: str) -> str:
        """Order a card; the answer is {"last4": "1234"}.

        Raises:
            OSError: The service failed, or answered something else.
        """
        order = {"order": order_id, "kind": kind}
        answer = post_json(f"{self._url}/cards", order_id, order, self._token, self._timeout)
        try:
            last4 = json.loads(answer)["last4"]
        except (ValueError, TypeError, KeyError) as error:
            raise OSError(f"{self._url}/cards: answered no last4") from error
        if not (isinstance(last4, str) and len(last4) == 4 and last4.isascii() and last4.isdigit()):
            raise OSError(f"{self._url}/cards: last4 is not four digits")
        return last4
