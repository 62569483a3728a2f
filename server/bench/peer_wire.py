"""Pipecat's protobuf wire: audio and messages, both ways."""

import json
from typing import Any

import numpy as np
from pipecat.frames.protobufs import frames_pb2

from voice.pcm import Samples
from voice.resampling import resample

RATE = 16000
"""Hz; the peer's recogniser takes nothing else."""


def audio_packet(samples: Samples) -> bytes:
    """Mono int16 at 16 kHz for the wire."""
    frame = frames_pb2.Frame()  # type: ignore[attr-defined]
    frame.audio.audio = samples.tobytes()
    frame.audio.sample_rate, frame.audio.num_channels = RATE, 1
    return bytes(frame.SerializeToString())


def message_packet(message: dict[str, Any]) -> bytes:
    """A JSON message for the wire."""
    frame = frames_pb2.Frame()  # type: ignore[attr-defined]
    frame.message.data = json.dumps(message)
    return bytes(frame.SerializeToString())


def read_packet(data: bytes) -> Samples | dict[str, Any] | None:
    """Audio at 16 kHz, a message (an interruption is one, too), or None for what is neither."""
    frame = frames_pb2.Frame.FromString(data)  # type: ignore[attr-defined]
    match frame.WhichOneof("frame"):
        case "audio":
            samples = np.frombuffer(frame.audio.audio, np.int16)
            return resample(samples, frame.audio.sample_rate, RATE)
        case "message":
            message: dict[str, Any] = json.loads(frame.message.data)
            return message
        case "interruption":
            return {"interrupted": True}
    return None
