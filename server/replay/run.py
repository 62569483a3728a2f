"""Replays one scenario against the assistant, by text or by voice, and judges it.

Who makes the bank and the assistant is given: this module only calls.
"""

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from dialog.conversation import Conversation
from dialog.turns import Response
from server.caller import CallerTurn, CallLog, Dial, place_call
from server.callfiles import without_secrets
from server.client.connection import Message, dialled
from server.client.turns import TurnRecord
from server.recording import swapped, write_stereo
from server.render import Turn, spoken_turn, turn_json, typed_turn
from server.replay import scenario as scenarios
from server.replay.callers import Speak, caller_turns
from server.replay.degrade import CLEAN, Condition, background
from server.replay.engines import Overhear, Overheard, heard_at
from server.replay.judge import SIDES, Alike, Books, Mismatch, judge
from server.replay.matrix import AS_WRITTEN, Wire, named, over
from server.replay.patience import PatientCaller, read_backs_of
from server.replay.reading import ScenarioError
from server.replay.results import Replayed
from server.replay.scenario import CODE, Scenario, load_scenario
from server.replay.scores import score, told_words
from server.replay.simulated import SimulatedCaller, simulated
from voice.errors import VoiceError
from voice.pcm import Samples

ReadBooks = Callable[[], Books]
Converse = Callable[[Scenario], tuple[Conversation, ReadBooks]]
"""A new conversation with a fresh bank, and the way to read that bank's books."""


@dataclass(frozen=True, slots=True)
class Served:
    """A server with a fresh bank.

    Attributes:
        url: Where to call.
        books: Reads that bank's books.
        dial: Opens the line, over the network where nothing else is said.
        overheard: What the recogniser heard, word for word; None where nobody tells.
    """

    url: str
    books: ReadBooks
    dial: Dial = dialled
    overheard: Overhear | None = None


Serve = Callable[[Scenario], AbstractAsyncContextManager[Served]]
"""Serves a scenario for as long as its call lasts."""

PACE = 15.0
"""Characters a second that the assistant's voice speaks, to tell by text how far an answer that
is spoken over has got."""

SETTLE = 1.0
"""Seconds after a hang-up until what was under way at the bank is in its books."""


def run_text(
    path: Path,
    converse: Converse,
    *,
    alike: Alike | None = None,
    on_turn: Callable[[Turn], None] = lambda _: None,
    on_response: Callable[[int, Response], None] = lambda _, __: None,
    silence_after: float = 7.0,
    chance: int = 1,
) -> Replayed:
    """Replay one scenario as text: words instead of recordings, no clock.

    Args:
        path: The scenario's file.
        converse: Makes the conversation.
        alike: Compares meanings, for `said_means`.
        on_turn: Told every turn as it is answered.
        on_response: Told every answer, with the number of the turn that it is to.
        silence_after: Seconds of silence after which the assistant would ask, as by voice.
        chance: Of a simulated caller.
    """
    scenario = load_scenario(path)
    who = simulated(scenario, _silently, chance)
    conversation, books = converse(scenario)
    before = books()
    turns, ended = converse_in_text(
        scenario,
        conversation,
        on_turn=on_turn,
        on_response=on_response,
        silence_after=silence_after,
        books=books,
        who=who,
    )
    scenario = who.written_down(scenario) if who else scenario
    for turn in turns[1:]:
        done = scenario.turns[turn["n"] - 1]
        turn["score"] = score(done, turn, None, None)
        turn["words"] = told_words(done.say, turn["heard"])
    verdict = judge(scenario, turns, ended, before, books(), alike)
    return Replayed.of(path, scenario, verdict, turns=tuple(turns), ended=ended)


def converse_in_text(
    scenario: Scenario,
    conversation: Conversation,
    *,
    on_turn: Callable[[Turn], None] = lambda _: None,
    on_response: Callable[[int, Response], None] = lambda _, __: None,
    silence_after: float = 7.0,
    books: ReadBooks | None = None,
    who: SimulatedCaller | None = None,
) -> tuple[list[Turn], str]:
    """Hold a scenario's call in text; gives its turns and how it ended (see `run_text`).

    Args:
        books: Of the bank, for a scenario that keys a code.
        who: Calls in place of the scenario's turns.
    """

    def does() -> Iterator[scenarios.Turn]:
        yield from scenario.turns
        while who and (turn := who.answer(response.action or "", " ".join(response.say))):
            yield turn

    response = conversation.open()
    on_response(0, response)
    turns = [typed_turn(0, response)]
    on_turn(turns[0])
    ended = str(response.end or "hangup")
    for n, turn in enumerate(does(), start=1):
        if response.end is not None:
            break
        if turn.barge_in is not None:
            said = " ".join(response.say)
            conversation.heard_reply(said, min(1.0, turn.barge_in * PACE / max(1, len(said))))
        if turn.keys == CODE:
            turn = turn.model_copy(update={"keys": sent_code(books() if books else {})})
        answers = _answers(conversation, turn, silence_after)
        for answer in answers:
            on_response(n, answer)
        response = answers[-1] if answers else response
        ended = str(response.end or "hangup")
        turns.append(_typed(n, answers))
        on_turn(turns[-1])
    return turns, ended


