"""Turn taking: from speech probabilities to the caller's turns.

```
caller   ____▂▅▇▆▃▂____________▂▅▇▅▂________________________
              started          resumed
                     paused            paused         ended
                     │ think            │ think        │ answer
```

At the first short silence the turn so far is handed out to be thought about (`Paused`), while
judges say whether it is over: what was said (`understood`) and, with less to say, how it sounded
(`judged`, an end-of-turn model) and how this caller pauses (`voice.habit`). If the caller goes on,
the thought is forgotten (`Resumed`). Time is samples received, never a clock, so that a replay
gives the same turns. Everything that was thought about carries a generation number; an old one is
ignored.
"""

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from voice.habit import PauseHabit
from voice.vad import WINDOW

RATE = 16000
"""Hz; all times below are in seconds of audio at this rate."""


class Fit(Enum):
    """Whether what was said so far fits what is waited for."""

    COMPLETE = auto()
    """It is all that is waited for: eight of eight digits."""
    OPEN = auto()
    """It may be complete or not: how likely it is decides."""
    BINDING = auto()
    """The same, and it would move money: "yes ... but make it fifty" must be heard whole."""
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
        hush: Silence after which it is worth getting ready to think about the turn.
        pause: Silence after which the turn so far is thought about.
        quick: Silence that ends a turn that is complete.
        waits: Silence that ends a turn that is as likely to be over, in between by a straight
            line: pairs of probability and time.
        binding: Silence at least before anything that moves money.
        patient: Silence that ends a turn of which more must come, or nobody knows anything.
        sound: How much how it sounded counts against what was said (both as log odds).
        stirring: Speech probability, too low for voice, from which a window at the end of the wait
            may be the beginning of more.
        grace: How much longer such windows are waited for.
        longest_turn: A turn is over after this time whatever is said.
    """

    voiced: float = 0.5
    still_voiced: float = 0.35
    onset: float = 0.128
    preroll: float = 0.8
    hush: float = 0.032
    pause: float = 0.096
    quick: float = 0.32
    waits: tuple[tuple[float, float], ...] = (
        (0.1, 1.1),
        (0.25, 0.85),
        (0.5, 0.7),
        (0.7, 0.58),
        (0.85, 0.5),
    )
    binding: float = 0.6
    patient: float = 1.4
    sound: float = 0.15
    stirring: float = 0.05
    grace: float = 0.096
    longest_turn: float = 60.0


@dataclass(frozen=True, slots=True)
class Started:
    """The caller has begun to speak."""

    turn: int


@dataclass(frozen=True, slots=True)
class Hushed:
    """A silence that may become a pause: the turn so far, which a pause's audio begins with."""

    audio: np.ndarray


@dataclass(frozen=True, slots=True)
class Paused:
    """A short silence: think about the turn so far, and judge how it sounds."""

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


TurnEvent = Started | Hushed | Paused | Resumed | Ended | Dropped | Silent


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
        self._hushed = self._paused = False
        self._fit: Fit | None = None
        self._over = self._sounded = 0.5
        self._habit = PauseHabit()
        self._taken_for_over = False

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
        return self._quiet(stirs=probability >= self.settings.stirring)

    def begin(self) -> list[TurnEvent]:
        """A turn begins now, whatever the detector thinks: a sound has gone on for long."""
        return [] if self.speaking else self._start()

    def judged(self, generation: int, finished: float) -> None:
        """How finished the turn sounded, 0 to 1; counts with the next window."""
        if generation == self.generation:
            self._sounded = finished

    def understood(self, generation: int, fit: Fit, over: float = 0.5) -> list[TurnEvent]:
        """Whether what was said fits what is waited for, and how likely it is all, 0 to 1."""
        if generation != self.generation or not self.speaking:
            return []
        self._fit, self._over = fit, over
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
        if self._taken_for_over:
            self._taken_for_over = False
            onset = self.settings.onset * RATE
            self._habit.began_again((self.received - onset - self._voice_end) / RATE)
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
        silence = (self.received - WINDOW - self._voice_end) / RATE
        self._voice_end = self.received
        self._hushed = False
        if self._paused:
            if self._fit is not Fit.PARTIAL:  # everybody pauses between groups of digits
                self._habit.resumed(silence)
            self._reset_pause()
            self.generation += 1
            events.append(Resumed())
        if self._length() >= self.settings.longest_turn:
            events += self._pause() + self._end()
        return events

    def _quiet(self, *, stirs: bool) -> list[TurnEvent]:
        silence = (self.received - self._voice_end) / RATE
        if not self._hushed and self.settings.hush <= silence < self.settings.pause:
            self._hushed = True
            return [Hushed(self._audio())]
        if not self._paused and silence >= self.settings.pause:
            return self._pause()
        grace = self.settings.grace if stirs else 0.0
        if self._paused and silence >= self._needed() + grace:
            return self._end()
        return []

    def _needed(self) -> float:
        """Seconds of silence that end the turn, from what the judges have said so far."""
        settings = self.settings
        match self._fit:
            case Fit.COMPLETE:
                return settings.quick
            case Fit.OPEN:
                return self._wait_for_more()
            case Fit.BINDING:
                return max(settings.binding, self._wait_for_more())
        return settings.patient

    def _wait_for_more(self) -> float:
        odds = log_odds(self._over) + self.settings.sound * log_odds(self._sounded)
        odds += self._habit.odds
        likely, waits = zip(*self.settings.waits, strict=True)
        return float(np.interp(1 / (1 + np.exp(-odds)), likely, waits))

    def _pause(self) -> list[TurnEvent]:
        self._paused = True
        return [Paused(self.generation, self._audio())]

    def _end(self) -> list[TurnEvent]:
        ended = Ended(self.turn, self.generation, self._voice_end, self.received)
        self._taken_for_over = True
        self._turn_audio = None
        self._reset_pause()
        return [ended]

    def _close(self) -> None:
        self._turn_audio = None
        self._taken_for_over = False
        self._listening_since = None
        self.generation += 1
        self._reset_pause()

    def _reset_pause(self) -> None:
        self._hushed, self._paused, self._fit = False, False, None
        self._over = self._sounded = 0.5

    def _audio(self) -> np.ndarray:
        return np.concatenate(self._turn_audio or [])

    def _length(self) -> float:
        return sum(len(window) for window in self._turn_audio or []) / RATE


def log_odds(probability: float) -> float:
    """Of a probability that nobody is surer of than 98%."""
    sure = min(max(probability, 0.02), 0.98)
    return float(np.log(sure / (1 - sure)))
