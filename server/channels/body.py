"""A request's body, within bounds."""

import asyncio

from fastapi import Request

BODY_WITHIN = 5.0
"""Seconds in which it must have come."""


async def read_body(request: Request, most: int) -> bytes | None:
    """The body; None where it is larger than `most` bytes, or is late."""
    body = b""
    try:
        async with asyncio.timeout(BODY_WITHIN):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    return None
    except TimeoutError:
        return None
    return body
