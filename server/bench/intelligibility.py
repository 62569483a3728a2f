"""Do the words of the assistant come back? Replies are spoken and read by Whisper.

    python -m server.bench.intelligibility [--voice NAME_OR_FOLDER] [--recogniser NAME_OR_FOLDER]

Stock faster-whisper, beam 5, 16 kHz; both sides are compared as spoken words.
"""

import argparse
import re

import numpy as np
import soxr
from faster_whisper import WhisperModel
from rich.console import Console
from rich.progress import track

from server.bench.spelled import edits
from server.models import ModelStore
from server.settings import Settings
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


def main() -> None:
    """Print every reply that did not come back whole, and the word error rate of all."""
    settings = Settings()
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--voice", default=settings.voice)
    parser.add_argument("--recogniser", default=settings.recogniser)
    options = parser.parse_args()
    store, console = ModelStore(settings.models), Console()
    voice = Synthesiser(store.path(options.voice), device=settings.device, threads=2)
    whisper = WhisperModel(
        str(store.path(options.recogniser)), device="cpu", compute_type="int8", cpu_threads=2
    )
    wrong = total = 0
    levels, peaks = [], []
    for reply in track(REPLIES, description="speaking and reading", console=console):
        samples = voice.whole(reply).astype(np.float32) / np.float32(32768)
        levels.append(speech_level(samples, voice.sample_rate))
        peaks.append(float(np.abs(samples).max()))
        sound = soxr.resample(samples, voice.sample_rate, 16000)
        segments, _ = whisper.transcribe(sound, language="en", beam_size=5)
        heard = " ".join(segment.text.strip() for segment in segments)
        missed = edits(words(reply), words(heard))
        wrong, total = wrong + missed, total + len(words(reply))
        if missed:
            print(f"{missed} of {len(words(reply))}: {reply} -> {heard}")
    console.print(f"{wrong} of {total} words wrong ({wrong / total:.1%}) in {len(REPLIES)} replies")
    console.print(
        f"speech level {np.median(levels):.1f} dBov ({min(levels):.1f} to {max(levels):.1f}),"
        f" highest peak {max(peaks):.2f} of full scale"
    )


if __name__ == "__main__":
    main()
