"""Whether a browser's request comes from our own page."""

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from server.admission import is_loopback
from server.settings import Settings


def is_same_origin(connection: HTTPConnection, settings: Settings) -> bool:
    """A page from elsewhere must not call through its visitor's browser.

    A name that is made to point at this machine (DNS rebinding) is from elsewhere too. What sends
    no Origin is no browser.
    """
    origin = connection.headers.get("origin")
    if origin is None:
        return True
    host = connection.headers.get("host", "")
    name = urlsplit(f"//{host}").hostname or ""
    ours = name in ("localhost", settings.host) or is_loopback(name)
    local = is_loopback(connection.client.host if connection.client else None)
    return urlsplit(origin).netloc == host and (ours or not local)
