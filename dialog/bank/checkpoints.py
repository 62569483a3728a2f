"""How far the audit's chain had come, kept outside the bank's database.

One JSON line per commit, sealed with a key: {"id", "mac", "at", "seal"}. Put the file where the
database's administrators cannot write (another machine, a write-once store); appending is all
that is ever done to it.
"""

import json
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dialog.bank.keys import derive, keyed
from dialog.errors import BankError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The chain's end at a time: the row's id and mac; sealed is False where it was tampered with.

    Attributes:
        line: In the file, from 1.
    """

    line: int
    id: int
    mac: str
    sealed: bool


class Checkpoints:
    """Appends checkpoints to a file.

    Args:
        path: The file; made where it is missing, readable for its owner only.
        secret: The bank's; the seal's key comes from it.
        clock: Tells the time.
    """

    def __init__(self, path: Path, secret: bytes, clock: Callable[[], datetime]) -> None:
        self._path, self._clock = path, clock
        self._key = derive(secret, "audit checkpoints")

    def note(self, number: int, mac: str) -> None:
        """Write down that row `number` with this mac is committed.

        A file that cannot be written is logged and stops nothing: what it would vouch for is done.
        """
        at = self._clock().isoformat()
        seal = keyed(self._key, f"{number}:{mac}:{at}")
        line = json.dumps({"id": number, "mac": mac, "at": at, "seal": seal}) + "\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            descriptor = os.open(self._path, flags, 0o600)
            try:
                os.write(descriptor, line.encode())
            finally:
                os.close(descriptor)
        except OSError as error:
            logger.error("audit.checkpoint_failed", extra={"error": error.strerror})


def read_checkpoints(path: Path, secret: bytes) -> Iterator[Checkpoint]:
    """The checkpoints of a file, in its order.

    Raises:
        BankError: The file cannot be read.
    """
    key = derive(secret, "audit checkpoints")
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise BankError(f"audit checkpoints {path}: {error.strerror}: give the file") from error
    for number, line in enumerate(lines, start=1):
        yield _read(number, line, key)


def _read(number: int, line: str, key: bytes) -> Checkpoint:
    try:
        told = json.loads(line)
        row, mac, at, seal = int(told["id"]), str(told["mac"]), told["at"], told["seal"]
    except (ValueError, KeyError, TypeError):
        return Checkpoint(number, 0, "", sealed=False)
    return Checkpoint(number, row, mac, sealed=seal == keyed(key, f"{row}:{mac}:{at}"))
