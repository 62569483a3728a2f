"""`tellerline talk`: a call with this machine's microphone and speaker.

The protocol is `CallClient`'s; here is only sound. With loudspeakers the microphone hears the
assistant, so by default it is closed while the assistant speaks (half-duplex); with a headset
open it to be able to speak over an answer. Keys typed on the keyboard are the telephone's keys.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

import numpy as np
from rich.console import Console

from server.client.connection import (
    FRAME_SECONDS,
    CallClient,
    CallError,
    Ended,
    Hello,
    Speaker,
    dialled,
)
from server.client.jitter import JitterBuffer
from server.errors import ServerError
from server.render import CallView
from voice.pcm import Samples

KEYS = frozenset("0123456789*#")
ROOM_ECHO = 0.25
"""Seconds after the last sound of the speaker in which the microphone still hears it."""

NO_SOUND = (
    'talk needs the package sounddevice and PortAudio: pip install "tellerline[talk]" and '
    "(Debian, Ubuntu) apt install libportaudio2"
)


class NoSoundDevice(ServerError):
    """There is no microphone or no speaker to talk with; one line with the cure."""


class Stream(Protocol):
    """A running sound stream of sounddevice's; closing it stops it."""

    def start(self) -> None:
        """Begin to call back."""
        ...

    def close(self) -> None:
        """Stop and free the device."""
        ...


class SoundDevice(Protocol):
    """What is used of the module `sounddevice`."""

    def InputStream(self, **options: Any) -> Stream:  # noqa: N802
        """A microphone: callback(indata, frames, time, status)."""
        ...

    def OutputStream(self, **options: Any) -> Stream:  # noqa: N802
        """A speaker: callback(outdata, frames, time, status)."""
        ...


class Input(Protocol):
    """Takes what a device's microphone hears, in the device's thread."""

    frame: int

    def take(self, indata: Samples, frames: int, time: Any, status: Any, /) -> None:
        """The device's callback: shape (frames, 1)."""
        ...


class Output(Protocol):
    """Gives a device's speaker what to play, in the device's thread."""

    def fill(self, outdata: Samples, frames: int, time: Any, status: Any, /) -> None:
        """The device's callback: shape (frames, 1)."""
        ...


def sound_device() -> SoundDevice:
    """The module `sounddevice`.

    Raises:
        NoSoundDevice: The package or the PortAudio library is missing.
    """
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise NoSoundDevice(NO_SOUND) from error
    device: SoundDevice = sounddevice
    return device


class DeviceMicrophone:
    """The device's 20 ms frames; closed while the speaker sounds where it is half-duplex."""

    def __init__(self, sample_rate: int, speaker: Speaker, *, half_duplex: bool) -> None:
        self._speaker = speaker
        self._half_duplex = half_duplex
        self._echo_frames = round(ROOM_ECHO / FRAME_SECONDS)
        self._since_sound = self._echo_frames
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Samples] = asyncio.Queue()
        self.frame = int(FRAME_SECONDS * sample_rate)

    def take(self, indata: Samples, _frames: int, _time: Any, _status: Any) -> None:
        """The device's callback, in its own thread: shape (frames, 1)."""
        samples = indata[:, 0].copy()
        with suppress(RuntimeError):  # the call is over and its loop is closed
            self._loop.call_soon_threadsafe(self._queue.put_nowait, samples)

    async def frames(self) -> AsyncIterator[Samples]:
        """What the microphone hears, at the device's own pace."""
        while True:
            samples = await self._queue.get()
            self._since_sound = 0 if self._speaker.playing else self._since_sound + 1
            closed = self._half_duplex and self._since_sound < self._echo_frames
            yield np.zeros_like(samples) if closed else samples


@contextmanager
def typed_keys(on_key: Callable[[str], None]) -> Iterator[None]:
    """Keys of the terminal as they are pressed, without Enter; nothing where it is none."""
    if not sys.stdin.isatty():
        yield
        return
    import termios
    import tty

    loop, descriptor = asyncio.get_running_loop(), sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, lambda: on_key(sys.stdin.read(1)))
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


@contextmanager
def open_device(
    device: SoundDevice, sample_rate: int, microphone: Input, speaker: Output
) -> Iterator[None]:
    """The microphone and the speaker, running.

    Raises:
        NoSoundDevice: There is none, or it does not take the rate.
    """
    options = {"samplerate": sample_rate, "channels": 1, "dtype": "int16"}
    streams: list[Stream] = []
    try:
        for make, callback in (
            (device.InputStream, microphone.take),
            (device.OutputStream, speaker.fill),
        ):
            streams.append(make(callback=callback, blocksize=microphone.frame, **options))
            streams[-1].start()
    except Exception as error:  # PortAudioError; its class lives in the optional package
        _close(streams)
        raise NoSoundDevice(f"no microphone or speaker at {sample_rate} Hz: {error}") from error
    try:
        yield
    finally:
        _close(streams)


def _close(streams: list[Stream]) -> None:
    for stream in streams:
        stream.close()


async def talk(
    url: str,
    *,
    sample_rate: int = 16000,
    language: str = "en",
    token: str | None = None,
    half_duplex: bool = True,
    device: SoundDevice | None = None,
    console: Console | None = None,
    errors: Console | None = None,
) -> int:
    """Talk to the assistant until one side hangs up; Ctrl-C hangs up.

    Args:
        url: Of the server's `/v1/call`.
        sample_rate: Of the wire and the device, 8000 or 16000 Hz.
        language: That the caller speaks.
        token: Needed off loopback.
        half_duplex: Close the microphone while the assistant speaks (for loudspeakers).
        device: The module `sounddevice` where not given.
        console, errors: Standard output and standard error where not given.

    Returns:
        The exit code: 0 where the call ended normally.
    """
    console = console or Console()
    try:
        device = device or sound_device()
        async with dialled(url, Hello(sample_rate, language=language, token=token)) as (socket, _):
            speaker = JitterBuffer(sample_rate)
            microphone = DeviceMicrophone(sample_rate, speaker, half_duplex=half_duplex)
            view = CallView(console)
            client = CallClient(socket, "pcm16", microphone, speaker, view.event)
            with open_device(device, sample_rate, microphone, speaker):
                ended = await _hold(client)
    except (CallError, NoSoundDevice) as error:
        (errors or Console(stderr=True)).print(
            f"tellerline talk: {error}", markup=False, highlight=False, soft_wrap=True
        )
        return 1
    console.print(f"ended: {ended}")
    return 0 if ended in ("goodbye", "transfer", "hangup") else 1


async def _hold(client: CallClient) -> Ended:
    """The call, until its end or Ctrl-C, with the keyboard as the telephone's keys."""
    pressed: set[asyncio.Task[None]] = set()

    def press(key: str) -> None:
        if key in KEYS:
            task = asyncio.create_task(client.press(key))
            pressed.add(task)
            task.add_done_callback(pressed.discard)

    running = asyncio.create_task(client.run())
    with typed_keys(press):
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await client.hang_up()
            return await running
