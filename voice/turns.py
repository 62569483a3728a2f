"""Turn taking: from speech probabilities to the caller's turns.

```
caller   ____▂▅▇▆▃▂____________▂▅▇▅▂________________________
              started          resumed
                     paused            paused         ended
                     │ think            │ think        │ answer
```

At the first short silence the turn so far is handed out to be thought about (`Paused`), while
two judges say whether it is over: how it sounded (`judged`, an end-of-turn model) and whether
what was said fits what is waited for (`understood`). If the caller goes on, the thought is
forgotten (`Resumed`). Time is samples received, never a clock, so that a replay gives the same
turns. Everything that was thought about carries a generation number; an old one is ignored.
"""

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from voice.vad import WINDOW

RATE = 16000
"""Hz; all times below are in seconds of audio at this rate."""


class Fit(Enum):
    """Whether what was said so far fits what is waited for."""

    COMPLETE = auto()
    """It is all that is waited for: eight of eight digits, a plain agreement."""
    WHOLE = auto()
    """It is a finished sentence that leaves nothing open: an answer, a request with its details."""
    LIKELY = auto()
    """It is a finished sentence, but details are missing that may still come."""
    OPEN = auto()
    """It may be complete or not: how it sounded decides."""
    PARTIAL = auto()
    """More must come: five of eight digits."""
    NOTHING = auto()
    """It was no speech at all."""


@dataclass(frozen=True, slots=True)
class TurnSettings:
    """When a turn starts and ends; times in seconds.

    Attributes:
        voiced: Speech probability from which a window counts as voice.
        still_voiced: The same within a turn: who speaks already is believed sooner.
        onset: Voice that starts a turn, within twice that time.
        preroll: Audio kept from before the onset, so that the first syllable is whole.
        pause: Silence after which the turn so far is thought about.
        quick: Silence that ends a turn that is complete.
        normal: Silence that ends a whole that sounds finished too.
        settled: Silence that ends a whole that does not, and anything else that surely does.
        unhurried: Silence that ends a finished sentence that leaves something open.
        patient: Silence that ends a turn that neither fits nor sounds finished.
        finished, surely: How finished a turn must sound for it to count, 0 to 1.
        again: Silences after which a turn that sounded unfinished is judged once more.
        longest_turn: A turn is over after this time whatever is said.
    """

    voiced: float = 0.5
    still_voiced: float = 0.35
    onset: float = 0.128
    preroll: float = 0.8
    pause: float = 0.128
    quick: float = 0.32
    normal: float = 0.416
    settled: float = 0.56
    unhurried: float = 0.8
    patient: float = 1.4
    finished: float = 0.5
    surely: float = 0.8
    again: tuple[float, ...] = (0.4, 0.9)
    longest_turn: float = 60.0


@dataclass(frozen=True, slots=True)
class Started:
    """The caller has begun to speak."""

    turn: int


@dataclass(frozen=True, slots=True)
class Paused:
    """A short silence: think about the turn so far, and judge how it sounds."""

    generation: int
    audio: np.ndarray


@dataclass(frozen=True, slots=True)
class JudgeAgain:
    """A longer silence after a turn that sounded unfinished."""

    generation: int
    audio: np.ndarray


@dataclass(frozen=True, slots=True)
class Resumed:
    """The caller goes on: what was thought is void."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The turn is over.

    Attributes:
        turn: Its number.
        generation: Of the thought that answers it.
        voice_end: Sample, since the call began, at which the caller's voice ended.
        at: Sample at which that was certain.
    """

    turn: int
    generation: int
    voice_end: int
    at: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """What had started was no speech."""

    turn: int


@dataclass(frozen=True, slots=True)
class Silent:
    """The caller has said nothing since `listen`."""

    turn: int


TurnEvent = Started | Paused | JudgeAgain | Resumed | Ended | Dropped | Silent


