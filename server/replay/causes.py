"""What broke a call: words misheard (by text also keys), a turn ended in the wrong place, an answer
that was not heard in time, sides of the call that are swapped, or the dialog itself."""

from collections import Counter
from collections.abc import Iterator, Sequence

from server.replay.judge import SIDES
from server.replay.metrics import Record

SWAPPED = "swapped sides"
CAUSES = ("not run", "misheard", "turn taking", "late or silent", SWAPPED, "dialog")
_OF_SOUND = {
    "heard": "misheard",
    "response latency": "late or silent",
    "yield latency": "turn taking",
    "speaking over the answer": "turn taking",
}
"""Mismatches that tell their cause themselves."""


def cause(call: Record) -> str:
    """Of a call that failed: what went wrong in the turn of its first mismatch, or before it
    where what the call hangs on was lost: a value, an intent or an entity.

    Where all that came right, and turns ended where they should, the answer was wrong.
    """
    if not call["turns"]:
        return "not run"
    if any(mismatch["what"] == SIDES for mismatch in call["mismatches"]):
        return SWAPPED
    last = call["turns"][-1]["n"]
    first = min(call["mismatches"], key=lambda m: m["turn"] or last + 1)
    if first["what"] in _OF_SOUND:
        return _OF_SOUND[first["what"]]
    at = min(first["turn"] or last, last)
    scores = [
        score
        for turn in call["turns"]
        if (score := turn.get("score")) and (turn["n"] == at or (turn["n"] < at and _lost(score)))
    ]
    if any(score.get("false_ends") or score.get("cut_in") for score in scores):
        return "turn taking"
    return "misheard" if any(score.get("word_errors") for score in scores) else "dialog"


def _lost(score: Record) -> bool:
    """Whether more was misunderstood than a word that nothing hangs on."""
    return bool(
        score.get("values_lost")
        or score.get("intents_right", 0) < score.get("intents", 0)
        or score.get("entities_right", 0) < score.get("entities", 0)
    )


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
