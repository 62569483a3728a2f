"""The process of a telephone: one SIP call out, its sound and keys steered over a socket.

python -m server.client.telephone_process FD URI CODEC
"""

import asyncio
import os
import signal
import socket
import sys

import numpy as np
from baresip import Account, BaresipError, Config, Runtime, UserAgent
from baresip.call import Call
from pipecat.frames.frames import InputAudioRawFrame

from server.channels.sip.line import SipLine
from server.channels.sip.stack import BUFFER, CODECS
from server.channels.sip.wire import Wire

CONFIG = f"""\
opus_stereo no
opus_sprop_stereo no
audio_jitter_buffer_type adaptive
audio_jitter_buffer_ms {BUFFER}
"""
LAST_PACKETS = 0.2
"""Seconds for the BYE to leave."""


async def place(steering: socket.socket, uri: str, codec: str) -> None:
    """One call, from dialling to its end; then the process's.

    Args:
        steering: Sound (16 kHz) and keys come over it, sound goes back.
        uri: Whom to call.
        codec: The only one that is offered, as the settings name it.
    """
    wire = Wire(*await asyncio.open_unix_connection(sock=steering))
    try:
        call = await _dialled(uri, codec)
        line = SipLine(
            call, person=None, tells_summary=False, by_info=lambda: False, call_id="caller"
        )
        await line.ready()
        hearing = asyncio.create_task(_hear(line, wire))
        obeying = asyncio.create_task(_obey(line, call, wire))
        await asyncio.wait({hearing, obeying}, return_when=asyncio.FIRST_COMPLETED)
        await line.close()
    except BaresipError as error:
        await wire.send({"is": "failed", "why": f"{uri}: {error}"})
    await asyncio.sleep(LAST_PACKETS)
    await wire.close()
    os._exit(0)  # without tearing the stack down: see server/channels/sip/process.py


async def _dialled(uri: str, codec: str) -> Call:
    runtime = Runtime()
    await runtime.start(Config(net_interface="127.0.0.1", extra_config_text=CONFIG))
    account = Account(
        user="caller",
        domain="127.0.0.1",
        password="",
        reg_interval=0,
        audio_codecs=(CODECS[codec],),
        extra_params=("video_codecs=none",),
    )
    agent = await UserAgent.create(runtime, account)
    call: Call = await agent.dial(uri)
    return call


async def _hear(line: SipLine, wire: Wire) -> None:
    async for frame in line.frames():
        if isinstance(frame, InputAudioRawFrame):
            await wire.send(frame.audio)


async def _obey(line: SipLine, call: Call, wire: Wire) -> None:
    keys: asyncio.Queue[str] = asyncio.Queue()
    pressing = asyncio.create_task(_press(call, keys))
    try:
        while (order := await wire.receive()) is not None:
            if isinstance(order, bytes):
                await line.play(np.frombuffer(order, np.int16))
            elif order["do"] == "press":
                keys.put_nowait(order["key"])
            elif order["do"] == "hang_up":
                return
    finally:
        pressing.cancel()


async def _press(call: Call, keys: asyncio.Queue[str]) -> None:
    """A key takes longer to be sent than its caller takes to press the next."""
    while True:
        await call.send_dtmf(await keys.get())


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who steers it ends it
    asyncio.run(place(socket.socket(fileno=int(sys.argv[1])), sys.argv[2], sys.argv[3]))
