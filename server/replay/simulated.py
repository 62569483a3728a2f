"""Simulated callers: a goal, a personality and a seed, who talk until they are done.

What they say hangs only on what the assistant asks for and has done (`action`), so a call can be
had again by its seed. They never change their goal silently: what they say last is what the books
must show. By voice a personality has a sound of its own, too.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from dialog.bank.demo import demo_customers
from dialog.bank.demo_people import DemoCustomer
from server.caller import CallerTurn
from server.client.turns import OpenTurn
from server.replay import scenario as scenarios
from server.replay.degrade import CLEAN, Condition, degraded
from server.replay.fixture import spoken_digits
from server.replay.scenario import ExpectedTransfer, ExpectedTurn, Scenario, Turn
from voice.pcm import Samples
from voice.spoken_form import spoken_form

PATIENCE = 14
"""Turns after which a caller gives up."""
OVER = 0.8
"""Seconds into an answer at which it is spoken over."""

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

    name: scenarios.Personality
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

    @property
    def reached_by(self) -> str:
        """The action that does it."""
        return "transfer_done" if self.amount else "tell_balance"


@dataclass(slots=True)
class SimulatedCaller:
    """Somebody who calls; see `server.caller.Improviser`.

    Attributes:
        goal: What is wanted; its amount is what was said last.
        personality: How they talk.
        say: Their voice.
        rate: Of the wire, Hz.
        seed: Of all chance.
        did: Their turns, as a scenario has them.
        done: The goal was reached, as the assistant told it.
    """

    goal: Goal
    personality: Personality
    say: Say
    rate: int
    seed: int
    did: list[Turn] = field(default_factory=list)
    done: bool = False
    _random: random.Random = field(init=False)
    _changed: bool = False

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311

    @property
    def impatient(self) -> bool:
        """Whether they do not wait for all of an answer."""
        return self.personality.interrupts > 0

    @property
    def said(self) -> list[str]:
        """Their words, turn by turn."""
        return [turn.say or "" for turn in self.did]

    def next_turn(self, answered: OpenTurn) -> CallerTurn | None:
        """What to do after an answer; None where the goal is reached or patience is over."""
        action = str(answered.listening.get("action") or _early(answered) or "")
        turn = self.answer(action, " ".join(answered.said))
        if turn is None:
            return None
        words, seed = turn.say or "", self.seed * 1000 + len(self.did)
        samples = degraded(self.say(words), self.rate, self.personality.sound, seed)
        return CallerTurn(samples=samples, pause=turn.pause, barge_in=turn.barge_in, label=words)

    def answer(self, action: str, asked: str) -> Turn | None:
        """The same as a turn of a scenario.

        Args:
            action: What the assistant did or asks for.
            asked: In its words.
        """
        self.done = self.done or action == self.goal.reached_by
        if self.done or len(self.did) >= PATIENCE:
            return None
        words, how = self._words(action, asked), self.personality
        over = not action.startswith("confirm") and self._random.random() < how.interrupts
        if not _dictates(words):
            words = self._random.choice(how.prefixes) + words
        pause = None if over else 0.4 + self._random.uniform(0.0, how.pause)
        self.did.append(Turn(say=words, barge_in=OVER if over else None, pause=pause))
        return self.did[-1]

    def written_down(self, scenario: Scenario) -> Scenario:
        """What was done as a scenario's turns; the last must reach the goal, and the books must
        show it and no other transfer."""
        turns = self.did or [Turn(silence=1.0)]  # the call was over before they could speak
        reached = ExpectedTurn(action=self.goal.reached_by)
        turns = [*turns[:-1], turns[-1].model_copy(update={"expect": reached})]
        expect, books = scenario.expect, scenario.expect.books
        if books.transfers is None:
            books = books.model_copy(update={"transfers": self._transfers})
            expect = expect.model_copy(update={"books": books})
        return scenario.model_copy(update={"turns": tuple(turns), "expect": expect})

    @property
    def _transfers(self) -> tuple[ExpectedTransfer, ...]:
        goal = self.goal
        if not goal.amount:
            return ()
        source = f"{goal.who.number}/checking"
        return (ExpectedTransfer(source=source, to=goal.payee, amount=goal.amount),)

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
        return spoken_form(f"${self.goal.amount:,.2f}")


def simulated(scenario: Scenario, say: Say, seed: int) -> SimulatedCaller | None:
    """Who calls in a scenario with a goal; None in one with turns.

    Args:
        scenario: The call.
        say: Their voice; unused by text.
        seed: Of all chance.
    """
    wanted = scenario.goal
    if wanted is None:
        return None
    who = next(c for c in demo_customers() if c.name.split()[0].lower() == wanted.customer)
    goal = Goal(who, wanted.to or "", wanted.pay or Decimal(0))
    rate = scenario.caller.sample_rate
    return SimulatedCaller(goal, PERSONALITIES[wanted.personality], say, rate, seed)


_DIGITS = frozenset(
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
)


def _dictates(words: str) -> bool:
    return words.split(",")[0].split(" ")[0] in _DIGITS


def _early(answered: OpenTurn) -> str | None:
    """What is answered, as `heard` tells it before the answer sounds; the greeting has none."""
    told = [message["action"] for message in answered.heard if message.get("action")]
    return str(told[-1]) if told else None
