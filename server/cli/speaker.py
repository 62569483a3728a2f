"""`tellerline speaker`: a smart speaker, the reference client of docs/protocol.md."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from server.cli.root import app, progress_console


@app.command()
def speaker(
    url: Annotated[str, typer.Argument(help="The server's ws:// or wss:// url of /v1/call.")],
    token: Annotated[
        str | None, typer.Option(help="The device's token.", envvar="TELLERLINE_TOKEN")
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(help="File with the token, read before every call.", dir_okay=False),
    ] = None,
    microphone: Annotated[
        Path | None,
        typer.Option("--input", help="A recording as the microphone; its end is the end."),
    ] = None,
    loudspeaker: Annotated[
        Path | None, typer.Option("--output", help="Write what is played here (WAV).")
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="One call only; 1 where there was none.")
    ] = False,
) -> None:
    """A smart speaker: calls when somebody speaks, and again when the line is lost.

    With --input or --output it needs no sound card. `tellerline devices issue` makes its token.
    """
    from server.client.wav_device import WavDevice
    from server.render import CallView
    from server.speaker import Device, serve_callers
    from server.talk import sound_device

    files = WavDevice(microphone, loudspeaker) if microphone or loudspeaker else None

    def read_token() -> str | None:
        return token_file.read_text(encoding="utf-8").strip() if token_file else token

    async def run() -> str | None:
        device = Device(url, read_token, CallView(Console()).event, progress_console.print)
        until = files.ended() if files else asyncio.Event().wait()
        return await serve_callers(device, files or sound_device(), until, once=once)

    ended = asyncio.run(run())
    raise typer.Exit(1 if ended in ("error", "lost") or (once and ended is None) else 0)
