"""Proving the audit's chain against its key and its checkpoints."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dialog.bank.audit import FIRST, content
from dialog.bank.checkpoints import Checkpoint
from dialog.bank.keys import keyed
from dialog.bank.tables import AuditRow

AT_ONCE = 1000
TOLD = 20
"""Findings after which the rest is only counted: one cut makes many."""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What a check of the chain found.

    Attributes:
        rows: How many there are.
        checkpoints: How many were compared.
        findings: In words, the first ones; empty where the chain is whole.
    """

    rows: int
    checkpoints: int
    findings: tuple[str, ...]


def check_audit(
    session: Session,
    key: bytes,
    checkpoints: Iterable[Checkpoint],
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> AuditReport:
    """Walk the chain from its first row to its last, and hold it against the checkpoints.

    Args:
        session: A snapshot of the bank.
        key: Of the chain (Audit.key).
        checkpoints: Of all processes that wrote to the chain, in any order.
        progress: Told how many rows are done, of how many.
    """
    total = session.scalar(select(func.count()).select_from(AuditRow)) or 0
    macs: dict[int, str] = {}
    findings: list[str] = []
    for row, wrong in _walk(session, key):
        macs[row.id] = row.mac
        findings += wrong
        progress(len(macs), total)
    known = list(checkpoints)
    findings += _against(known, macs)
    return AuditReport(len(macs), len(known), tuple(findings[:TOLD]))


def _walk(session: Session, key: bytes) -> Iterator[tuple[AuditRow, list[str]]]:
    """Each row, with what is wrong between it and the one before it."""
    before, expected = FIRST, 1
    query = select(AuditRow).order_by(AuditRow.id).execution_options(yield_per=AT_ONCE)
    for row in session.scalars(query):
        wrong = []
        if row.id != expected:
            wrong.append(f"row {expected} is missing (removed, or moved elsewhere)")
        elif keyed(key, content(row, before)) != row.mac:
            wrong.append(f"row {row.id} is not what was written (changed, moved or forged)")
        before, expected = row.mac, row.id + 1
        yield row, wrong
        session.expunge(row)


def _against(checkpoints: Iterable[Checkpoint], macs: dict[int, str]) -> Iterator[str]:
    last = max(macs, default=0)
    for point in checkpoints:
        if not point.sealed:
            yield f"checkpoint line {point.line} is not what was written"
        elif point.id not in macs:
            yield f"row {point.id} was there and is gone: the chain ends at row {last}"
        elif point.mac != macs[point.id]:
            yield f"row {point.id} was another one: the chain was made anew"
