"""Tickets: a websocket may be opened once, by whom a signed webhook was answered to.

Most providers sign their webhooks and not their websockets. So the webhook's answer names a url
with a ticket in it: random, for one call, good for a minute and for one opening. A webhook that is
told again, as providers do where they saw no answer, gets the same ticket while it is unused; one
that is replayed later gets none.
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from server.channels.providers.provider import Ringing

GOOD_FOR = 60.0
REMEMBERED_FOR = 3600.0
MOST = 10_000


@dataclass(slots=True)
class _Ticket:
    ringing: Ringing
    secret: str
    since: float
    used: bool = False


class Tickets:
    """The tickets of one provider; time is passed in, in seconds."""

    def __init__(self, random: Callable[[], str] = lambda: secrets.token_urlsafe(24)) -> None:
        self._random = random
        self._by_call: OrderedDict[str, _Ticket] = OrderedDict()

    def issue(self, ringing: Ringing, at: float) -> str | None:
        """A ticket for a call; None where it had one that was used or has run out."""
        self._forget(at)
        ticket = self._by_call.get(ringing.call)
        if ticket is None:
            ticket = self._by_call[ringing.call] = _Ticket(ringing, self._random(), at)
        elif ticket.used or at - ticket.since > GOOD_FOR:
            return None
        return ticket.secret

    def take(self, secret: str, at: float) -> Ringing | None:
        """The call of a ticket, once."""
        for ticket in self._by_call.values():
            if secrets.compare_digest(ticket.secret.encode(), secret.encode()):
                if ticket.used or at - ticket.since > GOOD_FOR:
                    return None
                ticket.used = True
                return ticket.ringing
        return None

    def _forget(self, at: float) -> None:
        while self._by_call:
            oldest = next(iter(self._by_call.values()))
            if at - oldest.since <= REMEMBERED_FOR and len(self._by_call) < MOST:
                return
            self._by_call.popitem(last=False)
