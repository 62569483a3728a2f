"""How long a caller stays identified: after a while the telephone may be in other hands."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(slots=True)
class CallSession:
    """Of one call.

    Attributes:
        idle: How long somebody who says nothing stays identified.
        lifetime: How long anybody does.
    """

    idle: timedelta
    lifetime: timedelta
    _since: datetime | None = None
    _spoke: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether who was identified is so no more; a clock that jumps far, either way, ends it."""
        if self._since is None or self._spoke is None:
            return False
        at = now.astimezone(UTC)
        return abs(at - self._spoke) >= self.idle or abs(at - self._since) >= self.lifetime

    def spoken(self, now: datetime, *, identified: bool) -> None:
        """The caller said or keyed something, and is identified or not after it."""
        at = now.astimezone(UTC)
        self._since = (self._since or at) if identified else None
        self._spoke = at
