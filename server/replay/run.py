"""Replays scenarios against the assistant, by text or by voice, and judges each one.

Every scenario gets a bank of its own, fresh and at the scenario's day, so that they may run side
by side and in any order. Who makes the bank and the assistant is given: this module only calls.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Literal

from dialog.conversation import Conversation, Response
from dialog.errors import DialogError
from nlu.errors import NluError
from server.caller import CallerTurn, place_call
from server.callfiles import read_turn
from server.client.connection import Message
from server.errors import ServerError
from server.recording import write_stereo
from server.render import Turn, spoken_turn, turn_json, typed_turn
from server.replay import scenario as scenarios
from server.replay.judge import Books, Mismatch, Verdict, judge
from server.replay.results import Replayed, Summary
from server.replay.scenario import Scenario, ScenarioError, load_scenario
from voice.errors import VoiceError
from voice.pcm import Samples

ReadBooks = Callable[[], Books]
Converse = Callable[[Scenario], tuple[Conversation, ReadBooks]]
"""A new conversation with a fresh bank, and the way to read that bank's books."""

Serve = Callable[[Scenario], AbstractAsyncContextManager[tuple[str, ReadBooks]]]
"""A server with a fresh bank: its url, and the way to read that bank's books."""

Speak = Callable[[str, int], Samples]
"""Says words at a rate in Hz, for turns that have no recording."""

EXPECTED = (ServerError, ScenarioError, DialogError, NluError, VoiceError, OSError)
"""What may go wrong in one scenario without ending the replay of the others."""

PACE = 15.0
"""Characters a second that the assistant's voice speaks, to tell by text how far an answer that
is spoken over has got."""

SETTLE = 1.0
"""Seconds after a hang-up until what was under way at the bank is in its books."""


def run_text(
    path: Path,
    converse: Converse,
    *,
    on_turn: Callable[[Turn], None] = lambda _: None,
    silence_after: float = 7.0,
) -> Replayed:
    """Replay one scenario as text: words instead of recordings, no clock.

    Args:
        path: The scenario file.
        converse: Makes the conversation.
        on_turn: Told every turn as it is answered.
        silence_after: Seconds of silence after which the assistant would ask, as by voice.
    """
    scenario = load_scenario(path)
    conversation, books = converse(scenario)
    before = books()
    turns, ended = converse_in_text(
        scenario, conversation, on_turn=on_turn, silence_after=silence_after
    )
    return Replayed(path, judge(scenario, turns, ended, before, books()), tuple(turns), ended)


def converse_in_text(
    scenario: Scenario,
    conversation: Conversation,
    *,
    on_turn: Callable[[Turn], None] = lambda _: None,
    silence_after: float = 7.0,
) -> tuple[list[Turn], str]:
    """Hold a scenario's call in text; gives its turns and how it ended (see `run_text`)."""
    response = conversation.open()
    turns = [typed_turn(0, response)]
    on_turn(turns[0])
    ended = str(response.end or "hangup")
    for n, turn in enumerate(scenario.turns, start=1):
        if response.end is not None:
            break
        if turn.barge_in is not None:
            said = " ".join(response.say)
            conversation.heard_reply(said, min(1.0, turn.barge_in * PACE / max(1, len(said))))
        answers = _answers(conversation, turn, silence_after)
        response = answers[-1] if answers else response
        ended = str(response.end or "hangup")
        turns.append(_typed(n, answers))
        on_turn(turns[-1])
    return turns, ended


