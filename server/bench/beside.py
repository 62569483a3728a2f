"""Ours and the stock pipecat bot side by side, alternating call by call, on the same recordings."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dialog.conversation import Conversation
from nlu.understander import Understander
from server.bench.calls import RecordedCall, heard_rightly, turn_type
from server.bench.hosted import Serving
from server.bench.latency import OURS, AnsweredTurn, our_turns
from server.bench.peer import Peer, PeerTurn
from server.bench.peer_wire import RATE
from server.replay.callers import caller_turns
from server.replay.hosting import conversations_for_scenarios
from server.replay.run import converse_in_text
from voice.pcm import Samples
from voice.resampling import resample


@dataclass(frozen=True, slots=True)
class PeerCall:
    """A recorded call as the peer is given it: its spoken turns only.

    Attributes:
        call: The recorded call.
        turns: Their numbers in the scenario, from 1.
        said: What is said and what the peer answers, turn by turn.
    """

    call: RecordedCall
    turns: tuple[int, ...]
    said: tuple[tuple[Samples, str], ...]


def peer_call(call: RecordedCall, conversation: Conversation) -> PeerCall:
    """Prepare a call: our replies are found in text, so that they cost the peer nothing.

    Of each reply it is given the first sentence, which decides when it is first heard.
    """
    answers, _ = converse_in_text(call.scenario, conversation)
    said = {turn["n"]: turn["said"] for turn in answers}
    turns, rate = caller_turns(call.scenario, call.folder), call.scenario.caller.sample_rate
    spoken = {n: t.samples for n, t in enumerate(turns, 1) if t.samples is not None and said.get(n)}
    return PeerCall(
        call,
        tuple(spoken),
        tuple((resample(s, rate, RATE), first_sentence(said[n])) for n, s in spoken.items()),
    )


def opening(call: RecordedCall) -> PeerCall:
    """Only the first thing that is said in a call, with a short reply."""
    turns, rate = caller_turns(call.scenario, call.folder), call.scenario.caller.sample_rate
    n, samples = next((n, t.samples) for n, t in enumerate(turns, 1) if t.samples is not None)
    return PeerCall(call, (n,), ((resample(samples, rate, RATE), "Please go on."),))


def first_sentence(text: str) -> str:
    """A reply up to its first full stop."""
    return re.split(r"(?<=[.?!])\s", text, maxsplit=1)[0]


async def warm_up(peer: Peer, call: PeerCall) -> None:
    """Turns that do not count: models are loaded, memory is had."""
    await peer.play((call.said * 2)[:2])


async def measure_beside(
    calls: Sequence[RecordedCall],
    theirs: Mapping[str, PeerCall],
    host: Serving,
    peers: Sequence[Peer],
    judge: Callable[[RecordedCall, int, str], bool],
    keep: Callable[[str, list[AnsweredTurn]], None],
    kept: Callable[[str, str], bool] = lambda _, __: False,
) -> None:
    """Play every call to us, then some of them to each peer.

    Args:
        calls: What is played.
        theirs: What the peers are played, by the call's name.
        host: Ours.
        peers: Warmed up.
        judge: Whether the words heard in a turn of a call lead to the expected answer.
        keep: Takes an assistant's name and its turns of a call.
        kept: Whether an assistant has played a call already.
    """
    for seed, call in enumerate(calls):
        name = call.scenario.name
        if not kept(OURS, name):
            keep(OURS, await our_turns(call, host, seed))
        for peer in peers if name in theirs else ():
            if not kept(peer.name, name):
                ready = theirs[name]
                played = list(zip(ready.turns, await peer.play(ready.said), strict=True))
                keep(peer.name, [_judged(ready, n, turn, judge) for n, turn in played])


def _judged(
    call: PeerCall, n: int, turn: PeerTurn, judge: Callable[[RecordedCall, int, str], bool]
) -> AnsweredTurn:
    """A turn of which the peer made two was not heard rightly, whatever the first half was."""
    cut_in = turn.latency is not None and turn.latency < 0
    whole = len(turn.heard) == 1 and turn.latency is not None and not cut_in
    kind = turn_type(call.call.scenario, n)
    if kind is None:
        raise ValueError(f"{call.call.scenario.name}: nothing is said in turn {n}")
    return AnsweredTurn(
        call=call.call.scenario.name,
        n=n,
        kind=kind,
        latency_ms=None if turn.latency is None or cut_in else round(1000 * turn.latency, 1),
        right=whole and judge(call.call, n, turn.heard[0]),
        cut_in=cut_in,
    )


class TextJudge:
    """Judges heard words by the dialog in text, a fresh bank each time.

    Args:
        folder: For the banks; the caller throws it away.
        encoder: The model that understands.
    """

    def __init__(self, folder: Path, encoder: Path) -> None:
        self._folder = folder
        self._understander = Understander(encoder)
        self._made = 0

    def conversation(self, call: RecordedCall) -> Conversation:
        """A new one, as the scenario's day has it."""
        self._made += 1
        home = self._folder / str(self._made)
        home.mkdir()
        return conversations_for_scenarios(home, self._understander)(call.scenario)[0]

    def __call__(self, call: RecordedCall, n: int, heard: str) -> bool:
        """Whether these words lead to the answer that turn n expects."""
        return heard_rightly(call.scenario, n, heard, lambda: self.conversation(call))
