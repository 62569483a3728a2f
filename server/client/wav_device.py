"""WAV files in place of a sound card: the same callbacks, from a thread that keeps real time."""

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from server.talk import Stream
from voice.pcm import Samples, read_wav
from voice.resampling import resample


class WavDevice:
    """What `sounddevice` is to `open_device`.

    Args:
        heard: The microphone's recording, any rate; None hears silence.
        said: Written when the speaker is closed; None writes nothing.

    """

    def __init__(self, heard: Path | None, said: Path | None) -> None:
        self._over = threading.Event()
        self._heard = heard
        self._said = said

    async def ended(self) -> None:
        """Wait for the recording's end; silence follows it."""
        while not self._over.is_set():
            await asyncio.sleep(0.02)

    def InputStream(self, **options: Any) -> Stream:  # noqa: N802  (sounddevice's name)
        """A microphone: callback(indata, frames, time, status)."""
        rate, block = options["samplerate"], options["blocksize"]
        samples = np.zeros(0, np.int16)
        if self._heard is not None:
            recorded, given = read_wav(self._heard)
            samples = resample(recorded, given, rate)
        waiting = list(np.split(samples, range(block, len(samples), block)))[::-1]

        def pull() -> None:
            block_of = np.zeros((block, 1), np.int16)
            if waiting:
                now = waiting.pop()
                block_of[: len(now), 0] = now
            elif self._heard is not None:
                self._over.set()
            options["callback"](block_of, block, None, None)

        return _Clocked(block / rate, pull)

    def OutputStream(self, **options: Any) -> Stream:  # noqa: N802
        """A speaker: callback(outdata, frames, time, status)."""
        rate, block = options["samplerate"], options["blocksize"]
        played: list[Samples] = []

        def push() -> None:
            block_of = np.zeros((block, 1), np.int16)
            options["callback"](block_of, block, None, None)
            played.append(block_of[:, 0])

        def write() -> None:
            if self._said is not None and played:
                soundfile.write(self._said, np.concatenate(played), rate)

        return _Clocked(block / rate, push, write)


class _Clocked:
    """Calls back at an even pace; late calls are made up for."""

    def __init__(self, seconds: float, tick: Any, end: Any = None) -> None:
        self._seconds = seconds
        self._tick = tick
        self._end = end
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to call back."""
        self._thread.start()

    def close(self) -> None:
        """Stop; what was recorded is written."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._end is not None:
            self._end()

    def _run(self) -> None:
        began, count = time.monotonic(), 0
        while not self._stop.wait(max(0.0, began + count * self._seconds - time.monotonic())):
            self._tick()
            count += 1
