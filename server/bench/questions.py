"""Which questions get their passage when a call begins with them, and which requests get one."""

import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from dialog.bank.settings import PinCost
from dialog.conversation import Conversation
from dialog.script import script
from nlu.corpus.load import FRESH_FOLDER, TEST_FOLDER, load_corpus
from nlu.questions.documents import read_documents
from nlu.training.asked import DOCUMENTS, NONE, questions
from nlu.understander import Understander
from server.bank_file import temporary_bank

TODAY = date(2026, 3, 16)

_REQUESTS = {"validation": TEST_FOLDER, "test": FRESH_FOLDER}


def in_call_figures(understander: Understander, side: str = "test") -> dict[str, float]:
    """Shares, four digits, each line asked at the beginning of a call of its own.

    `right` and `wrong`: questions that are told their passage, or another one; `answered_outside`:
    of the questions that no document answers; `requests_answered`: lines of the corpus that ask for
    something to be done or looked up, and are told a passage instead.

    Args:
        understander: With the packaged documents.
        side: "validation" (with nlu/corpus/test) or "test" (with nlu/corpus/fresh).
    """
    asked = questions(side, read_documents(DOCUMENTS))
    inside = [one for one in asked if one.document != NONE]
    outside = [one.text for one in asked if one.document == NONE]
    flows = script("en").by_intent
    requests = [u.text for u in load_corpus(_REQUESTS[side], 1) if u.intent in flows]
    found = told_first([one.text for one in inside], understander)
    right = [one.document == source for one, source in zip(inside, found, strict=True)]
    wrong = [bool(source) and not good for source, good in zip(found, right, strict=True)]
    shares = {
        "right": right,
        "wrong": wrong,
        "answered_outside": [bool(source) for source in told_first(outside, understander)],
        "requests_answered": [bool(source) for source in told_first(requests, understander)],
    }
    counts = {"n": len(inside), "n_outside": len(outside), "n_requests": len(requests)}
    return {
        **{name: round(sum(hits) / len(hits), 4) for name, hits in shares.items()},
        **{name: float(count) for name, count in counts.items()},
    }


def told_first(lines: Sequence[str], understander: Understander) -> list[str]:
    """The document that each line is told when a call begins with it; "" where none is."""
    cheap = PinCost(time=1, memory_kib=64, lanes=1)  # nobody logs in
    with tempfile.TemporaryDirectory() as folder:
        bank = temporary_bank(Path(folder), TODAY, cost=cheap)
        try:
            call = Conversation(
                bank=bank, understander=understander, today=TODAY, call_id="questions"
            )
            call.open()
            reasons = [call.think(line).decision.reason for line in lines]
        finally:
            bank.close()
    return [_document(reason) for reason in reasons]


def _document(reason: str) -> str:
    """What "answered from cards/lost.md#2 (0.93)" names; "" for other reasons."""
    source = reason.removeprefix("answered from ")
    return "" if source == reason else source.rpartition(" (")[0].partition("#")[0]
