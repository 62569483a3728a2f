"""Linphone as a telephone: driven by its console, with files for microphone and speaker."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.server.sip_clients import QUIET_SECONDS, free_port, needs
from voice.pcm import Samples, write_wav

RC = """\
[sip]
sip_port={sip}
sip_tcp_port=0
sip_tls_port=0
use_info=0
use_rfc2833=1
use_ipv6=0
ipv6_migration_done=1
bind_address=127.0.0.1
[rtp]
bind_address=127.0.0.1
audio_rtp_port={rtp}
[sound]
echocancellation=0
remote_ring=
local_ring=
[misc]
use_files=1
"""


@dataclass
class Linphone:
    """One telephone.

    Attributes:
        heard: What it played, once the call is over.
    """

    folder: Path
    process: asyncio.subprocess.Process
    heard: Path
    turns: int = 0

    async def command(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        await self.process.stdin.drain()

    async def says(self, samples: Samples, rate: int) -> None:
        """Switch the microphone to a recording with quiet after it."""
        self.turns += 1
        path = self.folder / f"turn-{self.turns}.wav"
        quiet = np.zeros(QUIET_SECONDS * rate, np.int16)
        write_wav(path, np.concatenate((samples, quiet)), rate)
        await self.command(f"play {path}")

    async def presses(self, keys: str, gap: float = 0.4) -> None:
        for key in keys:
            await self.command(key)
            await asyncio.sleep(gap)


@asynccontextmanager
async def linphone(folder: Path) -> AsyncIterator[Linphone]:
    needs("linphonec")
    (folder / ".local/share/linphone").mkdir(parents=True)  # without it no port is opened
    (folder / "rc").write_text(RC.format(sip=free_port(), rtp=free_port()))
    heard = folder / "heard.wav"
    with (folder / "linphone.log").open("w") as log:
        process = await asyncio.create_subprocess_exec(
            *("linphonec", "-c", str(folder / "rc"), "-d", "0"),
            stdin=asyncio.subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={**os.environ, "HOME": str(folder)},
        )
    phone = Linphone(folder, process, heard)
    try:
        await phone.command("soundcard use files")
        await phone.says(np.zeros(0, np.int16), 16000)
        await phone.command(f"record {heard}")
        yield phone
    finally:
        if process.returncode is None:
            await phone.command("terminate")
            await phone.command("quit")
            try:
                async with asyncio.timeout(5):
                    await process.wait()
            except TimeoutError:
                process.kill()
        await process.wait()
