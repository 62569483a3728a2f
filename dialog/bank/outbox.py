"""Letters on their way out: written with what they tell of, carried away afterwards.

A letter is a row, added in the transaction of its cause: neither is there without the other.
Whoever carries it may crash and carry it again; its key lets the receiver count it once.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal, Protocol

import yaml
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dialog.bank.desk import Desk
from dialog.bank.tables import ERASED, CustomerRow, MessageRow
from dialog.errors import NoAddress

logger = logging.getLogger(__name__)

Channel = Literal["sms", "email"]
WIPED_KINDS = "code_"
"""Letters of these kinds lose their text once they are sent."""

FIRST_RETRY = timedelta(seconds=10)
LONGEST_RETRY = timedelta(hours=1)


def shown(kind: str, body: str) -> str:
    """A letter's text as people may read it: none where it brings a code."""
    return "" if kind.startswith(WIPED_KINDS) else body


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to be carried; the text stays out of repr."""

    key: str
    channel: str
    kind: str
    address: str = field(repr=False)
    body: str = field(repr=False)


class Connector(Protocol):
    """Carries letters to the outside: an SMS or e-mail service, or a file."""

    def send(self, letter: Letter) -> None:
        """Hand the letter over.

        Raises:
            OSError: It could not be handed over; it is tried again later.
        """
        ...


@cache
def _templates() -> dict[str, str]:
    text = Path(__file__).with_name("letters.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def post(
    session: Session,
    customer: CustomerRow,
    channel: Channel,
    kind: str,
    values: Mapping[str, str],
    *,
    key: str,
    now: datetime,
) -> None:
    """Add a letter to the outbox, once per key.

    Raises:
        NoAddress: The customer has none for this channel.
    """
    address = customer.phone if channel == "sms" else customer.email
    if not address:
        raise NoAddress(f"the customer has no address for {channel}; a colleague can enter one")
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    letter = insert(MessageRow).values(
        key=key,
        customer_id=customer.id,
        channel=channel,
        kind=kind,
        address=address,
        body=_templates()[kind].format_map(values),
        created_at=now,
        due_at=now,
        attempts=0,
    )
    session.execute(letter.on_conflict_do_nothing())


class Outbox:
    """Carries the letters of one bank.

    Args:
        desk: Of the bank.
        connectors: By channel.
    """

    def __init__(self, desk: Desk, connectors: Mapping[str, Connector]) -> None:
        self._desk, self._connectors = desk, connectors

    def deliver(self, limit: int = 100) -> tuple[int, int]:
        """Carry what is due; gives how many letters were sent and how many failed."""
        sent = failed = 0
        for _ in range(limit):
            letter = self._desk.database.write(self._claim)
            if letter is None:
                break
            if self._carry(letter):
                sent += 1
            else:
                failed += 1
        return sent, failed

    def _claim(self, session: Session) -> Letter | None:
        """The next letter due; the following try, should this one crash, comes later."""
        now = self._desk.now()
        row = session.scalar(
            select(MessageRow)
            .where(
                MessageRow.sent_at.is_(None),
                MessageRow.due_at <= now,
                MessageRow.address != ERASED,
                MessageRow.channel.in_(self._connectors),
            )
            .order_by(MessageRow.due_at, MessageRow.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if row is None:
            return None
        row.due_at = now + min(FIRST_RETRY * 2 ** min(row.attempts, 20), LONGEST_RETRY)
        row.attempts += 1
        return Letter(row.key, row.channel, row.kind, row.address, row.body)

    def _carry(self, letter: Letter) -> bool:
        try:
            self._connectors[letter.channel].send(letter)
        except OSError as error:
            logger.warning("outbox.failed", extra={"key": letter.key, "error": str(error)})
            return False
        self._desk.database.write(lambda session: self._mark(session, letter))
        return True

    def _mark(self, session: Session, letter: Letter) -> None:
        row = session.scalars(select(MessageRow).where(MessageRow.key == letter.key)).one()
        row.sent_at = self._desk.now()
        row.body = shown(row.kind, row.body)
