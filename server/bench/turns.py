"""False ends of turn: the assistant starts while the caller has only paused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from server.bench.beside import PeerCall
from server.bench.calls import RecordedCall, right_in_call, turn_type
from server.bench.hosted import Serving
from server.bench.pauses import PAUSE_KINDS, PauseKind, with_pauses
from server.bench.peer import Peer, PeerTurn
from server.bench.peer_wire import RATE
from server.bench.report import Report, Sheet, p50_p95, share, worst_gap
from server.caller import CallerTurn, place_call
from server.replay.callers import caller_turns
from voice.resampling import resample

WITHOUT = frozenset({"silence", "hang-up", "barge-in"})


@dataclass(frozen=True, slots=True)
class PausedTurn:
    """One caller turn with pauses in it.

    Attributes:
        kind: Of the pauses.
        answered: An answer sounded, in time or too early.
        cut_in: It sounded inside the caller's turn.
        right: Answered as the scenario expects.
        latency_ms: At the ear, where it did not cut in.
        parts: Of the latency.
    """

    kind: PauseKind
    answered: bool
    cut_in: bool
    right: bool
    latency_ms: float | None
    parts: dict[str, float]


def paused_turns(call: RecordedCall, seed: int) -> tuple[list[CallerTurn], dict[int, PauseKind]]:
    """A call's turns with pauses put in, and the kind of pauses by the turn's number."""
    turns, kinds = caller_turns(call.scenario, call.folder), {}
    rate = call.scenario.caller.sample_rate
    for n, turn in enumerate(turns, start=1):
        words = call.scenario.turns[n - 1].say
        if turn.samples is None or words is None:
            continue
        digits = turn_type(call.scenario, n) == "digits"
        paused = with_pauses(turn.samples, rate, words, digits=digits, seed=100 * seed + n)
        if paused is not None:
            turns[n - 1] = replace(turn, samples=paused.samples)
            kinds[n] = paused.kind
    return turns, kinds


async def play_paused(call: RecordedCall, host: Serving, seed: int) -> list[PausedTurn]:
    """Play one recorded call with pauses to the assistant.

    Turns after the first that was not answered rightly are left out: a caller would not say there
    what the recording goes on to say.
    """
    scenario = call.scenario
    turns, kinds = paused_turns(call, seed)
    async with host.serving(scenario.today) as line:
        log = await place_call(
            line.url,
            turns,
            dial=line.dial,
            sample_rate=scenario.caller.sample_rate,
            encoding=scenario.caller.encoding,
            seed=seed,
        )
    right = right_in_call(scenario, log)
    astray = min((turn.n for turn in log.turns if turn.n not in right), default=len(turns))
    return [
        PausedTurn(
            kind=kinds[turn.n],
            answered=turn.cut_in or turn.response_latency_ms is not None,
            cut_in=turn.cut_in,
            right=turn.n in right,
            latency_ms=turn.response_latency_ms,
            parts=dict(turn.parts),
        )
        for turn in log.turns
        if turn.n in kinds and turn.n <= astray
    ]


async def play_paused_to_peer(ready: PeerCall, peer: Peer, seed: int) -> list[PausedTurn]:
    """Play the spoken turns of one recorded call, with the same pauses, to the peer.

    It is right where it took the words for one turn: what it heard is not looked at.
    """
    turns, kinds = paused_turns(ready.call, seed)
    rate = ready.call.scenario.caller.sample_rate
    said = []
    for n, (_, reply) in zip(ready.turns, ready.said, strict=True):
        samples = turns[n - 1].samples
        if samples is None:
            raise ValueError(f"{ready.call.scenario.name}: nothing is said in turn {n}")
        said.append((resample(samples, rate, RATE), reply))
    played = zip(ready.turns, await peer.play(said), strict=True)
    return [_of_peer(kinds[n], turn) for n, turn in played if n in kinds]


def _of_peer(kind: PauseKind, turn: PeerTurn) -> PausedTurn:
    cut_in = turn.latency is not None and turn.latency < 0
    return PausedTurn(
        kind=kind,
        answered=turn.latency is not None,
        cut_in=cut_in,
        right=len(turn.heard) == 1 and not cut_in,
        latency_ms=None if turn.latency is None or cut_in else round(1000 * turn.latency, 1),
        parts={},
    )


async def measure_turns(
    calls: Sequence[RecordedCall], host: Serving, on_call: Callable[[], None] = lambda: None
) -> list[PausedTurn]:
    """Play all calls, one after another."""
    turns: list[PausedTurn] = []
    for seed, call in enumerate(calls):
        turns += await play_paused(call, host, seed)
        on_call()
    return turns


async def measure_turns_beside(
    calls: Sequence[PeerCall],
    host: Serving,
    peer: Peer,
    on_call: Callable[[], None] = lambda: None,
) -> tuple[list[PausedTurn], list[PausedTurn]]:
    """Play every call to us, then to the peer."""
    ours: list[PausedTurn] = []
    theirs: list[PausedTurn] = []
    for seed, call in enumerate(calls):
        ours += await play_paused(call.call, host, seed)
        theirs += await play_paused_to_peer(call, peer, seed)
        on_call()
    return ours, theirs


def turns_report(
    turns: Sequence[PausedTurn], peer: Sequence[PausedTurn] | None = None, peer_name: str = "peer"
) -> Report:
    """The figures of a run."""
    timed = [turn for turn in turns if turn.latency_ms is not None]
    latencies, theirs = _latencies(turns), _latencies(peer or ())
    parts = tuple(turn.parts for turn in timed)
    rows = [("tellerline", *row) for row in _rows(turns)]
    rows += [(peer_name, *row) for row in _rows(peer or ())]
    columns = (
        "assistant",
        "pauses",
        "false ends of turn",
        "answered rightly",
        "latency p50 / p95 ms",
    )
    more = _figures(turns) | {"parts_worst_gap_ms": worst_gap(latencies, parts)}
    notes: tuple[str, ...] = ()
    if peer is not None:
        more["peer_turns"] = _figures(peer)
        notes = ("of the peer, right only means that it took the words for one turn",)
    return Report(
        bench="turns",
        ours=latencies,
        peer=None if peer is None else theirs,
        parts=parts,
        more=more,
        sheets=(Sheet("Turns with pauses", columns, tuple(rows)),),
        notes=notes,
        series={"after a turn with pauses": latencies, peer_name: theirs},
    )


def _latencies(turns: Sequence[PausedTurn]) -> tuple[float, ...]:
    return tuple(turn.latency_ms for turn in turns if turn.latency_ms is not None)


def _rows(turns: Sequence[PausedTurn]) -> list[tuple[str, ...]]:
    groups = {str(kind): [t for t in turns if t.kind == kind] for kind in PAUSE_KINDS}
    return [
        (
            name,
            share(sum(t.cut_in for t in found), len(found)),
            share(sum(t.right for t in found), len(found)),
            p50_p95(_latencies(found)),
        )
        for name, found in (groups | {"all": list(turns)}).items()
        if turns
    ]


def _figures(turns: Sequence[PausedTurn]) -> dict[str, Any]:
    """For the JSON object."""
    by_kind = {}
    for kind in PAUSE_KINDS:
        found = [turn for turn in turns if turn.kind == kind]
        cut_in, right = sum(t.cut_in for t in found), sum(t.right for t in found)
        by_kind[kind] = {"n": len(found), "false_ends": cut_in, "right": right}
    false_ends = sum(turn.cut_in for turn in turns)
    return {
        "turns": len(turns),
        "false_ends": false_ends,
        "false_end_rate": round(false_ends / len(turns), 4) if turns else None,
        "unanswered": sum(not turn.answered for turn in turns),
        "by_kind": by_kind,
    }
