"""The scenario file: one schema for tests, bench, chat and replay (docs/replay.md).

A scenario is one call: what the caller does turn by turn, what must be understood, and what
must be in the bank's books afterwards. `today` is injected, so that a call means the same on
any day. The recordings lie beside the file; a turn without one is spoken by a test voice.
"""

import re
from collections.abc import Callable, Collection, Sequence
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from dialog.bank.deeds import DEEDS
from dialog.bank.demo import demo_customers
from dialog.bank.values import BillState
from dialog.script import script
from dialog.strict_yaml import Strict
from nlu.intents.head import IntentHead
from nlu.intents.model import HEAD_FILE
from nlu.paths import MODEL_FOLDER
from server.replay.fixture import UnknownVariable, filled, fixture_values
from server.replay.reading import ScenarioError, read

Channel = Literal["websocket", "sip", "webrtc", "twilio"]
Workflow = Literal[
    "call_back",
    "card_replacement",
    "complaint",
    "held_transfer",
    "loan_application",
    "scheduled_payment",
    "survey",
]
"""Of the back office, by the name that the bank starts it under."""


Personality = Literal["plain", "slow", "interrupting", "mumbling", "changing", "angry"]


class Caller(Strict):
    """Who calls and over what.

    Attributes:
        voice: Name of the test voice that speaks; "" takes one by the scenario's name.
        sample_rate: Of the wire, Hz.
        encoding: Of the wire.
        language: That the caller speaks, ISO 639-1.
        channel: What the call comes over. Over SIP the sound is G.711 at 8 kHz, over WebRTC Opus;
            Twilio brings µ-law at 8 kHz.
        noise: Our own synthesised noise that is mixed into the recordings, or None.
        snr_db: Speech to noise ratio in dB, where there is noise.
    """

    voice: str = ""
    sample_rate: Literal[8000, 16000] = 8000
    encoding: Literal["pcm16", "ulaw", "alaw"] = "pcm16"
    language: str = "en"
    channel: Channel = "websocket"
    noise: Literal["street", "babble", "hum"] | None = None
    snr_db: float = 20.0


def _one_of(what: str, names: Callable[[], Collection[str]]) -> AfterValidator:
    """A name that there is: what is expected of another one could never fail, or never hold."""

    def check(name: str) -> str:
        if name not in names():
            near = get_close_matches(name, names(), 1)
            cure = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"there is no {what} {name}{cure}")
        return name

    return AfterValidator(check)


@cache
def _actions() -> frozenset[str]:
    return script("en").actions


@cache
def _intents() -> frozenset[str]:
    told = script("en")
    return frozenset(
        {*told.by_intent, *told.topics, *IntentHead.load(MODEL_FOLDER / HEAD_FILE).labels}
    )


Action = Annotated[str, _one_of("action", _actions)]
Intent = Annotated[str, _one_of("intent", _intents)]
AuditAction = Annotated[str, _one_of("action in the audit", lambda: DEEDS)]


class ExpectedEntity(Strict):
    """An entity by type and by its value as text ("50.00 USD", "2026-03-16", "0042")."""

    type: str
    value: str


class ExpectedTurn(Strict):
    """What must be true of the assistant's answer to one caller turn.

    Attributes:
        heard_within: Share of the words in `say` that may be heard wrongly, 0 to 1; by voice.
        intent, entities: What must be understood, among others.
        action: What must be done or asked.
        said_contains, said_lacks: Words of the answer, and words that it must not hold.
        said_means: Sentences that the answer must say in its own words; figures and names are
            for `said_contains`.
        said_within_ms: From the caller's last sound to the answer's first; by voice.
        yields_within_ms: From the caller's first sound to the last one of the answer that is
            spoken over; by voice.
        yields: Whether speaking over the answer must stop it: true for words, false for "mm-hm";
            by voice.
    """

    heard_within: float | None = Field(default=None, ge=0, le=1)
    intent: Intent | None = None
    entities: tuple[ExpectedEntity, ...] = ()
    action: Action | None = None
    said_contains: tuple[str, ...] = ()
    said_lacks: tuple[str, ...] = ()
    said_means: tuple[str, ...] = ()
    said_within_ms: float | None = Field(default=None, gt=0)
    yields_within_ms: float | None = Field(default=None, gt=0)
    yields: bool | None = None


CODE = "code"
"""As a turn's keys."""


