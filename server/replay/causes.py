"""What broke a call: words misheard, a turn ended in the wrong place, or the dialog itself."""

from collections import Counter
from collections.abc import Iterator, Sequence

from server.replay.metrics import Record

CAUSES = ("not run", "misheard", "turn taking", "dialog")


def cause(call: Record) -> str:
    """Of a call that failed: the first of what went wrong up to its first mismatch.

    Where all words came right, and turns ended where they should, the answer was wrong.
    """
    if not call["turns"]:
        return "not run"
    at = min((m["turn"] for m in call["mismatches"] if m["turn"]), default=len(call["turns"]))
    scores = [turn.get("score", {}) for turn in call["turns"] if turn["n"] <= at]
    if any(score.get("false_ends") or score.get("cut_in") for score in scores):
        return "turn taking"
    return "misheard" if any(score.get("word_errors") for score in scores) else "dialog"


def misheard(call: Record) -> Iterator[str]:
    """Each turn that was heard with other words than were said; masked ones are left out."""
    for turn in call["turns"]:
        heard, said = turn["heard"] or "", turn.get("words")
        if said and turn.get("score", {}).get("word_errors") and "•" not in heard:
            yield f"turn {turn['n']}: heard {heard!r} for {said!r}"


def counted(calls: Sequence[Record]) -> dict[str, int]:
    """How many calls each cause has broken."""
    found = Counter(cause(call) for call in calls if not call["passed"])
    return {name: found[name] for name in CAUSES if found[name]}
