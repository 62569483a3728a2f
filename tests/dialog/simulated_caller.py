"""Callers with a goal, with words of their own and with mistakes, who talk until they are done.

Everything is drawn from one seeded source, so that a call can be had again by its number.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from dialog.bank.demo import demo_customers
from dialog.bank.demo_people import DemoCustomer
from dialog.conversation import Conversation
from dialog.turns import Response

PATIENCE = 30
"""Turns after which a caller gives up."""

STRANGERS = ("Robert", "Veronica Sanders", "Peter Pan")
AGREES = ("yes", "yes please", "yeah, go ahead", "that's right", "correct", "okay", "sure, do it")
ENDS = ("no thanks, bye", "that's all, thank you", "nothing else, goodbye", "no, that's it")
NOISE = ("mm the uh", "a lake in the mountains", "brr tss", "the purple one with wings")
ASIDES = (
    "what's my balance",
    "when are you open on Saturday",
    "why do you need that",
    "sorry, could you repeat that",
    "one moment please",
    "what does that mean",
    "thanks",
    "are you a robot",
    "can you speak up a bit",
    "is there a fee for that",
)


@dataclass(frozen=True)
class Goal:
    """What a caller wants; `feasible` where the bank can do it."""

    kind: str
    who: DemoCustomer
    payee: str = ""
    amount: Decimal = Decimal(0)
    source: str = ""
    card: str = ""
    feasible: bool = True


def draw_goal(random: Random) -> Goal:
    """A goal of a customer with money and cards."""
    who = random.choice(demo_customers()[:3])
    kind = random.choice(["transfer"] * 4 + ["balance", "transactions", "card", "hours"])
    if kind == "card":
        return Goal(kind, who, card=random.choice(who.cards).kind)
    if kind != "transfer":
        return Goal(kind, who)
    amount = Decimal(random.choice([5, 12, 20, 25, 40, 60, 75])) + random.choice(
        [Decimal(0), Decimal(0), Decimal("0.50")]
    )
    source = random.choice(["", "", "checking", "savings"])
    flaw = random.random()
    if flaw < 0.08:
        return Goal(kind, who, random.choice(STRANGERS), amount, source, feasible=False)
    if flaw < 0.16:
        return Goal(kind, who, random.choice(who.payees), Decimal(90000), "", feasible=False)
    return Goal(kind, who, random.choice(who.payees), amount, source)


@dataclass
class SimulatedCaller:
    """One caller in one call.

    Attributes:
        call: The conversation.
        goal: What is wanted.
        random: Where words and mistakes are drawn from.
        mistakes: Probability of one at each turn.
        said: What was done, line by line, for a failed test's message.
    """

    call: Conversation
    goal: Goal
    random: Random
    mistakes: float = 0.25
    said: list[str] = field(default_factory=list)
    told: bool = False
    refused: int = 0

    def talk(self) -> str:
        """Talk to the end; "goodbye", "transfer" (to a person) or "stuck"."""
        answer = self.call.open()
        for _ in range(PATIENCE):
            self._note(answer)
            if answer.end is not None:
                return answer.end
            answer = self._turn(answer)
        return "stuck"

    def _note(self, answer: Response) -> None:
        self.said.append(f"  A <{answer.action}> {' '.join(answer.say)}")
        done = {
            "balance": "tell_balance",
            "transactions": "tell_transactions",
            "hours": "tell_hours",
            "transfer": "transfer_done",
            "card": "card_blocked",
        }
        self.told = self.told or answer.action == done[self.goal.kind]
        self.refused += answer.action in ("transfer_refused", "ask_payee")

    def _turn(self, answer: Response) -> Response:
        if self.random.random() < self.mistakes:
            slip = self._slip(answer)
            if slip is not None:
                return slip
        return self._sensible(answer)

    def _slip(self, answer: Response) -> Response | None:
        """A mistake or an aside, where one fits."""
        kind = self.call.expectation.kind
        slip = self.random.choice(["noise", "silence", "aside", "wrong"])
        if slip == "silence":
            self.said.append("C (silence)")
            return self.call.silence()
        if slip == "noise":
            return self._say(self.random.choice(NOISE))
        if slip == "aside":
            return self._say(self.random.choice(ASIDES))
        if kind == "pin":
            return self._key("1111#")
        if kind == "money":
            return self._say("seven dollars, no, eight dollars")
        if answer.action == "confirm_transfer":
            return self._say(self.random.choice(["make it nine dollars", "no wait", "hmm"]))
        return None

    def _sensible(self, answer: Response) -> Response:
        """What leads to the goal from here."""
        kind, who = self.call.expectation.kind, self.goal.who
        if kind == "customer_number":
            return self._digits(who.number)
        if kind == "pin":
            return self._digits(who.pin)
        if kind == "digits":
            return self._say("I want to talk to a person")
        if self._has_failed():
            return self._say(self.random.choice(["forget it", "cancel that please"]))
        if kind == "payee":
            return self._say(self._of(["{p}", "to {p}", "it's for {p}"]))
        if kind == "money":
            return self._say(self._of(["{a}", "{a} please", "I'd say {a}"]))
        if kind == "yes_no":
            return self._say(self._yes_or_no(" ".join(answer.say)))
        if kind == "choice":
            return self._say(self._choice())
        if self.told or (self.refused and not self.goal.feasible):
            return self._say(self.random.choice(ENDS))
        return self._say(self._wish())

    def _has_failed(self) -> bool:
        """An order that can't be: the caller sees it after having been told."""
        return not self.goal.feasible and self.refused > 1 and bool(self.call.state.stack)

    def _yes_or_no(self, asked: str) -> str:
        """The answer to a question, as far as it says what is wanted."""
        goal = self.goal
        if self.call.state.stack and self.call.state.stack[-1].flow == "person":
            return "no thank you"
        if goal.kind == "card" and f"{goal.card} card" not in asked:
            return f"no, the {goal.card} card"
        if goal.kind != "transfer" or "sent" in asked.rsplit(".", 1)[-1]:
            return self.random.choice(AGREES) if goal.kind == "card" else "no"
        wrong = []
        if f"${goal.amount:,.2f}" not in asked:
            wrong.append(self._of(["make it {a}", "it's {a}"]))
        if goal.payee not in asked:
            wrong.append(self._of(["to {p}", "it goes to {p}"]))
        if goal.source and f"from your {goal.source}" not in asked:
            wrong.append(f"from {goal.source}")
        return f"no, {wrong[0]}" if wrong else self.random.choice(AGREES)

    def _choice(self) -> str:
        if self.goal.kind == "card":
            return f"the {self.goal.card} card"
        return self.goal.source or "checking"

    def _wish(self) -> str:
        """The goal in one of several wordings, with more or less of it at once."""
        goal = self.goal
        match goal.kind:
            case "balance":
                return self.random.choice(
                    ["what's my balance", "how much money do I have", "balance please"]
                )
            case "transactions":
                return self.random.choice(
                    ["show me my last transactions", "what did I spend lately"]
                )
            case "hours":
                return self.random.choice(["when are you open", "what are your opening hours"])
            case "card":
                return self.random.choice(
                    ["I lost my card", f"block my {goal.card} card", "please block my card"]
                )
        source = f" from {goal.source}" if goal.source and self.random.random() < 0.6 else ""
        return (
            self._of(
                [
                    "send {a} to {p}",
                    "I'd like to pay {p} {a}",
                    "I want to send money",
                    "transfer some money to {p}",
                    "could you please send {p} {a}",
                ]
            )
            + source
        )

    def _of(self, wordings: list[str]) -> str:
        amount = f"{self.goal.amount.normalize():f} dollars"
        if self.goal.amount % 1:
            amount = f"${self.goal.amount:.2f}"
        return self.random.choice(wordings).format(a=amount, p=self.goal.payee)

    def _digits(self, digits: str) -> Response:
        if self.random.random() < 0.5:
            return self._key(f"{digits}#")
        return self._say(" ".join(digits))

    def _say(self, text: str) -> Response:
        self.said.append(f"C {text}")
        return self.call.hear(text)

    def _key(self, digits: str) -> Response:
        self.said.append(f"C [{digits}]")
        return self.call.key(digits)
