"""The named parts of a response latency, which add up to what the caller felt.

```
caller     ▅▇▆▃|
               |voice_tail|wire|endpointing … synthesis|wire|playout|lead_in|
assistant                                                                   |▂▅▇
```

- voice_tail: the detector still took sound after the caller's last for voice;
- wire: from the caller's microphone to the server, and from its first audio back to us;
- endpointing … synthesis: the server's own, told with `listening`;
- playout: received audio waited for the audio before it;
- lead_in: the answer's audio began, but not yet its sound.
"""

from collections.abc import Mapping
from dataclasses import dataclass

CLOCKS_AGREE = 0.05
"""Seconds by which a wire may seem to be faster than time: sample clocks are not exact."""


@dataclass(frozen=True, slots=True)
class AnswerMoments:
    """One turn and its answer; seconds since the call began, on the client's clock.

    Attributes:
        spoken_until: The caller's last sound.
        voice_end: Where the server says that the caller's voice ended.
        arrived: The answer's first audio was received.
        played: It began to play.
        sounded: Its first sound.
    """

    spoken_until: float
    voice_end: float
    arrived: float
    played: float
    sounded: float

    @property
    def latency(self) -> float:
        """What the caller felt, seconds."""
        return self.sounded - self.spoken_until


def latency_parts(
    moments: AnswerMoments,
    server: Mapping[str, float],
    clock: tuple[float, float] | None = None,
) -> dict[str, float]:
    """The parts of one turn's latency in the order of time.

    Args:
        moments: As the client measured them.
        server: The server's own parts, milliseconds.
        clock: Start and end of these on the client's clock, seconds; None where the server's
            clock is not ours. Then the wire is what is left; else it is measured like the rest,
            and the sum of all parts shows whether anything was missed.

    Returns:
        Milliseconds by name.
    """
    return {
        "voice_tail": _ms(moments.voice_end - moments.spoken_until),
        **{name: round(ms, 1) for name, ms in server.items()},
        "wire": _wire(moments, sum(server.values()) / 1000, clock),
        "playout": _ms(moments.played - moments.arrived),
        "lead_in": _ms(moments.sounded - moments.played),
    }


def _wire(moments: AnswerMoments, served: float, clock: tuple[float, float] | None) -> float:
    if clock is not None:
        inward, outward = clock[0] - moments.voice_end, moments.arrived - clock[1]
        if min(inward, outward) > -CLOCKS_AGREE:
            return _ms(inward + outward)
    return _ms(moments.arrived - moments.voice_end - served)


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)
