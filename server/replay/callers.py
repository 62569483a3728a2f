"""What the caller of a scenario does, as sound: recordings, or words spoken by a test voice."""

import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import soundfile

from server.caller import CallerTurn
from server.callfiles import CallerAudioError, read_turn
from server.replay.degrade import CLEAN, Condition, degraded
from server.replay.noise import make_noise
from server.replay.reading import ScenarioError
from server.replay.scenario import Caller, Scenario, Turn
from server.replay.telephone import recording
from server.replay.voices import RATE, speak
from voice.pcm import Floats, Samples
from voice.spoken_form import spoken_form

SIMPLE_VOICES = ("flite-slt", "flite-rms", "flite-awb", "flite-kal")
"""Of callers that name none: they speak at once and cost nothing. None is the assistant's."""

Speak = Callable[[Scenario, int], Samples]
"""Says turn n (from 1) of a scenario at its wire's rate."""


def voice_of(scenario: Scenario, turn: Turn) -> str:
    """Who speaks a turn; a scenario without a voice always gets the same one."""
    mine = SIMPLE_VOICES[zlib.crc32(scenario.name.encode()) % len(SIMPLE_VOICES)]
    return turn.voice or scenario.caller.voice or mine


def by_test_voice(scenario: Scenario, n: int) -> Samples:
    """Turn n (from 1) as it arrives at the bank; rendered once, then from the cache.

    Raises:
        VoiceError: The voice cannot speak.
    """
    turn = scenario.turns[n - 1]
    speech = speak(words_of(turn.say or ""), voice_of(scenario, turn))
    noise = _surroundings(scenario.caller, speech, f"{scenario.name}/{n}")
    return recording(speech, RATE, scenario.caller, noise)


def words_of(text: str) -> str:
    """What a test voice is given: figures in words; what has none stays as it is."""
    return spoken_form(text) if any(map(str.isdigit, text)) else text


def _surroundings(caller: Caller, speech: Floats, name: str) -> Samples | None:
    if caller.noise is None:
        return None
    seconds = len(speech) / RATE + 1.0
    return make_noise(caller.noise, seconds, caller.sample_rate, zlib.crc32(name.encode()))


def caller_turns(
    scenario: Scenario,
    folder: Path,
    speak: Speak | None = None,
    condition: Condition = CLEAN,
    chance: int = 1,
) -> list[CallerTurn]:
    """What the caller does, with the sound at the wire's rate.

    Args:
        scenario: The call.
        folder: Where its recordings lie.
        speak: Says the turns that have no recording.
        condition: How the caller's sound is degraded.
        chance: Another one draws other losses and noise.

    Raises:
        ScenarioError: A turn has neither a recording nor somebody to say it.
        CallerAudioError: A recording cannot be used.
        VoiceError: The voice cannot speak.
    """

    def sound(n: int) -> Samples | None:
        samples = _samples(scenario, n, folder, speak)
        if samples is None or condition == CLEAN:
            return samples
        seed = zlib.crc32(f"{scenario.name}/{n}/{chance}".encode())
        return degraded(samples, scenario.caller.sample_rate, condition, seed)

    return [_turn(turn, sound(n), n) for n, turn in enumerate(scenario.turns, start=1)]


def recorded(turn: Turn, folder: Path, rate: int) -> Samples:
    """A turn's recording, the caller's side of it.

    Raises:
        CallerAudioError: It cannot be used, or it does not tell which side is the caller's.
    """
    path = folder / (turn.wav or "")
    with suppress(soundfile.LibsndfileError):  # told below, in words
        sides = soundfile.info(path).channels
        if sides > 1 and turn.channel is None:
            raise CallerAudioError(f"{path}: stereo; say whose side, with channel: left or right")
        if sides == 1 and turn.channel is not None:
            raise CallerAudioError(f"{path}: mono, there is no {turn.channel}; remove channel")
    return read_turn(path, rate, 1 if turn.channel == "right" else 0)


def _turn(turn: Turn, samples: Samples | None, n: int) -> CallerTurn:
    only_hangs_up = samples is None and turn.keys is None and turn.silence is None
    return CallerTurn(
        samples=samples,
        keys=turn.keys,
        silence=0.0 if only_hangs_up else turn.silence,
        barge_in=turn.barge_in,
        hang_up=turn.hang_up,
        label=turn.say or turn.wav or f"turn {n}",
        pause=turn.pause,
    )


def _samples(scenario: Scenario, n: int, folder: Path, speak: Speak | None) -> Samples | None:
    turn = scenario.turns[n - 1]
    if not turn.spoken:
        return None
    if turn.wav is not None:
        return recorded(turn, folder, scenario.caller.sample_rate)
    if speak is None:
        raise ScenarioError(f"{scenario.name}: turn {n} has no recording (wav); make it first")
    return speak(scenario, n)
