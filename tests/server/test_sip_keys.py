"""Keys of a telephone as the loop reads them: at one moment after a stall, or one by one."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from baresip import AudioNotActive, Call, CallState, Event, StackEvent
from pipecat.frames.frames import InputDTMFFrame

from server.channels.sip.line import SipLine


class Phone(SimpleNamespace):
    """A call without sound, whose events the test tells."""

    def __init__(self) -> None:
        super().__init__(audio=self, state=CallState.ESTABLISHED, remote_on_hold=False)
        self.listener: Any = None

    def on(self, listener: Any) -> None:
        self.listener = listener

    def on_rtcp(self, listener: Any) -> None:
        """No reports."""

    def read(self, size: int) -> bytes:
        raise AudioNotActive

    def info(self) -> None:
        raise AudioNotActive

    def key(self, digit: str, held: float = 0.0) -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(self.listener, StackEvent(Event.CALL_DTMF_START, text=digit))
        end = StackEvent(Event.CALL_DTMF_END)
        if held:
            loop.call_later(held, self.listener, end)
        else:
            loop.call_soon(self.listener, end)


@pytest.mark.parametrize(
    ("held", "apart", "taken"),
    [(0.0, None, "4882"), (0.0, 0.01, "482"), (0.2, 0.23, "4882")],
)
async def test_a_key_is_pressed_again_unless_it_may_be_the_rest_of_the_last_press(
    held: float, apart: float | None, taken: str
) -> None:
    phone = Phone()
    line = SipLine(
        cast(Call, phone), person=None, tells_summary=False, by_info=lambda: False, call_id="1"
    )
    for digit in "4882":
        phone.key(digit, held)
        if apart is not None:
            await asyncio.sleep(apart)
    asyncio.get_running_loop().call_later(0.4, setattr, phone, "state", CallState.CLOSED)
    keys = [
        frame.button.value async for frame in line.frames() if isinstance(frame, InputDTMFFrame)
    ]
    assert "".join(keys) == taken
