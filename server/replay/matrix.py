"""Conditions and wires that scenarios are replayed under: `--matrix conditions.yml`."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from dialog.strict_yaml import Strict
from server.replay.degrade import CLEAN, Condition
from server.replay.reading import ScenarioError, read
from server.replay.scenario import Channel, Scenario


class Wire(Strict):
    """What the call goes over.

    Attributes:
        name: "websocket" takes the scenario's own wire.
        sample_rate, encoding: Of the client's sound.
        channel: The way in.
    """

    name: str
    sample_rate: Literal[8000, 16000] = 16000
    encoding: Literal["pcm16", "ulaw", "alaw"] = "pcm16"
    channel: Channel = "websocket"


AS_WRITTEN = Wire(name="websocket")
WIRES = {
    wire.name: wire
    for wire in (
        AS_WRITTEN,
        Wire(name="pcm16-16k", sample_rate=16000),
        Wire(name="pcm16-8k", sample_rate=8000),
        Wire(name="ulaw-8k", sample_rate=8000, encoding="ulaw"),
        Wire(name="alaw-8k", sample_rate=8000, encoding="alaw"),
        Wire(name="sip", channel="sip"),
        Wire(name="webrtc", channel="webrtc"),
        Wire(name="twilio", sample_rate=8000, encoding="ulaw", channel="twilio"),
    )
}


def _wire(name: object) -> object:
    if isinstance(name, str) and name not in WIRES:
        raise ValueError(f"{name!r} is no channel; there are: {', '.join(WIRES)}")
    return WIRES[name] if isinstance(name, str) else name


class Matrix(Strict):
    """Every scenario is replayed under every condition over every channel."""

    conditions: Annotated[tuple[Condition, ...], Field(min_length=1)] = (CLEAN,)
    channels: Annotated[
        tuple[Annotated[Wire, BeforeValidator(_wire)], ...], Field(min_length=1)
    ] = (AS_WRITTEN,)

    @property
    def wires(self) -> tuple[Wire, ...]:
        """The channels."""
        return self.channels

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        for what, all_of_them in (("conditions", self.conditions), ("channels", self.channels)):
            names = [each.name for each in all_of_them]
            if len(set(names)) < len(names):
                raise ValueError(f"two {what} have one name: rename or remove one")
        return self


def over(scenario: Scenario, wire: Wire) -> Scenario:
    """The scenario as a call over a wire; a channel that it names itself has its own sound."""
    if wire == AS_WRITTEN:
        if scenario.caller.channel == "websocket":
            return scenario
        wire = WIRES[scenario.caller.channel]
    line = wire.model_dump(exclude={"name"})
    return scenario.model_copy(update={"caller": scenario.caller.model_copy(update=line)})


def named(scenario: Scenario, wire: Wire) -> str:
    """What a call of a scenario over a wire goes over, for reports."""
    return scenario.caller.channel if wire == AS_WRITTEN else wire.name


def load_matrix(path: Path) -> Matrix:
    """Read a matrix file (YAML).

    Raises:
        ScenarioError: It is missing, is not YAML, breaks the schema or is empty; file, line and
            cure.
    """
    matrix = read(path, Matrix, lambda tree: tree or {})
    if not matrix.model_fields_set:
        raise ScenarioError(f"{path}: empty: give conditions or channels")
    return matrix
