"""A scripted caller who listens: says again what was not answered as it should be.

What was prepared fits only the answers that it was prepared for. Who is asked for a name or an
amount that was misheard says it; who hears a wrong one read back says the right one; else the
words are said again. Nobody agrees to what they did not want. What should be answered is what
the scenario expects, and else what the same words get in text.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from dialog.bank.demo import demo_customers
from server.caller import CallerTurn
from server.client.turns import OpenTurn, TurnRecord
from server.replay.scenario import Scenario
from voice.spoken_form import spoken_form

TRIES = 2
"""How often somebody says a thing again before they go on, or give up."""

_NUMBERS = frozenset({"ask_customer_number", "ask_pin", "ask_code", "login_failed"})
"""Questions for a number that nobody says again once it was taken."""

_READ_BACK = "confirm_"
_YES = frozenset({"yes", "yes please", "yeah"})
_KEY_FOR_YES = "press one to"

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
    in_text: Sequence[Mapping[str, Any]]
    say: Say
    tries: int = TRIES
    _before: str | None = field(default=None, init=False)

    def __call__(self, answered: OpenTurn) -> CallerTurn | Literal["hang up"] | None:
        """What to do about an answer: see `server.caller.Insist`."""
        asked, self._before = self._before, answered.action
        if answered.kind == "silence" or self._is_right(answered):
            return None
        if answered.again >= self.tries:
            return self._gives_up(answered)
        words = self._value_for(answered)
        told = self.say(words) if words is not None else self._key_for(answered)
        again = told or self._words_for(answered, asked)
        return replace(again, barge_in=None, pause=None) if again else self._gives_up(answered)

    def _gives_up(self, answered: OpenTurn) -> Literal["hang up"] | None:
        return "hang up" if read_back_wrong(self.in_text, answered) else None

    def _is_right(self, answered: OpenTurn) -> bool:
        expect, read = self.scenario.turns[answered.n - 1].expect, _of(self.in_text, answered.n)
        if read is None:
            return True
        if answered.action != (expect.action or read["action"]):
            return False
        said = " ".join(answered.said).casefold()
        holds = all(words.casefold() in said for words in expect.said_contains)
        return holds and not read_back_wrong(self.in_text, answered)

    def _value_for(self, answered: OpenTurn) -> str | None:
        """The name or the amount that is asked for, or read back wrongly; None where there is no
        one such, or it is something else that is amiss."""
        said, read = " ".join(answered.said), _of(self.in_text, answered.n) or {}
        wanted = str(read.get("said", ""))
        amounts, names = _amounts(wanted)[:1], _names(wanted)
        if not _is_order(str(read.get("action"))) or len(names) != 1 or not amounts:
            return None
        name, amount = next(iter(names)), spoken_form(amounts[0])
        match answered.action:
            case "ask_payee":
                return f"{name}."
            case "ask_amount":
                return f"{amount}."
            case action if _is_order(action):
                wrong = [amount] if _amounts(said)[:1] != amounts else []
                wrong += [f"to {name}"] if _names(said) != names else []
                if not wrong and _accounts(said) != _accounts(wanted):
                    wrong = [f"from {account}" for account in _accounts(wanted)]
                return f"No, {' '.join(wrong)}." if wrong else None
        return None

    def _key_for(self, answered: OpenTurn) -> CallerTurn | None:
        """The key for a "yes" that was not heard, where one is offered for what was read back."""
        words = re.sub(r"[^a-z ]", "", (self.scenario.turns[answered.n - 1].say or "").lower())
        asked, said = _of(self.in_text, answered.n - 1) or {}, " ".join(answered.said)
        read_back = str(asked.get("said"))
        is_meant = (_amounts(said), _names(said)) == (_amounts(read_back), _names(read_back))
        is_offered = words in _YES and _KEY_FOR_YES in said.casefold()
        return CallerTurn(keys="1#", label=words) if is_offered and is_meant else None

    def _words_for(self, answered: OpenTurn, asked: str | None) -> CallerTurn | None:
        """The last words, but no number that was taken: who is asked for something else after
        that says what they want."""
        is_asked_again = answered.action == asked
        for n in range(answered.n, 0, -1):
            is_number = (_of(self.in_text, n - 1) or {}).get("action") in _NUMBERS
            taken = is_number and not (n == answered.n and is_asked_again)
            if self.scenario.turns[n - 1].say is not None and not taken:
                return self.turns[n - 1]
        return None


def read_back_wrong(in_text: Sequence[Mapping[str, Any]], answered: OpenTurn | TurnRecord) -> bool:
    """Whether a question for a "yes" holds other figures or names than the same words get in text,
    or nothing should be agreed to here."""
    read = _of(in_text, answered.n)
    if read is None or not is_read_back(answered):
        return False
    values = _values(" ".join(answered.said))
    return answered.action != read["action"] or values != _values(str(read["said"]))


def is_read_back(answered: OpenTurn | TurnRecord) -> bool:
    """Whether a "yes" to this answer would do something."""
    return (answered.action or "").startswith(_READ_BACK)


def _is_order(action: str | None) -> bool:
    return action == "confirm_transfer"


def _of(in_text: Sequence[Mapping[str, Any]], n: int) -> Mapping[str, Any] | None:
    return next((turn for turn in in_text if turn["n"] == n), None)


def _values(said: str) -> set[str]:
    return set(re.findall(r"\d[\d,.]*\d|\d", said)) | _names(said)


def _amounts(said: str) -> list[str]:
    return re.findall(r"\$[\d,]+\.\d\d", said)


def _accounts(said: str) -> list[str]:
    """That the money comes from."""
    return re.findall(r"from your (checking|savings)", said)[:1]


def _names(said: str) -> set[str]:
    """Of payees."""
    names = {name for customer in demo_customers() for name in customer.payees}
    return {name for name in names if name in said}
