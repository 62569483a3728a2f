"""What the caller has heard: samples that left the speaker, mapped to the words that were sent.

What was sent is not yet heard: it waits in a buffer, and a `clear` drops what is still there.

    sent     |== sentence 1 ==|== sentence 2 ===|
    played   |------------------------|          clear: the rest of sentence 2 is never heard
    heard     sentence 1, and the first words of sentence 2

A client tells what it has played (docs/protocol.md, `played`); one that never does is taken to
play in real time. What counts as heard never runs ahead of a client's own report.
"""

from dataclasses import dataclass, field

TAIL_SECONDS = 0.1
"""The silence after a sentence; without it, it is still heard in full."""
GRACE_SECONDS = 0.3
"""A sentence of which nothing more came for so long after its sound had ended is complete."""
STALLED_SECONDS = 2.0
"""How far behind real time a client's reports are believed when asked whether it still plays."""
SECONDS_PER_LETTER = 0.06
"""Slow speech; guards against taking the beginning of a sentence for all of it."""
_LETTERS_PER_DIGIT = 5  # "7" is said as "seven"


@dataclass(slots=True)
class _Queue:
    """Samples played one after the other; counted, not summed as times, so that it stays exact."""

    start: float = float("-inf")
    samples: int = 0

    def ends(self, rate: int) -> float:
        return self.start + self.samples / rate

    def add(self, samples: int, at: float, rate: int) -> None:
        if at > self.ends(rate):
            self.start, self.samples = at, 0
        self.samples += samples


@dataclass(slots=True)
class _Stretch:
    """What was sent between two clears."""

    base: int = 0  # the client's count when this stretch began
    sent: int = 0
    reported: int | None = None
    unplayed: _Queue = field(default_factory=_Queue)  # from the client's last report on
    in_real_time: _Queue = field(default_factory=_Queue)  # of a client that plays without a break
    closed_at: float | None = None


@dataclass(slots=True)
class _Sentence:
    """One sentence and where its samples lie."""

    text: str
    stretch: int
    start: int
    samples: int = 0
    complete: bool = False


