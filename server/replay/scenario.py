"""The scenario file: one schema for tests, bench, chat and replay.

A scenario is one call: what the caller does turn by turn, what must be understood, and what
must be in the bank's books afterwards. `today` is injected, so that a call means the same on
any day. The recordings lie beside the file; a turn without one is synthesised from `say`.
"""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator


class ScenarioError(Exception):
    """A scenario file that cannot be used: names file, field and cure."""


class Strict(BaseModel):
    """A mistyped key is an error, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Caller(Strict):
    """Who calls and over what.

    Attributes:
        voice: Name of the test voice that spoke the recordings; "" where there are none.
        sample_rate: Of the wire, Hz.
        encoding: Of the wire.
        noise: Our own synthesised noise that is mixed into the recordings, or None.
        snr_db: Speech to noise ratio in dB, where there is noise.
    """

    voice: str = ""
    sample_rate: Literal[8000, 16000] = 8000
    encoding: Literal["pcm16", "ulaw", "alaw"] = "pcm16"
    noise: Literal["street", "babble", "hum"] | None = None
    snr_db: float = 20.0


class ExpectedEntity(Strict):
    """An entity by type and by its value as text ("50.00 USD", "2026-03-16", "0042")."""

    type: str
    value: str


class ExpectedTurn(Strict):
    """What must be true of the assistant's answer to one caller turn."""

    intent: str | None = None
    entities: tuple[ExpectedEntity, ...] = ()
    action: str | None = None
    said_contains: tuple[str, ...] = ()
    said_lacks: tuple[str, ...] = ()


class Turn(Strict):
    """One thing the caller does: exactly one of say, keys and silence.

    Attributes:
        say: The words spoken, as a person says them ("four two one seven").
        wav: The recording of them, beside the scenario file.
        keys: DTMF digits pressed one after another ("4821#").
        silence: Seconds of saying nothing.
        barge_in: Start this many seconds after the answer before it has begun to sound,
            instead of waiting for its end.
        hang_up: Hang up after this turn without waiting for the answer.
    """

    say: str | None = None
    wav: str | None = None
    keys: str | None = Field(default=None, pattern=r"^[0-9*#]+$")
    silence: float | None = Field(default=None, gt=0)
    barge_in: float | None = Field(default=None, ge=0)
    hang_up: bool = False
    expect: ExpectedTurn = ExpectedTurn()

    @model_validator(mode="after")
    def _one_thing(self) -> "Turn":
        if sum(x is not None for x in (self.say, self.keys, self.silence)) != 1:
            raise ValueError("a turn has exactly one of say, keys and silence")
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
        transfers: All transfers that the call made, no more and no fewer; None does not look.
    """

    balances: dict[str, Decimal] = {}
    cards: dict[str, Literal["active", "blocked"]] = {}
    transfers: tuple[ExpectedTransfer, ...] | None = None


class ExpectedCall(Strict):
    """What must be true after the call."""

    ended: Literal["goodbye", "transfer", "hangup"] | None = None
    books: ExpectedBooks = ExpectedBooks()


class Scenario(Strict):
    """One call of a caller, with its expectations."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    about: str
    tags: tuple[str, ...] = ()
    today: date
    caller: Caller = Caller()
    turns: Annotated[tuple[Turn, ...], Field(min_length=1)]
    expect: ExpectedCall = ExpectedCall()


def load_scenario(path: Path) -> Scenario:
    """Read one scenario file (YAML).

    Raises:
        ScenarioError: The file is missing, is not YAML or breaks the schema.
    """
    try:
        return Scenario.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise ScenarioError(f"{path}: cannot be read as YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ScenarioError(f"{path}: {where}: {first['msg']}") from error


def find_scenarios(root: Path) -> list[Path]:
    """All scenario files (*.yaml) below a folder (or the file itself), sorted by path."""
    return [root] if root.is_file() else sorted(root.rglob("*.yaml"))
