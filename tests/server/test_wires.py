"""One caller over every channel: our own clients for SIP, WebRTC and Twilio, on the stage."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import yaml

from server.app import serving
from server.bank_file import temporary_bank
from server.caller import CallerTurn, CallLog, place_call
from server.client.connection import CallError
from server.engines import Engines
from server.recording import sounds
from server.replay.channels import way_in
from server.replay.gates import Gates
from server.replay.hosting import application_for_scenarios, server_for_scenarios
from server.replay.matrix import WIRES, Matrix, named, over
from server.replay.reading import ScenarioError
from server.replay.scenario import Scenario
from server.replay.suite import cases, replay
from server.replay.verdict import give_verdict
from server.replay.virtual_time import run_in_virtual_time
from server.settings import Settings
from tests.server.conftest import CHEAP, TODAY
from tests.server.staged import SEND, WORDS, YES, Ear, Judge, Level, Meaning, NoEcho, Voice

CHANNELS = (
    pytest.param("sip", marks=pytest.mark.channels),
    pytest.param("webrtc", marks=pytest.mark.channels),
    "twilio",
)


LOUDNESS = 6000
"""Of our voice."""


def tone(peak: int, seconds: float, rate: int) -> np.ndarray:
    """What G.711 and Opus carry without changing its height much."""
    at = np.arange(int(seconds * rate)) / rate
    rising = np.minimum(1.0, 20 * np.minimum(at, seconds - at))  # no click that overshoots
    return np.asarray(peak * rising * np.sin(2 * np.pi * 440 * at), np.int16)


class Hum(Voice):
    """The stage's voice, but a tone: Opus carries no constant."""

    def stream(self, text: str, **how: Any) -> Iterator[np.ndarray]:
        for part in Voice.stream(self, text, **how):
            yield tone(LOUDNESS, len(part) / self.sample_rate, self.sample_rate)


async def paid(channel: Any, folder: Any, monkeypatch: Any) -> tuple[CallLog, list[Any]]:
    """A call over a channel in which a caller speaks over the greeting, logs in and pays."""
    monkeypatch.setattr("server.call.listener.SpeechEvidence", Level)
    monkeypatch.setattr("server.call.listener.EchoGuard", NoEcho)
    engines = Engines(Ear(), Judge(), Meaning(), Hum(), folder / "phrases.npz")  # type: ignore[arg-type]
    bank, way, wire = temporary_bank(folder, TODAY, cost=CHEAP), way_in(channel), WIRES[channel]

    def says(level: int, **how: Any) -> CallerTurn:
        samples = tone(level + 450, 0.6, wire.sample_rate)
        return CallerTurn(samples=samples, label=str(level), **how)

    turns = [
        says(SEND, barge_in=0.4),
        CallerTurn(keys="40217308#"),
        CallerTurn(keys="4821#"),
        says(YES),
    ]
    settings = Settings(port=0, silence=20.0).model_copy(update=way.settings)
    try:
        async with serving(settings, engines, bank, today=lambda: TODAY, watch=way.watch) as url:
            log = await place_call(
                url, turns, sample_rate=wire.sample_rate, encoding=wire.encoding, dial=way.dial
            )
        return log, bank.books()["transfers"]
    finally:
        bank.close()
        engines.close()


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_caller_pays_over_a_channel(channel, tmp_path, monkeypatch):
    log, transfers = await paid(channel, tmp_path, monkeypatch)
    told = [turn.action for turn in log.turns[1:]]
    assert told == ["ask_customer_number", "ask_pin", "confirm_transfer", "transfer_done"], [
        (turn.heard, turn.said, turn.answered) for turn in log.turns
    ]
    assert [(t["to"], t["amount"]) for t in transfers] == [("Anna Keller", "50.00")]
    spoken_over, answered = log.turns[1], log.turns[4]
    assert spoken_over.cleared
    assert spoken_over.yield_ms is not None
    assert spoken_over.intents, "diagnostics come beside the wire"
    assert answered.response_latency_ms is not None
    assert 0 < answered.response_latency_ms < 10_000
    assert answered.parts == {}  # the server counts its own samples
    assert len(sounds(log.stereo[:, 1])) > 0
    ours = np.abs(log.stereo[:, 1].astype(float))
    peaks = np.percentile(ours[ours > LOUDNESS / 2], 90)
    assert peaks == pytest.approx(LOUDNESS, rel=0.12), "within 1 dB"
    assert (log.ended, bool(log.call)) == ("hangup", True)


@pytest.mark.channels
async def test_a_scenario_is_replayed_over_every_channel_of_a_matrix(tmp_path, monkeypatch):
    monkeypatch.setattr("server.call.listener.SpeechEvidence", Level)
    monkeypatch.setattr("server.call.listener.EchoGuard", NoEcho)
    engines = Engines(Ear(), Judge(), Meaning(), Hum(), tmp_path / "phrases.npz")  # type: ignore[arg-type]
    turns = [
        {"say": WORDS[SEND], "expect": {"action": "ask_customer_number"}},
        {"keys": "40217308#"},
        {"keys": "4821#"},
        {"say": WORDS[YES], "expect": {"action": "transfer_done"}},
    ]
    paid = {"source": "40217308/checking", "to": "Anna Keller", "amount": "50.00"}
    fields = {"name": "pays", "about": "", "today": str(TODAY), "turns": turns}
    path = tmp_path / "pays.yaml"
    path.write_text(yaml.safe_dump(fields | {"expect": {"books": {"transfers": [paid]}}}))

    def speak(scenario: Scenario, n: int) -> np.ndarray:
        level = {WORDS[SEND]: SEND, WORDS[YES]: YES}[scenario.turns[n - 1].say or ""]
        return tone(level + 450, 0.6, scenario.caller.sample_rate)

    matrix = Matrix.model_validate({"channels": ["sip", "webrtc", "twilio"]})
    serve = server_for_scenarios(Settings(silence=20.0), engines)
    try:
        summary = await replay(
            cases([path], matrix), by="voice", serve=serve, speak=speak, recordings=tmp_path
        )
    finally:
        engines.close()
    calls = [result.json() for result in summary.results]
    assert [call["wire"] for call in calls] == ["sip", "webrtc", "twilio"]
    assert [call["mismatches"] for call in calls] == [[], [], []]
    verdict = give_verdict(calls, Gates(failures=0), {})
    for channel in ("sip", "webrtc", "twilio"):
        told = {metric.name: metric for metric in verdict.by_group[f"channel {channel}"]}
        assert told["response rate"].value == 1.0
        assert 0 < told["response latency p50"].value < 10_000


@pytest.mark.parametrize("channel", CHANNELS)
async def test_nobody_answers(channel):
    with pytest.raises(CallError):
        await place_call("ws://127.0.0.1:9/v1/call", [], dial=way_in(channel).dial)


def test_a_channel_decides_its_sound_and_has_its_own_clock(engines):
    fields = {"name": "a", "about": "", "today": TODAY, "turns": [{"silence": 1}]}
    scenario = Scenario.model_validate(fields | {"caller": {"channel": "twilio"}})
    caller = over(scenario, WIRES["websocket"]).caller
    assert (caller.sample_rate, caller.encoding) == (8000, "ulaw")
    assert named(scenario, WIRES["websocket"]) == "twilio"
    assert over(scenario, WIRES["alaw-8k"]).caller.channel == "websocket"
    assert named(scenario, WIRES["alaw-8k"]) == "alaw-8k"

    async def call() -> None:
        async with application_for_scenarios(Settings(), engines)(scenario):
            pass

    with pytest.raises(ScenarioError, match="no --fast"):
        run_in_virtual_time(call())