class Turn(Strict):
    """One thing the caller does: speaks (say, wav or both), presses keys, is silent or hangs up.

    Attributes:
        say: The words spoken, as a person says them ("four two one seven").
        wav: The recording of them, beside the scenario file; 8 to 48 kHz.
        channel: Whose side of a stereo recording the caller is on.
        voice: Who speaks this turn, where it is not the caller's voice.
        keys: DTMF digits pressed one after another ("4821#"); `code` is the one-time code that the
            bank has sent last, and a #.
        silence: Seconds of saying nothing.
        pause: Seconds from the answer's end to this turn, instead of a breath.
        barge_in: Start this many seconds after the answer before it has begun to sound,
            instead of waiting for its end.
        hang_up: Hang up after this turn without waiting for the answer; alone: just hang up.
    """

    say: str | None = None
    wav: str | None = None
    channel: Literal["left", "right"] | None = None
    voice: str | None = None
    keys: str | None = Field(default=None, pattern=rf"^([0-9*#]+|{CODE})$")
    silence: float | None = Field(default=None, gt=0)
    pause: float | None = Field(default=None, ge=0)
    barge_in: float | None = Field(default=None, ge=0)
    hang_up: bool = False
    expect: ExpectedTurn = ExpectedTurn()

    @property
    def spoken(self) -> bool:
        """Whether the caller speaks."""
        return self.say is not None or self.wav is not None

    @model_validator(mode="after")
    def _one_thing(self) -> "Turn":
        done = self.spoken + (self.keys is not None) + (self.silence is not None)
        if done > 1 or (done == 0 and not self.hang_up):
            raise ValueError("a turn has exactly one of say (or wav), keys, silence, or hang_up")
        if self.pause is not None and self.barge_in is not None:
            raise ValueError("pause waits for the answer's end, barge_in does not: keep one")
        if self.channel is not None and self.wav is None:
            raise ValueError("channel is the caller's side of a recording: give its wav")
        yields = (self.expect.yields, self.expect.yields_within_ms)
        if self.barge_in is None and yields != (None, None):
            raise ValueError("yields is of speech over an answer: say when, with barge_in")
        if self.expect.heard_within is not None and self.say is None:
            raise ValueError("heard_within compares with say: give the words that are spoken")
        return self


class Goal(Strict):
    """What a simulated caller calls for, by their own words; see `server.replay.simulated`.

    Attributes:
        customer: Of the demo bank, by first name in lower case.
        pay, to: How much they send to whom from checking; without, they ask for its balance.
        personality: How they talk.
    """

    customer: str
    pay: Annotated[Decimal, Field(gt=0)] | None = None
    to: str | None = None
    personality: Personality = "plain"

    @model_validator(mode="after")
    def _somebody_pays_somebody(self) -> "Goal":
        if f"{self.customer}.name" not in fixture_values():
            raise ValueError(f"no customer {self.customer} in the demo bank")
        if (self.pay is None) != (self.to is None):
            raise ValueError("pay needs to, and to needs pay")
        return self


class DeclinedPayment(Strict):
    """A payment from checking that two people had to agree to, and have not."""

    to: str
    amount: Annotated[Decimal, Field(gt=0)]


class Earlier(Strict):
    """What an earlier call of a customer came to at the bank (`server.replay.earlier`).

    Attributes:
        customer: Of the demo bank, by first name in lower case.
        answered: What a complaint of theirs was answered with.
        declined: A payment that was held, and then not agreed to.
    """

    customer: str
    answered: str | None = None
    declined: DeclinedPayment | None = None

    @model_validator(mode="after")
    def _somebody_known_called(self) -> "Earlier":
        payees = {each.name.split()[0].lower(): each.payees for each in demo_customers()}
        if self.customer not in payees:
            raise ValueError(f"no customer {self.customer} in the demo bank")
        known = payees[self.customer]
        if self.declined is not None and self.declined.to not in known:
            raise ValueError(f"{self.customer} pays no {self.declined.to}: give one of {known}")
        return self


class ExpectedTransfer(Strict):
    """A transfer made during the call: "NUMBER/checking" to an own account or a payee's name."""

    source: str
    to: str
    amount: Decimal


class ExpectedBooks(Strict):
    """What the books must say after the call.

    Attributes:
        balances: "NUMBER/checking" to the exact balance.
        cards: "NUMBER/debit" to "active" or "blocked".
        bills: "NUMBER/electricity" to what became of it.
        transfers: All transfers that the call made, no more and no fewer; None does not look.
    """

    balances: dict[str, Decimal] = Field(default_factory=dict)
    cards: dict[str, Literal["active", "blocked"]] = Field(default_factory=dict)
    bills: dict[str, BillState] = Field(default_factory=dict)
    transfers: tuple[ExpectedTransfer, ...] | None = None


class ExpectedAudit(Strict):
    """A row that the call must leave in the bank's audit."""

    action: AuditAction
    result: str = "ok"


class ExpectedCall(Strict):
    """What must be true after the call.

    Attributes:
        ended: How it ended; None takes any way but a broken one.
        handed_over: Whether it was given to a person.
        books: The ledger.
        audit: Rows that the call left, in this order, among others.
        audit_lacks: Actions that must not have been done with success.
        cases: Kinds of all cases that the call opened, no more and no fewer.
        workflows: Names of all back office workflows that the call started, likewise.
    """

    ended: Literal["goodbye", "transfer", "hangup", "silence"] | None = None
    handed_over: bool | None = None
    books: ExpectedBooks = ExpectedBooks()
    audit: tuple[ExpectedAudit, ...] = ()
    audit_lacks: tuple[AuditAction, ...] = ()
    cases: tuple[Literal["complaint", "suggestion"], ...] | None = None
    workflows: tuple[Workflow, ...] | None = None


