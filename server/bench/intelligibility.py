"""Do the words of the assistant come back? Replies are spoken and read by Whisper.

Stock faster-whisper, beam 5, 16 kHz; both sides are compared as spoken words.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from faster_whisper import WhisperModel

from server.bench.spelled import edits
from voice.loudness import speech_level
from voice.spoken_form import spoken_form
from voice.synthesiser import Synthesiser

REPLIES = (
    "Good morning, Maria. How can I help you today?",
    "Your checking account balance is $2,450.75.",
    "Your savings account holds $8,300.00.",
    "I can move $200.00 from checking to savings. Shall I go ahead?",
    "You want to send $1,250.40 to Anna Keller. Is that right?",
    "I have sent $75.15 to Tom Becker.",
    "Your card ending in 4217 is blocked.",
    "The account ending in 0093 has $512.30.",
    "Your last payment was $64.99 to City Power on March 12.",
    "On February 28, 2026, you paid $1,100.00 to Greenfield Rentals.",
    "We are open from 9 a.m. to 5:30 p.m., Monday to Friday.",
    "The savings rate is 3.25% a year.",
    "Please say your eight digit customer number.",
    "I heard 4021 7308. Is that right?",
    "I am sorry, I did not get that. You can say balance, transfer, or block my card.",
    "I will connect you with a person now. Please stay on the line.",
    "Your new balance is $19,804.12.",
    "The payment of $12.50 was made on 2026-03-09.",
    "Your payees are Stephen Moore, Sofia Rossi and Blue River Insurance.",
    "That is more than the $20.05 in your checking account.",
    "Nothing was moved. Is there anything else?",
    "A new card will reach you within 5-7 business days.",
    "You can call us back at 1-800-555-0142.",
    "The transfer of $3,000.00 will arrive on Tuesday, March 17.",
    "Your reference number is 830 417.",
    "Luis Ortega was paid $150.00 on January 3.",
    "The fee for a wire transfer is $25.00.",
    "You have 3 transactions this week, $86.20 in all.",
    "This is an automated assistant, and this call may be recorded.",
    "Thank you for calling. Goodbye!",
)


def words(text: str) -> list[str]:
    """The spoken words of a text, without case and punctuation."""
    return re.findall(r"[a-z']+", spoken_form(text).lower())


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What came back: words in all and wrong ones, levels in dBov, the highest peak, and misses."""

    words: int
    wrong: int
    levels: tuple[float, ...]
    peak: float
    misses: tuple[str, ...]

    def lines(self) -> list[str]:
        """For people."""
        rate = self.wrong / self.words
        return [
            *self.misses,
            f"read back: {self.wrong} of {self.words} words wrong ({rate:.1%})",
            f"speech level {np.median(self.levels):.1f} dBov ({min(self.levels):.1f} to"
            f" {max(self.levels):.1f}), highest peak {self.peak:.2f} of full scale",
        ]


def read_back(
    voice: Synthesiser, model_dir: Path, on_reply: Callable[[], None] = lambda: None
) -> ReadBack:
    """Speak every reply and read it."""
    whisper = WhisperModel(str(model_dir), device="cpu", compute_type="int8", cpu_threads=2)
    wrong = total = 0
    levels, peaks, misses = [], [], []
    for reply in REPLIES:
        samples = voice.whole(reply).astype(np.float32) / np.float32(32768)
        levels.append(speech_level(samples, voice.sample_rate))
        peaks.append(float(np.abs(samples).max()))
        sound = soxr.resample(samples, voice.sample_rate, 16000)
        segments, _ = whisper.transcribe(sound, language="en", beam_size=5)
        heard = " ".join(segment.text.strip() for segment in segments)
        missed = edits(words(reply), words(heard))
        wrong, total = wrong + missed, total + len(words(reply))
        if missed:
            misses.append(f"{missed} of {len(words(reply))}: {reply} -> {heard}")
        on_reply()
    return ReadBack(total, wrong, tuple(levels), max(peaks), tuple(misses))
