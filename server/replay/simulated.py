"""Simulated callers by voice: a goal, a personality and a seed, who talk until they are done.

What they say hangs only on what the assistant asks for (`expects`) and has done (`action`), so a
call can be had again by its seed. They never change their goal silently: what they say last is
what the books must show.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from dialog.bank.demo import demo_customers
from dialog.bank.demo_people import DemoCustomer
from server.caller import CallerTurn
from server.client.turns import OpenTurn
from server.replay.degrade import CLEAN, Condition, degraded
from server.replay.fixture import spoken_digits
from voice.pcm import Samples

PersonalityName = Literal["plain", "slow", "interrupting", "mumbling", "changing", "angry"]
PATIENCE = 14
"""Turns after which a caller gives up."""

Say = Callable[[str], Samples]
"""Speaks words at the wire's rate."""


@dataclass(frozen=True, slots=True)
class Personality:
    """How somebody talks.

    Attributes:
        name: Its name.
        sound: What their voice is like.
        pause: Longest extra pause before speaking, seconds.
        interrupts: Share of answers that are spoken over.
        changes: Share of confirmations at which they want another amount first.
        prefixes: What they put before a sentence.
    """

    name: PersonalityName
    sound: Condition = CLEAN
    pause: float = 0.0
    interrupts: float = 0.0
    changes: float = 0.0
    prefixes: tuple[str, ...] = ("",)


PERSONALITIES: dict[str, Personality] = {
    person.name: person
    for person in (
        Personality("plain"),
        Personality("slow", Condition(name="slow", speed=0.8), pause=3.0),
        Personality("interrupting", interrupts=0.7),
        Personality("mumbling", Condition(name="mumbling", speed=1.15, gain_db=-10)),
        Personality("changing", changes=1.0, prefixes=("", "well, ")),
        Personality(
            "angry",
            Condition(name="angry", gain_db=9, clip_db=-4, speed=1.1, semitones=1),
            interrupts=0.3,
            prefixes=("", "listen, ", "come on, "),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Goal:
    """What a caller wants: a payment, or to hear a balance (amount 0)."""

    who: DemoCustomer
    payee: str = ""
    amount: Decimal = Decimal(0)


def draw_goal(seed: int) -> Goal:
    """A goal of a customer who has money."""
    source = random.Random(seed)  # noqa: S311
    who = source.choice(demo_customers()[:3])
    if source.random() < 0.3:
        return Goal(who)
    return Goal(who, source.choice(who.payees), Decimal(source.choice((20, 30, 40, 60))))


@dataclass(slots=True)
class SimulatedCaller:
    """Somebody who calls; see `server.caller.Improviser`.

    Attributes:
        goal: What is wanted; its amount is what was said last.
        personality: How they talk.
        say: Their voice.
        rate: Of the wire, Hz.
        seed: Of all chance.
        said: What they did, line by line.
        done: The goal was reached, as the assistant told it.
    """

    goal: Goal
    personality: Personality
    say: Say
    rate: int
    seed: int
    said: list[str] = field(default_factory=list)
    done: bool = False
    _random: random.Random = field(init=False)
    _changed: bool = False

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311

    @property
    def impatient(self) -> bool:
        """Whether they do not wait for all of an answer."""
        return self.personality.interrupts > 0

    def next_turn(self, answered: OpenTurn) -> CallerTurn | None:
        """What to do after an answer; None where the goal is reached or patience is over."""
        action = str(answered.listening.get("action") or _early(answered) or "")
        self.done = self.done or action in ("transfer_done", "tell_balance")
        if self.done or len(self.said) >= PATIENCE:
            return None
        words = self._words(action, " ".join(answered.said))
        over = not action.startswith("confirm") and self._random.random() < (
            self.personality.interrupts
        )
        return self._spoken(words, over=over)

    def _words(self, action: str, asked: str) -> str:
        who = self.goal.who
        match action:
            case "ask_customer_number" | "login_failed":
                return spoken_digits(who.number)
            case "ask_pin":
                return spoken_digits(who.pin)
            case "confirm_transfer":
                return self._agreement(asked)
            case "ask_payee" | "ask_recipient":
                return f"to {self.goal.payee}"
            case "ask_amount":
                return self._amount
            case "ask_source" | "ask_account":
                return "from checking"
        return self._wish()

    def _agreement(self, asked: str) -> str:
        """They agree only to what they want."""
        if not self._changed and self._random.random() < self.personality.changes:
            self._changed = True
            self.goal = Goal(self.goal.who, self.goal.payee, self.goal.amount + 10)
            return f"no wait, make it {self._amount}"
        if f"${self.goal.amount:,.2f}" not in asked:
            return f"no, make it {self._amount}"
        return "yes, please" if self.goal.payee in asked else f"no, to {self.goal.payee}"

    def _wish(self) -> str:
        if not self.goal.amount:
            return "what is the balance of my checking account"
        return f"I want to send {self._amount} to {self.goal.payee} from checking"

    @property
    def _amount(self) -> str:
        return f"{_TENS[int(self.goal.amount)]} dollars"

    def _spoken(self, words: str, *, over: bool) -> CallerTurn:
        dictates = words.split(",")[0].split(" ")[0] in _DIGITS
        words = words if dictates else self._random.choice(self.personality.prefixes) + words
        self.said.append(words)
        seed = self.seed * 1000 + len(self.said)
        samples = degraded(self.say(words), self.rate, self.personality.sound, seed)
        if over:
            return CallerTurn(samples=samples, barge_in=0.8, label=words)
        pause = 0.4 + self._random.uniform(0.0, self.personality.pause)
        return CallerTurn(samples=samples, pause=pause, label=words)


_TENS = {20: "twenty", 30: "thirty", 40: "forty", 50: "fifty", 60: "sixty", 70: "seventy"}
_DIGITS = frozenset(
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
)


def _early(answered: OpenTurn) -> str | None:
    """What is answered, as `heard` tells it before the answer sounds; the greeting has none."""
    told = [message["action"] for message in answered.heard if message.get("action")]
    return str(told[-1]) if told else None
