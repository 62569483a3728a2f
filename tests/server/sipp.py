"""Many telephones at once: Debian's sipp, each call with sound of its own and keys by INFO."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.server.sip_clients import free_port, needs
from voice.codecs import encode
from voice.pcm import Samples

RATE = 8000
QUIET_SECONDS = 10

HEAD = """\
<?xml version="1.0" encoding="ISO-8859-1" ?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="calls">
"""

HEADERS = """\
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:caller@[local_ip]:[local_port]>;tag=[pid]-[call_number]
To: <sip:bank@[remote_ip]>{tag}
Call-ID: [call_id]
CSeq: [cseq] {method}
Contact: <sip:caller@[local_ip]:[local_port]>
Max-Forwards: 70
"""

SDP = """\
Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [rtpstream_audio_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
"""

KEY = """\
Content-Type: application/dtmf-relay
Content-Length: [len]

Signal={digit}
Duration=160
"""


EMPTY = "Content-Length: 0\n"
AGAIN = 0.5
"""Seconds after which a call that has not taken its next step is told again."""
GO = '<recv request="MESSAGE"/><nop><action><log message="{step} [call_id]"/></action></nop>'
STEPS = "steps.log"
OK = '<recv response="200"/>'


@dataclass(frozen=True, slots=True)
class Say:
    """A recording, 8 kHz."""

    sound: Samples


@dataclass(frozen=True, slots=True)
class Press:
    """Keys: columns of the callers' table."""

    first: int
    count: int


Step = Say | Press


class Crowd:
    """Calls under way; none takes its next step before it is told to go.

    What tells them is a MESSAGE in each call's dialog, for which sipp's scenario waits; it is sent
    again until sipp has noted it, because a datagram may be lost. To sipp one like the last is a
    retransmission.
    """

    def __init__(
        self, process: asyncio.subprocess.Process, port: int, count: int, log: Path
    ) -> None:
        self._process, self._log = process, log
        self._noted = log.parent / STEPS
        self._port = port
        self._steps = 0
        self._calls = [f"{number}-{process.pid}@127.0.0.1" for number in range(1, count + 1)]

    async def go(self, count: int) -> None:
        """All take their next step; the one after the last is to hang up.

        Args:
            count: How many calls are under way; the others were told busy.
        """
        self._steps += 1
        await asyncio.sleep(1.5)  # the step before is over for whoever was last, too
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            async with asyncio.timeout(60):
                while len(gone := self._gone()) < count:
                    for call in self._calls:
                        if call not in gone:
                            go = _go(call, self._steps).encode()
                            sender.sendto(go, ("127.0.0.1", self._port))
                    await asyncio.sleep(AGAIN)

    def _gone(self) -> set[str]:
        """The calls that have taken the step."""
        lines = self._noted.read_text().splitlines() if self._noted.exists() else []
        steps = (line.partition(" ") for line in lines)
        return {call for step, _, call in steps if step == str(self._steps)}

    async def ended(self) -> None:
        """Wait until all have hung up, each as its scenario says."""
        assert await self._process.wait() == 0, self._log.read_text(errors="replace")[-4000:]


@asynccontextmanager
async def crowd(
    folder: Path, uri: str, steps: Sequence[Step], *, count: int, table: Sequence[Sequence[str]]
) -> AsyncIterator[Crowd]:
    """Place calls, all at once.

    Args:
        folder: For sipp's files.
        uri: Where to call.
        steps: What each caller does; who is told busy has done it all.
        count: How many calls.
        table: What the columns of `Press` mean, a row a caller; used again where it is too short.
    """
    needs("sipp")
    folder.mkdir()  # noqa: ASYNC240
    (folder / "callers.csv").write_text("\n".join(["SEQUENTIAL", *map(";".join, table)]) + "\n")
    _scenario(folder, steps)
    port = free_port()
    log = folder / "sipp.log"
    with log.open("w") as screens:
        process = await asyncio.create_subprocess_exec(
            *("sipp", uri.removeprefix("sip:bank@"), "-sf", "scenario.xml", "-inf", "callers.csv"),
            *("-m", str(count), "-l", str(count), "-r", str(count), "-p", str(port), "-nostdin"),
            *("-i", "127.0.0.1", "-mi", "127.0.0.1", "-timeout", "600s", "-timeout_error"),
            *("-trace_logs", "-log_file", STEPS),
            stdout=screens,
            stderr=screens,
            cwd=folder,
        )
    try:
        yield Crowd(process, port, count, log)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _scenario(folder: Path, steps: Sequence[Step]) -> None:
    """sipp's scenario of the call."""
    quiet = _recording(folder, "quiet", np.zeros(QUIET_SECONDS * RATE, np.int16))
    parts = [
        _send("INVITE", "", SDP),
        *(f'<recv response="{code}" optional="true"/>' for code in (100, 180, 183)),
        '<recv response="486" optional="true" next="busy"/>',
        '<recv response="200" rrs="true"/>',
        _send("ACK", "[peer_tag_param]", EMPTY),
        _play(quiet, -1),
    ]
    for number, step in enumerate(steps, 1):
        parts.append(GO.format(step=number))
        match step:
            case Say(sound):
                parts.append(_play(_recording(folder, f"say-{number}", sound), 1))
                parts.append(_pause(len(sound) / RATE))
                parts.append(_play(quiet, -1))
            case Press(first, count):
                for column in range(first, first + count):
                    digit = KEY.format(digit=f"[field{column}]")
                    parts += [_send("INFO", "[peer_tag_param]", digit), OK, _pause(0.3)]
    parts += [
        GO.format(step=len(steps) + 1),
        _send("BYE", "[peer_tag_param]", EMPTY),
        OK.replace("/>", ' next="end"/>'),
    ]
    parts += ['<label id="busy"/>', _send("ACK", "[peer_tag_param]", EMPTY), '<label id="end"/>']
    (folder / "scenario.xml").write_text(HEAD + "\n".join(parts) + "\n</scenario>\n")


def _go(call: str, step: int) -> str:
    """Each step's is another message."""
    return (
        "MESSAGE sip:caller@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9\r\n"
        "From: <sip:test@127.0.0.1>;tag=1\r\nTo: <sip:caller@127.0.0.1>\r\n"
        f"Call-ID: {call}\r\nCSeq: {step} MESSAGE\r\nContent-Length: 0\r\n\r\n"
    )


def _recording(folder: Path, name: str, sound: Samples) -> Path:
    path = folder / f"{name}.ulaw"
    path.write_bytes(encode(sound, "ulaw"))
    return path


def _send(method: str, tag: str, rest: str) -> str:
    head = f"{method} sip:bank@[remote_ip]:[remote_port] SIP/2.0\n"
    head += HEADERS.format(tag=tag, method=method)
    retrans = "" if method == "ACK" else ' retrans="500"'
    return f"<send{retrans}><![CDATA[\n{head}{rest}\n]]></send>"


def _play(path: Path, times: int) -> str:
    return f'<nop><action><exec rtp_stream="{path},{times},0"/></action></nop>'


def _pause(seconds: float) -> str:
    return f'<pause milliseconds="{round(seconds * 1000)}"/>'
