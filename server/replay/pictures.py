"""A call's sound for the eye and the ear, as data URIs: waveform, spectrogram, audio."""

import base64
import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
from matplotlib.image import imsave
from scipy.signal import spectrogram

from voice.pcm import Samples

COLUMNS = 1200
ROWS = 96
FLOOR_DB, CEILING_DB = -95.0, -35.0


def read_stereo(path: Path) -> tuple[Samples, int]:
    """int16 of shape (samples, 2): caller left, assistant right; and the rate in Hz."""
    samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    return samples, int(rate)


def audio_uri(stereo: Samples, rate: int) -> str:
    """The recording as Opus, small enough to lie in a page."""
    file = io.BytesIO()
    soundfile.write(file, stereo, rate, format="OGG", subtype="OPUS")
    return _uri("audio/ogg", file.getvalue())


def spectrogram_uri(mono: Samples, rate: int) -> str:
    """One channel's spectrogram as PNG; low frequencies are below."""
    size = rate // 50
    _, _, power = spectrogram(mono / 32768.0, rate, nperseg=size, noverlap=size // 2)
    level = 10 * np.log10(power + 1e-12)
    columns = np.linspace(0, level.shape[1], COLUMNS + 1).astype(int)
    picture = np.stack(
        [level[:, a : max(b, a + 1)].max(axis=1) for a, b in pairwise(columns)],
        axis=1,
    )
    rows = np.linspace(0, len(picture) - 1, ROWS).astype(int)[::-1]
    file = io.BytesIO()
    imsave(file, picture[rows], cmap="magma", vmin=FLOOR_DB, vmax=CEILING_DB, format="png")
    return _uri("image/png", file.getvalue())


def waveform_path(mono: Samples) -> str:
    """An SVG path of the envelope in a box of COLUMNS by 100, mirrored at 50."""
    bounds = np.linspace(0, len(mono), COLUMNS // 2 + 1).astype(int)
    peaks = [
        int(np.abs(mono[a:b].astype(np.int32)).max(initial=0)) / 32768 for a, b in pairwise(bounds)
    ]
    upper = [f"{2 * x},{50 - 49 * peak:.1f}" for x, peak in enumerate(peaks)]
    lower = [f"{2 * x},{50 + 49 * peak:.1f}" for x, peak in reversed(list(enumerate(peaks)))]
    return "M" + " L".join(upper + lower) + " Z"


def _uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
