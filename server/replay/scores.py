"""One turn in figures: what metrics are counted from, in a call's record and over many calls."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from server.bench.spelled import digits, edits, symbols
from server.client.turns import TurnRecord
from server.replay.scenario import CODE, Turn
from server.replay.words import MASK, heard_symbols

Score = dict[str, int]

STRING = 3
"""Digits that make a string of them; "one moment" holds none."""


def score(
    turn: Turn, record: Mapping[str, Any], spoken: TurnRecord | None, raw: str | None
) -> Score:
    """What counts of one caller turn; a name that does not apply is left out.

    Args:
        turn: As the scenario has it.
        record: As `turn_json` makes it.
        spoken: The same by voice.
        raw: The words as the recogniser wrote them; None by text, for keys, and where nobody
            tells them.
    """
    counted = _understood(turn, record)
    if spoken is None:
        counted |= _typed(turn, record["heard"] or "")
    else:
        counted |= _timing(turn, spoken)
        if turn.say is not None and raw is not None and not turn.hang_up:
            counted |= _words(turn.say, raw)
        if turn.silence is not None:
            counted |= {"silences": 1, "words_in_silence": len(symbols(record["heard"] or ""))}
    return counted


def told_words(said: str | None, heard: str | None) -> str | None:
    """The words of a turn for a report; None where they may be secret."""
    return None if MASK in (heard or "") or len(digits(said or "")) >= STRING else said


def _typed(turn: Turn, heard: str) -> Score:
    """Whether words and keys reached the dialog as they were; figures of them are of sound."""
    said = turn.say or (turn.keys or "").removesuffix("#")
    if said == CODE or (turn.say is None and "#" in said):  # which keys, or of which entry?
        return {}
    return _lost(said, heard_symbols(heard, said)) if said else {}


def _lost(said: str, got: list[str]) -> Score:
    lost = (Counter(_values(said)) - Counter(got)).total()
    return {"word_errors": edits(symbols(said), got), "values_lost": lost}


def _words(said: str, raw: str) -> Score:
    counted = {"words": len(symbols(said))} | _lost(said, symbols(raw))
    wanted = digits(said)
    if len(wanted) >= STRING:
        counted["digits"] = len(wanted)
        counted["digit_errors"] = edits(wanted, digits(raw))
        counted["digit_strings"] = 1
        counted["digit_strings_wrong"] = int(wanted != digits(raw))
    return counted


def _values(said: str) -> list[str]:
    """The words that an order hangs on: digits, and names by their capital within a sentence."""
    names = re.findall(r"(?<=[A-Za-z',] )[A-Z][a-z]+", said)
    return [*digits(said), *(symbol for name in names for symbol in symbols(name))]


def _understood(turn: Turn, record: Mapping[str, Any]) -> Score:
    counted: Score = {}
    if turn.expect.intent is not None and record["intents"] is not None:
        best = next(iter(record["intents"]), {"name": None})["name"]
        counted |= {"intents": 1, "intents_right": int(best == turn.expect.intent)}
    if turn.expect.entities:
        got = {(e["type"], str(e["value"]).casefold()) for e in record["entities"] or ()}
        right = sum((e.type, e.value.casefold()) in got for e in turn.expect.entities)
        counted |= {"entities": len(turn.expect.entities), "entities_right": right}
    return counted


def _timing(turn: Turn, spoken: TurnRecord) -> Score:
    """Only what sounded is an answer; who hangs up waits for none."""
    if spoken.kind not in ("speech", "keys"):
        return {}
    sounded = spoken.response_latency_ms is not None or spoken.cut_in
    counted = {} if turn.hang_up else {"asked": 1, "answered": int(sounded)}
    if spoken.kind == "keys":
        return counted
    counted |= {"speeches": 1, "cut_in": int(spoken.cut_in), "false_ends": max(0, spoken.ends - 1)}
    if turn.barge_in is not None and turn.expect.yields is not None:
        name = "overlaps" if turn.expect.yields else "backchannels"
        right = spoken.cleared if turn.expect.yields else not spoken.cleared
        counted |= {name: 1, f"{name}_right": int(right)}
    return counted
