"""The parts of an answer's latency, taken as laps of one clock so that no time is lost between."""


class Laps:
    """Named laps from the end of the caller's voice to the first audio of the answer.

    Args:
        began: Monotonic seconds.

    Attributes:
        began, ended: Monotonic seconds of the start and of the last lap.
        parts: Seconds by name, in order; they add up to `ended - began`.
    """

    def __init__(self, began: float) -> None:
        self.began = self.ended = began
        self.parts: dict[str, float] = {}

    def lap(self, name: str, at: float) -> None:
        """All since the last lap was `name`; nothing where its time was over before."""
        at = max(at, self.ended)
        self.parts[name] = at - self.ended
        self.ended = at