def _answers(
    conversation: Conversation, turn: scenarios.Turn, silence_after: float
) -> list[Response]:
    """The answers to one thing the caller does: one, but to a long silence or several entries."""
    if turn.say is not None:
        return [conversation.hear(turn.say)]
    if turn.keys is not None:
        steps = [partial(conversation.key, entry) for entry in _entries(turn.keys)]
    else:
        steps = [partial(conversation.silence)] * int((turn.silence or 0.0) // silence_after)
    answers: list[Response] = []
    for step in steps:
        answers.append(step())
        if answers[-1].end is not None:
            break
    return answers


def _entries(keys: str) -> list[str]:
    """Keys as entries: each ends with its #."""
    return re.findall(r"[0-9*]*#|[0-9*]+", keys)


def _typed(n: int, answers: Sequence[Response]) -> Turn:
    if not answers:
        return turn_json(
            n=n, heard=None, language=None, intents=[], entities=[], said="", action=None
        )
    said = " ".join(sentence for answer in answers for sentence in answer.say)
    return typed_turn(n, answers[-1]) | {"said": said}


async def run_voice(
    path: Path,
    serve: Serve,
    *,
    record: Path | None = None,
    speak: Speak | None = None,
    on_event: Callable[[Message], None] = lambda _: None,
    on_turn: Callable[[Turn], None] = lambda _: None,
    turn_timeout: float = 30.0,
) -> Replayed:
    """Replay one scenario as a real call, in real time, over the wire that it names.

    Args:
        path: The scenario file; its recordings lie beside it.
        serve: Starts the server.
        record: Where to leave the stereo recording.
        speak: Says the turns that have no recording.
        on_event, on_turn: Told every message and every turn as they happen.
        turn_timeout: Seconds to wait for a sign of an answer.

    Raises:
        ScenarioError: The file or one of its recordings cannot be used.
        CallError: No call came about.
    """
    scenario = load_scenario(path)
    turns = caller_turns(scenario, path.parent, speak)
    async with serve(scenario) as (url, books):
        before = await asyncio.to_thread(books)
        log = await place_call(
            url,
            turns,
            sample_rate=scenario.caller.sample_rate,
            encoding=scenario.caller.encoding,
            on_event=on_event,
            on_turn=lambda turn: on_turn(spoken_turn(turn)),
            turn_timeout=turn_timeout,
        )
        if log.ended in ("hangup", "lost"):
            await asyncio.sleep(SETTLE)
        after = await asyncio.to_thread(books)
    if record is not None:
        write_stereo(record, log.stereo, log.sample_rate)
    spoken = tuple(spoken_turn(turn) for turn in log.turns)
    verdict = judge(scenario, spoken, log.ended, before, after)
    return Replayed(path, verdict, spoken, log.ended, log.call)


def caller_turns(scenario: Scenario, folder: Path, speak: Speak | None = None) -> list[CallerTurn]:
    """What the caller does, with the recordings at the wire's rate.

    Raises:
        ScenarioError: A turn has neither a recording nor somebody to say it.
        CallerAudioError: A recording cannot be used.
    """
    return [
        CallerTurn(
            samples=_samples(scenario, n, folder, speak),
            keys=turn.keys,
            silence=turn.silence,
            barge_in=turn.barge_in,
            hang_up=turn.hang_up,
            label=turn.say or turn.wav or f"turn {n}",
        )
        for n, turn in enumerate(scenario.turns, start=1)
    ]


def _samples(scenario: Scenario, n: int, folder: Path, speak: Speak | None) -> Samples | None:
    turn = scenario.turns[n - 1]
    if turn.say is None:
        return None
    if turn.wav is not None:
        return read_turn(folder / turn.wav, scenario.caller.sample_rate)
    if speak is None:
        raise ScenarioError(f"{scenario.name}: turn {n} has no recording (wav); make it first")
    return speak(turn.say, scenario.caller.sample_rate)


async def replay(
    paths: Sequence[Path],
    *,
    by: Literal["text", "voice"],
    concurrency: int = 1,
    on_result: Callable[[Replayed], None] = lambda _: None,
    converse: Converse | None = None,
    serve: Serve | None = None,
    speak: Speak | None = None,
    recordings: Path | None = None,
    turn_timeout: float = 30.0,
) -> Summary:
    """Replay scenarios, some at once, and sum up.

    Args:
        paths: Scenario files.
        by: "text" needs `converse`, "voice" needs `serve`.
        concurrency: How many at once; keep it at 1 where latency is measured.
        on_result: Told every scenario as it ends.
        converse, serve, speak: See `run_text` and `run_voice`.
        recordings: Folder for the stereo recordings, one per scenario; by voice only.
        turn_timeout: See `run_voice`.
    """
    places = asyncio.Semaphore(concurrency)

    async def run(path: Path) -> Replayed:
        if by == "text":
            if converse is None:
                raise ValueError("a replay by text needs converse")
            return await asyncio.to_thread(run_text, path, converse)
        if serve is None:
            raise ValueError("a replay by voice needs serve")
        record = recordings and recordings / f"{_name(path)}.wav"
        return await run_voice(path, serve, record=record, speak=speak, turn_timeout=turn_timeout)

    async def one(path: Path) -> Replayed:
        async with places:
            try:
                result = await run(path)
            except EXPECTED as error:
                result = _not_run(path, error)
            on_result(result)
            return result

    return Summary(tuple(await asyncio.gather(*(one(path) for path in paths))))


def _not_run(path: Path, error: Exception) -> Replayed:
    words = Mismatch(None, "replay", "to run", f"{type(error).__name__}: {error}")
    return Replayed(path, Verdict(_name(path), (words,)))


def _name(path: Path) -> str:
    return path.parent.name if path.stem == "scenario" else path.stem
