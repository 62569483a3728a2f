"""Turns that were measured before: a long bench in several runs, one line a turn."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from server.bench.latency import AnsweredTurn, Side
from server.errors import ServerError


class KeptTurns:
    """A file of measured turns (JSON lines), grown call by call.

    Args:
        file: Made where it is missing; None keeps nothing beyond this run.
        names: Of the assistants that are compared.

    Raises:
        ServerError: The file cannot be read, or holds something else.
    """

    def __init__(self, file: Path | None, names: Sequence[str]) -> None:
        self._file = file
        self._turns: dict[str, list[AnsweredTurn]] = {name: [] for name in names}
        if file is not None and file.exists():
            self._read(file)

    def sides(self) -> list[Side]:
        """All turns so far, by assistant."""
        return [Side(name, tuple(turns)) for name, turns in self._turns.items()]

    def holds(self, name: str, call: str) -> bool:
        """Whether an assistant has played a call."""
        return any(turn.call == call for turn in self._turns[name])

    def add(self, name: str, turns: Iterable[AnsweredTurn]) -> None:
        """Keep the turns of one call; those of an unfinished run before are replaced."""
        new = list(turns)
        calls = {turn.call for turn in new}
        self._turns[name] = [t for t in self._turns[name] if t.call not in calls] + new
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as stream:
                stream.writelines(json.dumps({"of": name, **asdict(t)}) + "\n" for t in new)

    def _read(self, file: Path) -> None:
        found: dict[str, dict[tuple[str, int], AnsweredTurn]] = {n: {} for n in self._turns}
        try:
            for line in file.read_text(encoding="utf-8").splitlines():
                told = json.loads(line)
                name = told.pop("of")
                if name in found:
                    turn = AnsweredTurn(**told)
                    found[name][turn.call, turn.n] = turn
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ServerError(f"{file}: not the turns of an earlier run: {error}") from error
        self._turns = {name: list(turns.values()) for name, turns in found.items()}
