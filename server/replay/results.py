"""What a replay found, scenario by scenario and in all, in words and as JSON lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from server.render import Turn, latency_percentiles
from server.replay.judge import Verdict
from server.replay.scenario import Scenario

LATE = 0.02
"""Seconds: a frame."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One scenario that was replayed.

    Attributes:
        path: The scenario file.
        verdict: Passed, or what was amiss.
        turns: As `turn_json` makes them; the greeting is number 0.
        ended: How the call ended; "" where there was none.
        call: The server's id of the call, for its records; None for text.
        name: Of the call: the scenario's, and the condition's, channel's and repetition's.
        tags, about, covers: The scenario's.
        condition, repetition: See `server.replay.suite.Case`.
        wire: What it went over, by the matrix or the scenario; "text" for none.
        confirms: Name of the call that had failed, for which it was made; no figure counts it.
        recording: Where the call's own sound lies; None where none was left.
        seconds: Of the recording.
        lateness: Seconds that the caller was late at worst; above `LATE` the machine was too busy
            for the latencies to be trusted.
    """

    path: Path
    verdict: Verdict
    turns: tuple[Turn, ...] = ()
    ended: str = ""
    call: str | None = None
    name: str = ""
    tags: tuple[str, ...] = ()
    about: str = ""
    covers: tuple[str, ...] = ()
    condition: str = "clean"
    wire: str = "websocket"
    repetition: int = 1
    confirms: str = ""
    recording: Path | None = None
    seconds: float = 0.0
    lateness: float = 0.0

    @classmethod
    def of(cls, path: Path, scenario: Scenario, verdict: Verdict, **more: Any) -> Self:
        """With what the scenario tells of itself."""
        more |= {"tags": scenario.tags, "about": scenario.about, "covers": scenario.covers}
        return cls(path, verdict, **more)

    @property
    def passed(self) -> bool:
        """Whether all was as expected."""
        return self.verdict.passed

    def lines(self) -> list[str]:
        """For people: the verdict, and every mismatch on a line of its own."""
        word = "passed" if self.passed else "FAILED"
        return [
            f"{word} {self.name or self.verdict.scenario}",
            *(f"  {m}" for m in self.verdict.mismatches),
        ]

    def json(self) -> dict[str, Any]:
        """One object for a JSON line."""
        return {
            "type": "scenario",
            "name": self.name or self.verdict.scenario,
            "scenario": self.verdict.scenario,
            "path": str(self.path),
            "about": self.about,
            "tags": list(self.tags),
            "covers": list(self.covers),
            "condition": self.condition,
            "wire": self.wire,
            "repetition": self.repetition,
            "confirms": self.confirms,
            "recording": None if self.recording is None else str(self.recording),
            "seconds": round(self.seconds, 3),
            "lateness": round(self.lateness, 4),
            "passed": self.passed,
            "ended": self.ended,
            "call": self.call,
            "mismatches": [
                {"turn": m.turn, "what": m.what, "expected": m.expected, "got": m.got}
                for m in self.verdict.mismatches
            ],
            "turns": list(self.turns),
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """All scenarios of one replay, in the order in which they were given."""

    results: tuple[Replayed, ...]

    @property
    def asked(self) -> tuple[Replayed, ...]:
        """Without those that only confirm a failure; all that follows is of these."""
        return tuple(result for result in self.results if not result.confirms)

    @property
    def passed(self) -> int:
        """How many went as expected."""
        return sum(result.passed for result in self.asked)

    @property
    def failed(self) -> int:
        """How many did not."""
        return len(self.asked) - self.passed

    @property
    def response_latency(self) -> dict[str, float | None]:
        """p50 and p95 in ms over all turns of all calls; None by text."""
        return latency_percentiles(self._turns)

    @property
    def timed_turns(self) -> int:
        """How many turns the latencies are of."""
        return sum(turn["response_latency_ms"] is not None for turn in self._turns)

    @property
    def _turns(self) -> Sequence[Turn]:
        return [turn for result in self.asked for turn in result.turns]

    def line(self) -> str:
        """The whole replay in one line."""
        line = f"{self.passed} passed, {self.failed} failed"
        felt = self.response_latency
        if felt["p50"] is not None:
            line += f"; response latency p50 {felt['p50']:.0f} ms, p95 {felt['p95']:.0f} ms"
            line += f" over {self.timed_turns} turns"
        return line

    def json(self) -> dict[str, Any]:
        """The last JSON line."""
        return {
            "type": "summary",
            "scenarios": len(self.asked),
            "passed": self.passed,
            "failed": self.failed,
            "turns": self.timed_turns,
            "response_latency": self.response_latency,
        }