class TurnTaker:
    """The turns of one call.

    Args:
        settings: When a turn starts and ends.
        silence: Seconds of saying nothing, counted from `listen`, that make a `Silent`.
    """

    def __init__(self, settings: TurnSettings | None = None, *, silence: float = 7.0) -> None:
        self.settings = settings or TurnSettings()
        self.generation = 0
        self.turn = 0
        self.received = 0
        self._silence = round(silence * RATE)
        self._listening_since: int | None = None
        self._recent: list[np.ndarray] = []
        self._voices: list[bool] = []
        self._turn_audio: list[np.ndarray] | None = None
        self._voice_end = 0
        self._paused, self._asked_again = False, 0
        self._fit: Fit | None = None
        self._complete: float | None = None

    @property
    def speaking(self) -> bool:
        """Whether a turn is under way."""
        return self._turn_audio is not None

    def listen(self) -> None:
        """The assistant has finished: from now on the caller's silence counts."""
        self._listening_since = self.received

    def stop_listening(self) -> None:
        """The assistant speaks: the caller's silence does not count."""
        self._listening_since = None

    def take_turn(self) -> int:
        """A turn without speech (keys): ends what was under way and returns its number."""
        if not self.speaking:
            self.turn += 1
        self._close()
        return self.turn

    def hear(self, window: np.ndarray, probability: float) -> list[TurnEvent]:
        """Take one window of audio.

        Args:
            window: int16, `WINDOW` samples at 16 kHz.
            probability: That it holds speech, 0 to 1.
        """
        self.received += len(window)
        if self._turn_audio is None:
            return self._wait(window, probability >= self.settings.voiced)
        self._turn_audio.append(window)
        if probability >= self.settings.still_voiced:
            return self._voice()
        return self._quiet()

    def judged(self, generation: int, complete: float) -> None:
        """How finished the turn sounded, 0 to 1; counts with the next window."""
        if generation == self.generation:
            self._complete = complete

    def understood(self, generation: int, fit: Fit) -> list[TurnEvent]:
        """Whether what was said fits what is waited for."""
        if generation != self.generation or not self.speaking:
            return []
        self._fit = fit
        if fit is Fit.NOTHING:
            self._close()
            self._listening_since = self.received
            return [Dropped(self.turn)]
        return []

    def _wait(self, window: np.ndarray, voiced: bool) -> list[TurnEvent]:
        settings = self.settings
        self._recent.append(window)
        del self._recent[: -max(1, round(settings.preroll * RATE / WINDOW))]
        needed = max(1, round(settings.onset * RATE / WINDOW))
        self._voices.append(voiced)
        del self._voices[: -2 * needed]
        if sum(self._voices) >= needed:
            return self._start()
        return self._count_silence()

    def _start(self) -> list[TurnEvent]:
        self._turn_audio, self._recent, self._voices = self._recent, [], []
        self._listening_since = None
        self.turn += 1
        self.generation += 1
        self._voice_end = self.received
        self._reset_pause()
        return [Started(self.turn)]

    def _count_silence(self) -> list[TurnEvent]:
        since = self._listening_since
        if since is None or self.received - since < self._silence:
            return []
        self._listening_since = None
        self.turn += 1
        return [Silent(self.turn)]

    def _voice(self) -> list[TurnEvent]:
        events: list[TurnEvent] = []
        self._voice_end = self.received
        if self._paused:
            self._reset_pause()
            self.generation += 1
            events.append(Resumed())
        if self._length() >= self.settings.longest_turn:
            events += self._pause() + self._end()
        return events

    def _quiet(self) -> list[TurnEvent]:
        silence = (self.received - self._voice_end) / RATE
        if not self._paused and silence >= self.settings.pause:
            return self._pause()
        if self._paused and silence >= self._needed():
            return self._end()
        again = self.settings.again[self._asked_again :]
        if again and silence >= again[0] and self._sounds_unfinished():
            self._asked_again += 1
            return [JudgeAgain(self.generation, self._audio())]
        return []

    def _sounds_unfinished(self) -> bool:
        return self._paused and self._complete is not None and not self._sounds_finished()

    def _sounds_finished(self, *, surely: bool = False) -> bool:
        least = self.settings.surely if surely else self.settings.finished
        return self._complete is not None and self._complete >= least

    def _needed(self) -> float:
        """Seconds of silence that end the turn, from what the judges have said so far."""
        settings = self.settings
        match self._fit:
            case Fit.COMPLETE:
                return settings.quick
            case Fit.WHOLE:
                return settings.normal if self._sounds_finished() else settings.settled
            case Fit.LIKELY:
                surely = self._sounds_finished(surely=True)
                return settings.settled if surely else settings.unhurried
            case Fit.OPEN if self._sounds_finished():
                return settings.settled
        return settings.patient

    def _pause(self) -> list[TurnEvent]:
        self._paused = True
        return [Paused(self.generation, self._audio())]

    def _end(self) -> list[TurnEvent]:
        ended = Ended(self.turn, self.generation, self._voice_end, self.received)
        self._turn_audio = None
        self._reset_pause()
        return [ended]

    def _close(self) -> None:
        self._turn_audio = None
        self._listening_since = None
        self.generation += 1
        self._reset_pause()

    def _reset_pause(self) -> None:
        self._paused, self._asked_again = False, 0
        self._fit = self._complete = None

    def _audio(self) -> np.ndarray:
        return np.concatenate(self._turn_audio or [])

    def _length(self) -> float:
        return sum(len(window) for window in self._turn_audio or []) / RATE
