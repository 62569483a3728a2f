"""The stack as the caller knows it: requests under way, each with the flows that it called."""

from collections.abc import Sequence

from dialog.state import Frame

Request = tuple[Frame, ...]
"""A request's own frame, and above it those of the flows that it called."""


def requests_in(stack: Sequence[Frame]) -> list[Request]:
    """The requests under way, the running one last."""
    found: list[Request] = []
    for frame in stack:
        if frame.called and found:
            found[-1] = (*found[-1], frame)
        else:
            found.append((frame,))
    return found


def raised(stack: Sequence[Frame], flow: str) -> tuple[Frame, ...]:
    """The stack with the request that a flow belongs to on top; the others stay below."""
    found = requests_in(stack)
    ours = [request for request in found if any(frame.flow == flow for frame in request)]
    rest = [request for request in found if request not in ours]
    return tuple(frame for request in [*rest, *ours] for frame in request)
