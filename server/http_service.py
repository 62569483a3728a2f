"""Posting JSON to a service that may misbehave: whatever it does wrong is an OSError."""

import json
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

TIMEOUT = 10.0
"""Seconds that a service may be silent."""

LONGEST_ANSWER = 1 << 16
"""Bytes of an answer that are read."""


class _NoRedirect(HTTPRedirectHandler):
    """A redirect would turn the order into a GET elsewhere, and look like success."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none: the answer then counts as a failure."""


_OPENER = build_opener(_NoRedirect)


def post_json(
    url: str, key: str, body: dict[str, Any], token: str | None = None, timeout: float = TIMEOUT
) -> bytes:
    """Post an order with its key as `Idempotency-Key`; gives the answer.

    Args:
        url: http:// or https://.
        key: The same for the same order: the service counts it once.
        body: Sent as JSON.
        token: Sent as a bearer token.
        timeout: Seconds that the service may be silent.

    Raises:
        OSError: Not reached, not 2xx, a redirect, cut off, or too long.
    """
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = Request(url, json.dumps(body).encode(), headers, method="POST")  # noqa: S310
    try:
        with _OPENER.open(request, timeout=timeout) as answer:
            told: bytes = answer.read(LONGEST_ANSWER + 1)
    except HTTPError as error:
        error.close()
        raise OSError(f"{url}: answered {error.code}") from error
    except (URLError, HTTPException) as error:
        raise OSError(f"{url}: {getattr(error, 'reason', None) or type(error).__name__}") from error
    if len(told) > LONGEST_ANSWER:
        raise OSError(f"{url}: answered more than {LONGEST_ANSWER} bytes")
    return told
