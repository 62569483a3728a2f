"""A scripted caller who listens: says again what was not answered as it should be.

What was prepared fits only the answers that it was prepared for. Who is asked for a name or an
amount that was misheard says it; who hears a wrong one read back says the right one; else the
words are said again. Nobody agrees to what they did not want: a "yes" is said again only where the
last question for one was the right one. What should be answered is what the scenario expects, and
else what the same words get in text.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from server.caller import CallerTurn
from server.client.turns import OpenTurn, TurnRecord
from server.replay.read_backs import ReadBack, read_back
from server.replay.scenario import Scenario
from server.replay.scores import Score
from server.replay.words import plain
from voice.spoken_form import spoken_form

TRIES = 2
"""How often somebody says a thing again before they go on, or give up."""

_NUMBERS = frozenset({"ask_customer_number", "ask_pin", "ask_code", "login_failed"})
"""Questions for a number that nobody says again once it was taken."""

_READ_BACK = "confirm_"
_ORDER = "confirm_transfer"

_YES = frozenset({"yes", "yes please", "yeah"})
_KEY_FOR_YES = "press one to"

_NO_YES = frozenset({"deny", "refuse", "correct", "inform"})
"""What words that answer a read-back may mean without agreeing to it."""

InText = Sequence[Mapping[str, Any]]
"""Turns of a call in text, as `turn_json` makes them."""

Say = Callable[[str], CallerTurn | None]
"""Says words that were not prepared; None where the caller's voice is not at hand."""


@dataclass(slots=True)
class PatientCaller:
    """Who hears one call's answers out.

    Attributes:
        scenario: The call.
        turns: What they do, in order.
        in_text: The turns of the same call in text, the greeting first.
        say: Their voice.
        tries: How often they answer what is not as it should be.
    """

    scenario: Scenario
    turns: Sequence[CallerTurn]
    in_text: InText
    say: Say
    tries: int = TRIES
    _before: str | None = field(default=None, init=False)
    _unwanted: bool = field(default=False, init=False)

    def __call__(self, answered: OpenTurn) -> CallerTurn | Literal["hang up"] | None:
        """What to do about an answer: see `server.caller.Insist`."""
        asked, self._before = self._before, answered.action
        if is_read_back(answered):
            self._unwanted = _is_unwanted(self.in_text, answered, self._language)
        if answered.kind == "silence":
            return self._gives_up()
        if self._is_right(answered):
            self._unwanted = False
            return None
        if answered.again >= self.tries:
            return self._gives_up()
        words = self._value_for(answered)
        told = self.say(words) if words is not None else self._key_for(answered)
        again = told or self._words_for(answered, asked)
        return replace(again, barge_in=None, pause=None) if again else self._gives_up()

    @property
    def _language(self) -> str:
        return self.scenario.caller.language

    def _gives_up(self) -> Literal["hang up"] | None:
        """Nobody goes on from a question that should not be agreed to."""
        return "hang up" if self._unwanted else None

    def _is_right(self, answered: OpenTurn) -> bool:
        expect, read = self.scenario.turns[answered.n - 1].expect, _of(self.in_text, answered.n)
        unwanted = is_read_back(answered) and self._unwanted
        if read is None:
            return not unwanted
        if answered.action != (expect.action or read["action"]):
            return False
        said = plain(" ".join(answered.said))
        holds = all(plain(words) in said for words in expect.said_contains)
        return holds and not unwanted

    def _value_for(self, answered: OpenTurn) -> str | None:
        """The name or the amount that is asked for, or read back wrongly; None where there is no
        one such, or it is something else that is amiss."""
        wanted = self._order_at(answered.n)
        if wanted is None:
            return None
        name, amount = wanted.values["recipient"], spoken_form(wanted.values["amount"])
        match answered.action:
            case "ask_payee":
                return f"{name}."
            case "ask_amount":
                return f"{amount}."
            case "confirm_transfer":
                got = read_back(_ORDER, " ".join(answered.said), self._language)
                values = got.values if got else wanted.values
                wrong = [amount] if _differ(wanted.values, values, "amount") else []
                wrong += [f"to {name}"] if _differ(wanted.values, values, "recipient") else []
                account = wanted.values["source"].split()[0]
                if not wrong and values["source"].split()[0] != account:
                    wrong = [f"from {account}"]
                return f"No, {' '.join(wrong)}." if wrong else None
        return None

    def _key_for(self, answered: OpenTurn) -> CallerTurn | None:
        """The key for a "yes" that was not heard, where one is offered for what was read back."""
        words = re.sub(r"[^a-z ]", "", (self.scenario.turns[answered.n - 1].say or "").lower())
        is_offered = _KEY_FOR_YES in " ".join(answered.said).casefold() and words in _YES
        is_meant = is_read_back(answered) and not self._unwanted and self._agrees(answered.n)
        return CallerTurn(keys="1#", label=words) if is_offered and is_meant else None

    def _order_at(self, n: int) -> ReadBack | None:
        """The payment to somebody that a turn orders or answers to, as text reads it back."""
        turns = (_of(self.in_text, n), _of(self.in_text, n - 1))
        turn = next((each for each in turns if each and each["action"] == _ORDER), None)
        order = read_back(_ORDER, str(turn["said"]), self._language) if turn else None
        own = order is not None and plain(order.values["recipient"]).startswith("your ")
        return None if own else order

    def _words_for(self, answered: OpenTurn, asked: str | None) -> CallerTurn | None:
        """The last words, but no number that was taken: who is asked for something else after
        that says what they want. No "yes" to another question than the one it was meant for."""
        is_asked_again = answered.action == asked
        for n in range(answered.n, 0, -1):
            is_last = n == answered.n
            if self._agrees(n) and (self._unwanted or not is_last):
                return None
            is_number = (_of(self.in_text, n - 1) or {}).get("action") in _NUMBERS
            taken = is_number and not (is_last and is_asked_again)
            if self.scenario.turns[n - 1].say is not None and not taken:
                return self.turns[n - 1]
        return None

    def _agrees(self, n: int) -> bool:
        """Whether the words of a turn may agree to something."""
        before, turn = _of(self.in_text, n - 1) or {}, _of(self.in_text, n) or {}
        meant = next((intent["name"] for intent in turn.get("intents") or ()), None)
        asked = str(before.get("action")).startswith(_READ_BACK)
        return meant == "affirm" or (asked and meant not in _NO_YES)


