"""Telephones for the SIP tests: Debian's own baresip, sipp and linphone, none of them ours."""

import asyncio
import json
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from voice.pcm import Samples

MODULES = Path("/usr/lib/baresip/modules")
QUIET_SECONDS = 120

BARESIP_CONFIG = """\
sip_listen 127.0.0.1:{port}
module_path /usr/lib/baresip/modules
module g711.so
module g722.so
module opus.so
module aufile.so
module sndfile.so
module srtp.so
module dtls_srtp.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
module stdio.so
ctrl_tcp_listen 127.0.0.1:{control}
audio_source aufile,{quiet}
audio_player aufile,{heard}
audio_alert aufile,{heard}
snd_path {folder}
call_max_calls 4
net_interface 127.0.0.1
rtp_ports {rtp}-{rtp_end}
sip_verify_server no
"""


def needs(*programs: str) -> None:
    """Skip where a Debian package is missing."""
    packages = {"sipp": "sip-tester", "baresip": "baresip-core", "linphonec": "linphone-cli"}
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"no {program}: apt-get install {packages.get(program, program)}")


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    with socket.socket(socket.AF_INET, kind) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def free_ports(count: int) -> int:
    """The first of some neighbouring ports that are free for UDP and TCP."""
    for _ in range(100):
        first = free_port()
        try:
            for port in range(first, first + count):
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    with socket.socket(socket.AF_INET, kind) as probe:
                        probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise RuntimeError("no free ports")


@dataclass
class Baresip:
    """Debian's baresip, driven over its control socket."""

    folder: Path
    port: int
    writer: asyncio.StreamWriter
    keyboard: asyncio.StreamWriter | None
    events: list[dict[str, Any]] = field(default_factory=list)
    files: int = 0

    async def command(self, name: str, parameters: str = "") -> None:
        message = json.dumps({"command": name, "params": parameters, "token": name}).encode()
        self.writer.write(b"%d:%s," % (len(message), message))
        await self.writer.drain()

    async def dial(self, uri: str) -> None:
        await self.command("dial", uri)
        await self.until("CALL_ESTABLISHED")

    async def says(self, samples: Samples, rate: int = 8000) -> None:
        """Switch the microphone to a recording with quiet after it."""
        self.files += 1
        path = self.folder / f"turn-{self.files}.wav"
        quiet = np.zeros(QUIET_SECONDS * rate, np.int16)
        write_sound(path, np.concatenate((samples, quiet)), rate)
        await self.command("ausrc", f"aufile,{path}")

    async def presses(self, keys: str, gap: float = 0.3) -> None:
        for key in keys:
            assert self.keyboard is not None
            self.keyboard.write(key.encode())
            await self.keyboard.drain()
            await asyncio.sleep(gap)

    async def until(self, kind: str, seconds: float = 60.0) -> dict[str, Any]:
        async with asyncio.timeout(seconds):
            while True:
                for event in self.events:
                    if event.get("type") == kind:
                        return event
                await asyncio.sleep(0.02)

    async def read(self, reader: asyncio.StreamReader) -> None:
        while True:
            length = int((await reader.readuntil(b":"))[:-1])
            self.events.append(json.loads(await reader.readexactly(length)))
            await reader.readexactly(1)


def write_sound(path: Path, samples: Samples, rate: int) -> None:
    """As its aufile module wants it: Opus has two channels."""
    soundfile.write(path, np.stack((samples,) * (2 if rate == 48000 else 1), axis=1), rate)


@asynccontextmanager
async def baresip(folder: Path, *, account: str = "", rate: int = 8000) -> AsyncIterator[Baresip]:
    """A telephone of its own process; `account` holds parameters of baresip's account line."""
    needs("baresip")
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240
    quiet = folder / "quiet.wav"
    write_sound(quiet, np.zeros(QUIET_SECONDS * rate, np.int16), rate)
    port, control, rtp = free_ports(2), free_port(socket.SOCK_STREAM), free_ports(20)
    (folder / "config").write_text(
        BARESIP_CONFIG.format(
            port=port,
            control=control,
            quiet=quiet,
            heard=folder / "heard.wav",
            folder=folder,
            rtp=rtp,
            rtp_end=rtp + 20,
        )
    )
    (folder / "accounts").write_text(f"<sip:caller@127.0.0.1:{port}>;regint=0{account}\n")
    (folder / "contacts").write_text("")
    with (folder / "baresip.log").open("w") as log:
        process = await asyncio.create_subprocess_exec(
            "baresip",
            "-f",
            str(folder),
            "-v",
            stdin=asyncio.subprocess.PIPE,
            stdout=log,
            stderr=log,
        )
        try:
            reader, writer = await _connected(control)
            phone = Baresip(folder, port, writer, process.stdin)
            reading = asyncio.create_task(phone.read(reader))
            try:
                yield phone
            finally:
                reading.cancel()
                writer.close()
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(10):
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
