"""The peer is the stock one, it hears and answers, and its turns are judged fairly."""

import importlib.util

import numpy as np
import pytest

from server.bench.beside import PeerCall, first_sentence, measure_beside, peer_call
from server.bench.calls import SAMPLES, recorded_calls
from server.bench.latency import OURS
from server.bench.peer import BEST, DEFAULTS, OPTIONS, PeerTurn, stock_pipecat
from server.bench.peer_wire import RATE, audio_packet, message_packet, read_packet
from server.replay.hosting import conversations_for_scenarios


def test_audio_and_messages_survive_the_wire():
    sound = np.arange(-500, 500, dtype=np.int16)
    assert np.array_equal(read_packet(audio_packet(sound)), sound)
    assert read_packet(message_packet({"reply": "Hello, “you”."})) == {"reply": "Hello, “you”."}


def test_a_reply_is_cut_after_its_first_sentence_and_never_within_an_amount():
    assert first_sentence("You have $2,450.75. Anything else?") == "You have $2,450.75."
    assert first_sentence("Goodbye") == "Goodbye"


def test_the_defaults_are_pipecats_own():
    assert OPTIONS[DEFAULTS] == ()
    assert OPTIONS[BEST]


class ScriptedPeer:
    """Plays what a test gives it."""

    name = "peer"

    def __init__(self, *turns: PeerTurn) -> None:
        self.turns = turns

    async def play(self, said) -> list[PeerTurn]:
        assert len(said) == len(self.turns)
        return list(self.turns)


async def test_half_a_sentence_a_cut_in_and_no_answer_are_not_right(monkeypatch):
    (call,) = recorded_calls(SAMPLES / "balance")

    async def nothing(*_):
        return []

    monkeypatch.setattr("server.bench.beside.our_turns", nothing)
    ready = PeerCall(call, (1, 2, 3, 4), ((np.zeros(1, np.int16), "Yes."),) * 4)
    peer = ScriptedPeer(
        PeerTurn(2.0, ("I'd like to check my balance, please.",)),
        PeerTurn(1.1, ("four zero two one", "seven three zero eight")),
        PeerTurn(-0.3, ("4821",)),
        PeerTurn(None, ()),
    )
    kept = {}
    await measure_beside(
        [call], {"balance": ready}, None, [peer], lambda *_: True, kept.__setitem__
    )
    assert kept[OURS] == []
    turns = kept["peer"]
    assert [turn.right for turn in turns] == [True, False, False, False]
    assert [turn.cut_in for turn in turns] == [False, False, True, False]
    assert [turn.latency_ms for turn in turns] == [2000.0, 1100.0, None, None]


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("piper") is None, reason="no Piper: pip install '.[peer]'"
)
async def test_stock_pipecat_hears_and_answers(engines, whisper_dir, tmp_path):
    (call,) = recorded_calls(SAMPLES / "hours-and-rates")
    conversation = conversations_for_scenarios(tmp_path, engines.understander)(call.scenario)[0]
    ready = peer_call(call, conversation)
    assert len(ready.turns) == 3
    assert ready.said[0][0].dtype == np.int16
    assert RATE == 16000
    async with stock_pipecat(DEFAULTS, whisper_dir) as peer:
        await peer.play(ready.said[:1])
        (turn,) = await peer.play(ready.said[1:2])
    assert "interest rate" in " ".join(turn.heard).lower()
    assert turn.latency > 0.3