@dataclass(slots=True)
class Playback:
    """The playback of one call. Times are seconds of any one clock; calls come in their order."""

    sample_rate: int
    _stretches: list[_Stretch] = field(default_factory=lambda: [_Stretch()])
    _clears: list[int] = field(default_factory=lambda: [0])
    _sentences: dict[int, _Sentence] = field(default_factory=dict)
    _obeyed: int = 0  # the stretch that the client's last report was about
    _total: int = 0  # the client's last count
    _reports: bool = False

    def sent(self, sentence_id: int, text: str, samples: int, at: float) -> None:
        """Some samples of a sentence have gone out; those of one sentence add up."""
        stretch = self._stretches[-1]
        sentence = self._sentences.get(sentence_id)
        if sentence is None or sentence.stretch != len(self._stretches) - 1:
            self._complete_all()
            self._sentences.pop(sentence_id, None)  # keeps them in the order sent
            sentence = _Sentence(text, len(self._stretches) - 1, stretch.sent)
            self._sentences[sentence_id] = sentence
        sentence.samples += samples
        stretch.sent += samples
        stretch.unplayed.add(samples, at, self.sample_rate)
        stretch.in_real_time.add(samples, at, self.sample_rate)

    def finished(self, sentence_id: int) -> None:
        """All of a sentence has been sent. Otherwise its end shows when another one begins."""
        if sentence_id in self._sentences:
            self._sentences[sentence_id].complete = True

    def cleared(self, clear_id: int, at: float) -> None:
        """The client has been told to drop what it has not played."""
        if self._is_silent(self._stretches[-1], at):
            self._complete_all()
        self._stretches[-1].closed_at = at
        self._stretches.append(_Stretch(base=self._total))
        self._clears.append(clear_id)

    def played(self, samples: int, clear_id: int, at: float) -> None:
        """The client's report: samples played since the call began, and the last clear it obeyed.

        A count that goes back and a clear that was never sent are ignored; a count beyond what was
        sent is cut.
        """
        if samples < self._total or clear_id not in self._clears[self._obeyed :]:
            return
        self._reports = True
        target = self._clears.index(clear_id, self._obeyed)
        base = self._stretches[self._obeyed].base
        for index in range(self._obeyed, target + 1):
            stretch = self._stretches[index]
            stretch.base = base
            stretch.reported = min(samples - base, stretch.sent)
            base += stretch.reported
        self._obeyed, self._total = target, base
        last = self._stretches[target]
        last.unplayed = _Queue(at, last.sent - (last.reported or 0))

    def heard_fraction(self, sentence_id: int, at: float) -> float:
        """How much of a sentence has been heard, 0 to 1; 0 for one that was never sent.

        While more of it may come, its length is taken from its text, so that this never says 1.
        """
        sentence = self._sentences.get(sentence_id)
        if sentence is None or not sentence.samples:
            return 0.0
        heard = min(self._heard(sentence.stretch, at) - sentence.start, sentence.samples)
        if heard <= 0:
            return 0.0
        if not self._is_complete(sentence, at):
            expected = _letters(sentence.text) * SECONDS_PER_LETTER * self.sample_rate
            return heard / max(expected, sentence.samples + GRACE_SECONDS * self.sample_rate)
        if heard >= sentence.samples - TAIL_SECONDS * self.sample_rate:
            return 1.0
        return heard / sentence.samples

    def fully_heard(self, sentence_id: int, at: float) -> bool:
        """Whether a sentence has been heard to its end."""
        return self.heard_fraction(sentence_id, at) == 1.0

    def heard_text(self, at: float) -> str:
        """The words heard of the last sentence that was begun but not heard to its end; or ""."""
        for sentence_id in reversed(self._sentences):
            fraction = self.heard_fraction(sentence_id, at)
            if fraction:
                text = self._sentences[sentence_id].text
                return "" if fraction == 1.0 else _first_words(text, fraction)
        return ""

    def playing(self, at: float) -> bool:
        """Whether there is audio that has not been played yet."""
        return self.ends_at(at) > at

    def ends_at(self, at: float) -> float:
        """When what was sent will have been played; in the past if it has been, or `at` if nothing
        was sent since the last clear.
        """
        stretch = self._stretches[-1]
        if not stretch.sent:
            return at
        in_real_time = stretch.in_real_time.ends(self.sample_rate)
        return min(stretch.unplayed.ends(self.sample_rate), in_real_time + STALLED_SECONDS)

    def _heard(self, index: int, at: float) -> int:
        """Samples of a stretch that count as heard."""
        stretch = self._stretches[index]
        if self._reports:
            return stretch.reported or 0
        until = at if stretch.closed_at is None else min(at, stretch.closed_at)
        waiting = max(0.0, stretch.in_real_time.ends(self.sample_rate) - until)
        return max(0, stretch.sent - round(waiting * self.sample_rate))

    def _is_complete(self, sentence: _Sentence, at: float) -> bool:
        stretch = self._stretches[sentence.stretch]
        return sentence.complete or (stretch.closed_at is None and self._is_silent(stretch, at))

    def _is_silent(self, stretch: _Stretch, at: float) -> bool:
        """Whether all that was sent has been over for a while."""
        return at >= stretch.unplayed.ends(self.sample_rate) + GRACE_SECONDS

    def _complete_all(self) -> None:
        """Nothing more comes of the sentences of the running stretch."""
        for sentence in reversed(self._sentences.values()):
            if sentence.complete or sentence.stretch != len(self._stretches) - 1:
                return
            sentence.complete = True


def _letters(text: str) -> int:
    """How long a text is to say, in letters."""
    return sum(_LETTERS_PER_DIGIT if c.isdigit() else 1 for c in text)


def _first_words(text: str, fraction: float) -> str:
    """The words of `text` that are over after `fraction` of its length."""
    words, said, end = text.split(), 0, fraction * _letters(text)
    heard: list[str] = []
    for word in words:
        said += _letters(word)
        if said > end:
            break
        heard.append(word)
        said += 1  # the space
    return " ".join(heard)