def _silently(_: str) -> Samples:
    raise ValueError("nobody speaks by text")


def sent_code(books: Books) -> str:
    """The one-time code in the last letter that has one, as keys; none where none was sent."""
    bodies = [letter["body"] for letter in reversed(books.get("letters", []))]
    found = next((code for body in bodies if (code := re.search(r"\b\d{6}\b", body))), None)
    return f"{found[0]}#" if found else ""


def _answers(
    conversation: Conversation, turn: scenarios.Turn, silence_after: float
) -> list[Response]:
    """The answers to one thing the caller does: one, but to a long silence or several entries."""
    if turn.say is not None:
        return [conversation.hear(turn.say)]
    if turn.wav is not None:
        raise ScenarioError(f"{turn.wav} has no words: write them as say to replay it by text")
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
    condition: Condition = CLEAN,
    wire: Wire = AS_WRITTEN,
    chance: int = 1,
    alike: Alike | None = None,
    in_text: Sequence[Turn] = (),
) -> Replayed:
    """Replay one scenario as a real call over the wire that it names.

    Args:
        path: The scenario's file; its recordings lie beside it.
        serve: Starts the server.
        record: Where to leave the stereo recording, silent where the caller tells a secret.
        speak: Says the turns that have no recording.
        on_event, on_turn: Told every message and every turn as they happen.
        turn_timeout: Seconds to wait for a sign of an answer.
        condition: How the caller's sound is degraded.
        wire: What the call goes over.
        chance: From 1; another one draws other breaths, losses and noise.
        alike: Compares meanings, for `said_means`.
        in_text: The turns of the same call in text, for a caller who says again what was not
            answered like that; without them nothing is said twice.

    Raises:
        ScenarioError: The file or one of its recordings cannot be used.
        CallError: No call came about.
    """
    scenario = over(load_scenario(path), wire)
    turns = caller_turns(scenario, path.parent, speak, condition, chance)

    def spoken(words: str) -> CallerTurn:
        one = scenario.model_copy(update={"turns": (scenarios.Turn(say=words),)})
        return caller_turns(one, path.parent, speak, condition, chance)[0]

    def say(words: str) -> CallerTurn | None:
        try:
            return spoken(words)
        except (VoiceError, ScenarioError):  # a recorded caller, whom nothing here can speak as
            return None

    who = simulated(scenario, lambda words: spoken(words).sound, chance)

    async with serve(scenario) as line:
        before = await asyncio.to_thread(line.books)
        turns = [
            replace(each, keys=lambda: sent_code(line.books())) if each.keys == CODE else each
            for each in turns
        ]
        log = await place_call(
            line.url,
            who or turns,
            dial=line.dial,
            sample_rate=scenario.caller.sample_rate,
            encoding=scenario.caller.encoding,
            language=scenario.caller.language,
            on_event=on_event,
            on_turn=lambda turn: on_turn(spoken_turn(turn)),
            turn_timeout=turn_timeout,
            seed=chance,
            echo=condition.echo_db,
            echo_delay=condition.echo_ms / 1000,
            background=background(condition, scenario.caller.sample_rate, chance),
            insist=PatientCaller(scenario, turns, in_text, say) if in_text and not who else None,
        )
        if log.ended in ("hangup", "gave up", "lost"):
            await asyncio.sleep(SETTLE)
        after = await asyncio.to_thread(line.books)
    if record is not None:
        write_stereo(record, without_secrets(log), log.sample_rate)
    overheard = None if line.overheard is None else line.overheard()
    scenario = who.written_down(scenario) if who else scenario
    told = tuple(scored(scenario, turn, log, overheard, in_text) for turn in log.turns)
    verdict = judge(scenario, told, log.ended, before, after, alike)
    if swapped(log.stereo, [turn.span for turn in log.turns]):
        wrong = Mismatch(None, SIDES, "the caller left, the assistant right", "the opposite")
        verdict = replace(verdict, mismatches=(*verdict.mismatches, wrong))
    return Replayed.of(
        path,
        scenario,
        verdict,
        turns=told,
        ended=log.ended,
        call=log.call,
        wire=named(scenario, wire),
        recording=record,
        seconds=len(log.stereo) / log.sample_rate,
        lateness=log.worst_lateness,
    )


def scored(
    scenario: Scenario,
    record: TurnRecord,
    log: CallLog,
    overheard: Sequence[Overheard] | None,
    in_text: Sequence[Turn],
) -> Turn:
    """A turn with its score (`server.replay.scores`); see `run_voice` and `Served`."""
    told = spoken_turn(record, log.sample_rate)
    if record.n == 0:
        return told
    turn = scenario.turns[record.n - 1]
    if record.again:
        turn = scenarios.Turn(say=record.label)
    raw = None
    if overheard is not None and record.kind == "speech":
        raw = heard_at(overheard, [log.began_at + at for at in record.heard_at])
    counted = score(turn, told, record, raw) | {"again": int(record.again > 0)}
    if in_text:
        counted |= read_backs_of(in_text, record, scenario.caller.language)
    again = {"again": record.again} if record.again else {}
    words = told_words(turn.say, told["heard"]) if record.kind == "speech" else None
    return told | {"score": counted, "words": words} | again
