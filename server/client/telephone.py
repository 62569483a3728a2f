"""A call as a telephone makes it: SIP and RTP (baresip), in a process of its own.

    client ◀── socket pair: 16 kHz sound, keys ──▶ server.client.telephone_process

The stack is C and holds one runtime a process; a client that dies must not take the replay along.
"""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np

from server.caller import Dial
from server.channels.sip.wire import Wire
from server.client.connection import CallError, Hello, Message, Socket
from server.client.wires import Aside, ForeignWire
from server.processes import ended
from voice.turns import RATE

END_WITHIN = 5.0


class TelephoneWire(ForeignWire):
    """The process's end of the call."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(RATE)
        self._wire = wire

    async def listen(self) -> None:
        """Until the process is gone; then its connection is closed, too."""
        while (told := await self._wire.receive()) is not None:
            if isinstance(told, bytes):
                self.hear(np.frombuffer(told, np.int16))
            elif told.get("is") == "failed" and not self.call.done():
                self.call.set_exception(CallError(str(told.get("why"))))
        if not self.call.done():
            self.call.set_exception(CallError("the telephone's process died"))
        self.over()
        await self._wire.close()

    async def speak(self, data: bytes) -> None:
        """To the telephone's microphone."""
        await self._wire.send(data)

    async def press(self, key: str) -> None:
        """A telephone-event (RFC 4733)."""
        await self._wire.send({"do": "press", "key": key})

    async def hang_up(self) -> None:
        """BYE."""
        await self._wire.send({"do": "hang_up"})

    async def close(self) -> None:
        """Hang up."""
        await self.hang_up()
        await super().close()


def dialling(uri: str, aside: Aside, codec: str = "pcmu") -> Dial:
    """Calls a SIP address of this machine.

    Args:
        uri: As in "sip:bank@127.0.0.1:5060"; the url that is dialled is only a name.
        aside: Told the events of the call.
        codec: As the settings name them (`server.channels.sip.stack.CODECS`).
    """

    @asynccontextmanager
    async def dial(_: str, __: Hello) -> AsyncIterator[tuple[Socket, Message]]:
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "server.client.telephone_process"),
                *(str(theirs.fileno()), uri, codec),
                pass_fds=(theirs.fileno(),),
                stdout=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        wire = TelephoneWire(Wire(*await asyncio.open_unix_connection(sock=ours)))
        aside.attach(wire)
        listening = asyncio.create_task(wire.listen())
        try:
            yield wire, await wire.ready(uri)
        finally:
            await wire.close()
            await ended(process, END_WITHIN)
            await listening

    return dial