class Scenario(Strict):
    """One call of a caller, with its expectations.

    Attributes:
        let: Names of the scenario's own for `${name}`; see `server.replay.fixture`.
        covers: Requirements that it shows (flow, rule, phenomenon), beyond what its tags and
            actions show anyway.
        hour: Of the bank's clock all through the call; `today` is the day.
        survey: Calls that came to something are asked how they were before the goodbye.
        earlier: What an earlier call came to.
        goal: Of a simulated caller, in place of turns.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    about: str
    tags: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    let: dict[str, str] = Field(default_factory=dict)
    today: date
    hour: int = Field(default=12, ge=0, le=23)
    survey: bool = False
    earlier: Earlier | None = None
    caller: Caller = Caller()
    turns: tuple[Turn, ...] = ()
    goal: Goal | None = None
    expect: ExpectedCall = ExpectedCall()

    @property
    def expects(self) -> bool:
        """Whether anything must be true of the call; a goal must be reached."""
        parts = (self.expect, *(turn.expect for turn in self.turns))
        wanted = any(part.model_dump(exclude_defaults=True) for part in parts)
        return wanted or self.goal is not None

    @model_validator(mode="after")
    def _somebody_does_something(self) -> "Scenario":
        if bool(self.turns) == (self.goal is not None):
            raise ValueError("a scenario has turns, or the goal of a simulated caller")
        return self


def load_scenario(path: Path) -> Scenario:
    """Read one scenario file (YAML).

    Raises:
        ScenarioError: The file is missing, is not YAML, names an unknown variable or breaks the
            schema; the message is "file:line: where: what: cure".
    """
    try:
        return read(path, Scenario, lambda tree: filled(tree, fixture_values() | _own(tree)))
    except UnknownVariable as error:
        line = _line_with(path.read_text(encoding="utf-8"), str(error))
        raise ScenarioError(f"{path}:{line}: {error}") from error


def _own(tree: Any) -> dict[str, str]:
    own = tree.get("let") if isinstance(tree, dict) else None
    return {str(k): str(v) for k, v in own.items()} if isinstance(own, dict) else {}


def _line_with(text: str, message: str) -> int:
    """The line that holds the place a message begins with."""
    place = message.split("}")[0]
    return next((n for n, line in enumerate(text.splitlines(), 1) if place in line), 1)


def find_scenarios(root: Path) -> list[Path]:
    """All scenario files (*.yaml) below a folder (or the file itself), sorted by path.

    Gates and conditions may lie beside them; what a file is, its keys tell.

    Raises:
        ScenarioError: There is none, or one has the wrong ending, so that nobody would miss it.
    """
    if root.is_file():
        return [root]
    if not root.is_dir():
        raise ScenarioError(f"{root}: there is no such file or folder: correct its spelling")
    files = sorted(path for path in root.rglob("*") if path.suffix.lower() in (".yaml", ".yml"))
    found = []
    for path in files:
        keys = set(_KEY.findall(path.read_text(encoding="utf-8", errors="replace")))
        is_scenario = bool(keys & {"turns", "goal"})
        if is_scenario and path.suffix.lower() == ".yml":
            raise ScenarioError(f"{path}: a scenario ends in .yaml: rename it")
        if path.suffix.lower() == ".yaml" and (is_scenario or not keys & _BESIDE):
            found.append(path)
    if not found:
        sounds = any(path.suffix.lower() == ".wav" for path in root.rglob("*"))
        cure = "; `tellerline replay import` drafts them from recordings" if sounds else ""
        raise ScenarioError(f"no scenarios (*.yaml) in {root}{cure}")
    return found


_KEY = re.compile(r"^(\w+):", re.MULTILINE)
_BESIDE = {"gates", "failures", "regressions", "gone", "flaky", "conditions", "channels"}
"""Keys of gates and of conditions."""


def tagged(paths: Sequence[Path], tags: Collection[str]) -> list[Path]:
    """The scenarios that have one of some tags; a file that cannot be used is kept, to be told.

    Raises:
        ScenarioError: None has one of the tags.
    """
    worn = {path: _tags(path) for path in paths}
    known = {tag for theirs in worn.values() for tag in theirs or ()}
    if (unknown := set(tags) - known) and None not in worn.values():
        raise ScenarioError(
            f"no scenarios with tag {', '.join(sorted(unknown))}; "
            f"there are: {', '.join(sorted(known)) or 'none'}"
        )
    return [path for path, theirs in worn.items() if theirs is None or theirs & set(tags)]


def _tags(path: Path) -> set[str] | None:
    try:
        return set(load_scenario(path).tags)
    except ScenarioError:
        return None
