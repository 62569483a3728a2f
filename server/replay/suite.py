"""Replays scenarios, under conditions and over wires, some at once and again where wanted.

Every call gets a bank of its own, fresh and at the scenario's day, so that they may run side by
side and in any order.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from dialog.errors import DialogError
from nlu.errors import NluError
from server.errors import ServerError
from server.render import Turn
from server.replay.callers import Speak, recorded, voice_of, words_of
from server.replay.degrade import CLEAN, Condition
from server.replay.judge import Alike, Mismatch, Verdict
from server.replay.matrix import AS_WRITTEN, WIRES, Matrix, Wire, named, over
from server.replay.metrics import groups
from server.replay.noise import require_noise
from server.replay.reading import ScenarioError
from server.replay.results import Replayed, Summary
from server.replay.run import Converse, Serve, run_text, run_voice
from server.replay.scenario import Scenario, load_scenario
from server.replay.scenario import Turn as ScriptedTurn
from server.replay.voices import require_words
from voice.errors import VoiceError

EXPECTED = (ServerError, DialogError, NluError, VoiceError, OSError)
"""What may go wrong in one call without ending the replay of the others."""

By = Literal["text", "voice"]
APART = 1000
"""Of two seeds: more than anybody repeats."""


@dataclass(frozen=True, slots=True)
class Case:
    """One call to be made: a scenario, under a condition, over a wire, for the n-th time.

    Its name does not tell the seed, so that replays of several seeds can be compared.
    """

    path: Path
    condition: Condition = CLEAN
    wire: Wire = AS_WRITTEN
    repetition: int = 1
    seed: int = 1

    @property
    def chance(self) -> int:
        """What breaths, losses and noise are drawn by; 1 of the first call of seed 1."""
        return APART * (self.seed - 1) + self.repetition

    @property
    def name(self) -> str:
        """For files and reports: only what differs from the plain call is in it."""
        parts = [_name(self.path)]
        if self.condition != CLEAN:
            parts.append(self.condition.name)
        if self.wire != AS_WRITTEN:
            parts.append(self.wire.name)
        if self.repetition > 1:
            parts.append(str(self.repetition))
        return "@".join(parts)


def cases(
    paths: Sequence[Path], matrix: Matrix | None = None, repeat: int = 1, seed: int = 1
) -> list[Case]:
    """All calls of a replay: scenarios × conditions × wires × repetitions, by one seed.

    Raises:
        ScenarioError: Two calls would go by one name, in the report and in the baseline.
    """
    matrix = matrix or Matrix()
    calls = [
        Case(path, condition, wire, repetition, seed)
        for repetition in range(1, repeat + 1)
        for condition in matrix.conditions
        for wire in matrix.wires
        for path in paths
    ]
    names: dict[str, Case] = {}
    for call in calls:
        if (other := names.setdefault(call.name, call)) is not call:
            raise ScenarioError(f"{call.path} and {other.path} go by one name: rename one")
    return calls


def require_usable(calls: Sequence[Case], *, by: By, fast: bool = False) -> None:
    """Refuse before the first call what would fail without being the assistant's fault.

    Args:
        calls: See `cases`.
        by: By text words are needed, by voice recordings or a voice.
        fast: A channel with a clock of its own is none for virtual time.

    Raises:
        ScenarioError: Names the file or condition and what is wrong with it.
    """
    for path in dict.fromkeys(call.path for call in calls):
        scenario = load_scenario(path)
        if not scenario.expects:
            raise ScenarioError(
                f"{path}: expects nothing, so it cannot fail: say what must be true"
            )
        any_words = (ScriptedTurn(say=""),)  # a simulated caller's, none of which is kept
        for n, turn in enumerate(scenario.turns or any_words, start=1):
            try:
                _require_turn(path, scenario, turn, by)
            except (ServerError, VoiceError) as error:
                raise ScenarioError(f"{path}: turn {n}: {error}") from error
    for name, noise in {call.condition.name: call.condition.noise for call in calls}.items():
        try:
            require_noise(noise)
        except VoiceError as error:
            raise ScenarioError(f"condition {name}: {error}") from error
    for call in calls if fast else ():
        channel = over(load_scenario(call.path), call.wire).caller.channel
        if channel != "websocket":
            raise ScenarioError(f"{call.path}: {channel} has a clock of its own: no --fast")


def _require_turn(path: Path, scenario: Scenario, turn: ScriptedTurn, by: By) -> None:
    if by == "text" and turn.wav is not None and turn.say is None:
        raise ScenarioError("no words: write them as say to replay it by text")
    if by == "voice" and turn.wav is not None:
        recorded(turn, path.parent, scenario.caller.sample_rate)
    if by == "voice" and turn.wav is None and turn.say is not None:
        require_words(words_of(turn.say), voice_of(scenario, turn))
        require_noise(scenario.caller.noise)


def groups_of(calls: Sequence[Case], by: By) -> list[str]:
    """The groups that calls will be in: of conditions, channels and tags."""
    found = []
    for call in calls:
        scenario = load_scenario(call.path)
        wire = "text" if by == "text" else named(scenario, call.wire)
        found.append({"condition": call.condition.name, "wire": wire, "tags": scenario.tags})
    return list(groups(found))


def groups_known(paths: Sequence[Path], calls: Sequence[Case]) -> set[str]:
    """The groups of all scenarios at some paths, of the calls among them, and of all channels."""
    channels = {f"channel {name}" for name in WIRES}
    by_tag = groups_of([Case(path) for path in paths], "text")
    return channels.union(by_tag, groups_of(calls, "voice"))


def drawn(paths: Sequence[Path], count: int, seed: int) -> list[Path]:
    """Some scenarios of every folder, in order.

    Args:
        paths: Scenario files.
        count: How many of each folder; all where it has no more.
        seed: Another one draws others; a folder's draw hangs on nothing but itself.
    """
    folders: dict[Path, list[Path]] = {}
    for path in paths:
        folders.setdefault(path.parent, []).append(path)
    picked = set[Path]()
    for folder, files in folders.items():
        chance = random.Random(f"{seed}/{folder.name}")  # noqa: S311
        picked.update(chance.sample(files, min(count, len(files))))
    return [path for path in paths if path in picked]


async def replay(
    calls: Sequence[Case],
    *,
    by: By,
    concurrency: int = 1,
    on_result: Callable[[Replayed], None] = lambda _: None,
    converse: Converse | None = None,
    serve: Serve | None = None,
    speak: Speak | None = None,
    alike: Alike | None = None,
    in_text: Mapping[Path, Sequence[Turn]] | None = None,
    recordings: Path | None = None,
    turn_timeout: float = 30.0,
    confirm: int = 0,
) -> Summary:
    """Make the calls and sum up.

    Args:
        calls: See `cases`.
        by: "text" needs `converse`, "voice" needs `serve`.
        concurrency: How many at once; keep it at 1 where latency is measured.
        on_result: Told every call as it ends.
        in_text: By path: see `run_voice`.
        converse, serve, speak, alike: See `run_text` and `run_voice`.
        recordings: Folder for the stereo recordings, one per call; by voice only.
        turn_timeout: See `run_voice`.
        confirm: How often a call that fails is made again, by other chances.
    """
    places = asyncio.Semaphore(concurrency)

    async def run(case: Case) -> Replayed:
        if by == "text":
            if converse is None:
                raise ValueError("a replay by text needs converse")
            return await asyncio.to_thread(
                run_text, case.path, converse, alike=alike, chance=case.chance
            )
        if serve is None:
            raise ValueError("a replay by voice needs serve")
        return await run_voice(
            case.path,
            serve,
            record=recordings and recordings / f"{case.name}.wav",
            speak=speak,
            turn_timeout=turn_timeout,
            condition=case.condition,
            wire=case.wire,
            chance=case.chance,
            alike=alike,
            in_text=(in_text or {}).get(case.path, ()),
        )

    async def one(case: Case, confirms: str = "") -> Replayed:
        async with places:
            try:
                result = await run(case)
            except EXPECTED as error:
                result = _not_run(case, error)
            result = replace(
                result,
                name=case.name,
                condition=case.condition.name,
                wire="text" if by == "text" else result.wire,
                repetition=case.repetition,
                confirms=confirms,
            )
            on_result(result)
            return result

    results = await asyncio.gather(*(one(case) for case in calls))
    doubted = [case for case, result in zip(calls, results, strict=True) if not result.passed]
    more = [(again, case.name) for case in doubted for again in _again(case, calls, confirm)]
    results += await asyncio.gather(*(one(case, confirms) for case, confirms in more))
    return Summary(tuple(results))


def _again(case: Case, calls: Sequence[Case], times: int) -> list[Case]:
    """The same call by chances that nobody has had."""
    most = max(call.repetition for call in calls)
    twin = case.repetition - 1
    return [replace(case, repetition=most + times * twin + n) for n in range(1, times + 1)]


def _not_run(case: Case, error: Exception) -> Replayed:
    words = Mismatch(None, "replay", "to run", f"{type(error).__name__}: {error}")
    try:
        scenario = load_scenario(case.path)
    except ScenarioError:
        return Replayed(case.path, Verdict(_name(case.path), (words,)), wire=case.wire.name)
    verdict = Verdict(scenario.name, (words,))
    return Replayed.of(case.path, scenario, verdict, wire=named(scenario, case.wire))


def _name(path: Path) -> str:
    """Of a folder, or of a file in one: one word may be the name of files in several folders."""
    folder = path.absolute().parent.name
    return folder if path.stem == "scenario" else f"{folder}-{path.stem}"