def read_backs_of(in_text: InText, answered: TurnRecord, language: str = "en") -> Score:
    """What counts of an answer that is a question for a "yes"."""
    if not is_read_back(answered):
        return {}
    wrong = read_back_wrong(in_text, answered, language)
    other = read_back_other(in_text, answered)
    return {"read_backs": 1, "read_backs_wrong": int(wrong), "read_backs_other": int(other)}


def read_back_wrong(in_text: InText, answered: OpenTurn | TurnRecord, language: str = "en") -> bool:
    """Whether a question for a "yes" holds other values than the last one in text does, which is
    for the same action."""
    if not is_read_back(answered) or read_back_other(in_text, answered):
        return False
    said, read = " ".join(answered.said), str((_last_read_back(in_text, answered.n) or {})["said"])
    action = str(answered.action)
    got, wanted = read_back(action, said, language), read_back(action, read, language)
    if got is None or wanted is None:
        return plain(said) != plain(read)
    return not got.is_like(wanted)


def read_back_other(in_text: InText, answered: OpenTurn | TurnRecord) -> bool:
    """Whether a question for a "yes" is for another action than the last one in text, or there
    was none."""
    read = _last_read_back(in_text, answered.n)
    return is_read_back(answered) and (read is None or read["action"] != answered.action)


def is_read_back(answered: OpenTurn | TurnRecord) -> bool:
    """Whether a "yes" to this answer would do something."""
    return (answered.action or "").startswith(_READ_BACK)


def _is_unwanted(in_text: InText, answered: OpenTurn, language: str) -> bool:
    return read_back_wrong(in_text, answered, language) or read_back_other(in_text, answered)


def _last_read_back(in_text: InText, n: int) -> Mapping[str, Any] | None:
    """Of the turns up to one."""
    asked = [t for t in in_text if t["n"] <= n and str(t["action"]).startswith(_READ_BACK)]
    return asked[-1] if asked else None


def _of(in_text: InText, n: int) -> Mapping[str, Any] | None:
    return next((turn for turn in in_text if turn["n"] == n), None)


def _differ(wanted: Mapping[str, str], got: Mapping[str, str], name: str) -> bool:
    return plain(wanted[name]) != plain(got[name])
