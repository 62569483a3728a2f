"""`tellerline serve`, `call`, `chat`, `talk` and `demo`: the assistant at work."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from server.cli.early import Early
from server.cli.root import app, progress_console, settings

Today = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="The day to take for today, for repeatable calls."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
Url = Annotated[str | None, typer.Option(help="A running server; else one is started.")]
Reload = Annotated[
    bool,
    typer.Option(
        "--reload",
        help="Development: read flows, replies, knowledge and words again when they are edited; "
        "a mistake is told with file, line and cure, and the old ones stay.",
    ),
]
Token = Annotated[str | None, typer.Option(help="The server's token.", envvar="TELLERLINE_TOKEN")]


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Where to listen.")] = None,
    port: Annotated[int | None, typer.Option(help="0 takes any free one.")] = None,
    sip: Annotated[
        bool, typer.Option("--sip", help="Telephone trunks too: SIP on port 5060, or as set.")
    ] = False,
    audiosocket: Annotated[
        bool, typer.Option("--audiosocket", help="Asterisk too: port 9092, or as set.")
    ] = False,
    today: Today = None,
    reload: Reload = False,
) -> None:
    """Answer calls until interrupted: websocket /v1/call, the page at /, and what is set.

    SIGTERM drains: new calls are refused, running ones may take `drain` seconds (60). SIGINT, or
    a second signal, ends at once. SIGHUP takes up the intent model that the settings name now, for
    the calls that begin from then on. docs/channels.md tells every way in.

    With --reload a new call, and a running one with nothing under way, takes up edited files.
    """
    early = Early()
    from server.admission import Drain
    from server.cli.hosting import hosted, loaded_engines, parse_day, until_told
    from server.cli.reloading import reloading
    from server.cli.renewing import renewing
    from server.processes import open_many_files
    from server.settings import AudioSocket, Sip

    chosen = settings(host=host, port=port)
    if sip and chosen.sip is None:
        chosen = chosen.model_copy(update={"sip": Sip()})
    if audiosocket and chosen.audiosocket is None:
        chosen = chosen.model_copy(update={"audiosocket": AudioSocket()})
    open_many_files()

    async def run() -> None:
        drain = Drain()
        async with (
            reloading(chosen.language if reload else None),
            renewing(engines, settings, early),
            hosted(chosen, engines, parse_day(today), drain) as url,
        ):
            print(f"Tellerline answers on {url}", flush=True)
            if chosen.sip is not None:
                print(f"and on {chosen.sip.uri}", flush=True)
            if chosen.audiosocket is not None:
                at = chosen.audiosocket
                print(f"and on AudioSocket {at.host}:{at.port}", flush=True)
            await until_told(drain, chosen.drain)

    with loaded_engines(chosen) as engines:
        asyncio.run(run())


@app.command()
def call(
    wavs: Annotated[list[Path], typer.Argument(help="One recording per caller turn.")],
    url: Url = None,
    as_json: AsJson = False,
    record: Annotated[Path | None, typer.Option(help="Leave the stereo recording here.")] = None,
    sample_rate: Annotated[int, typer.Option(help="Of the wire: 8000 or 16000 Hz.")] = 16000,
    encoding: Annotated[str, typer.Option(help="pcm16, ulaw or alaw.")] = "pcm16",
    token: Token = None,
    today: Today = None,
) -> None:
    """Play each recording as the caller's next turn; exit code 0 if the call ended normally."""
    from server.callfiles import call_files, file_turns

    wire = _encoding(encoding)
    file_turns(wavs, sample_rate)  # a bad file is told before models are loaded

    async def place(at: str) -> int:
        return await call_files(
            at,
            wavs,
            as_json=as_json,
            record=record,
            sample_rate=sample_rate,
            encoding=wire,
            token=token,
        )

    raise typer.Exit(_with_server(url, today, place))


@app.command()
def chat(as_json: AsJson = False, today: Today = None, reload: Reload = False) -> None:
    """The same dialog in text: one caller turn per line on standard input.

    A line `/keys 4821` presses keys, `/silence` says nothing. With --reload edited files are
    taken up where nothing is under way.
    """
    from server.bank_file import open_bank, stopped_clock
    from server.cli.chatting import converse
    from server.cli.hosting import parse_day
    from server.cli.reloading import looking
    from server.llm import ChatModel
    from server.models import ModelStore

    chosen, day = settings(), parse_day(today)
    encoder = ModelStore(chosen.models).prepare(chosen.encoder)
    bank = open_bank(chosen, clock=stopped_clock(day)) if day else open_bank(chosen)
    try:
        today_is = day or date.today()
        lines = looking(sys.stdin, chosen.language) if reload else sys.stdin
        writer = ChatModel(chosen.llm) if chosen.llm else None
        ended = converse(bank, encoder, today_is, lines, as_json=as_json, writer=writer)
    finally:
        bank.close()
    raise typer.Exit(0 if ended in ("goodbye", "transfer", "hangup") else 1)


@app.command()
def talk(url: Url = None, token: Token = None) -> None:
    """Talk with microphone and speaker; digits typed are keys, Ctrl-C hangs up."""
    from server.talk import talk as talk_with

    async def place(at: str) -> int:
        return await talk_with(at, token=token)

    raise typer.Exit(_with_server(url, None, place))


@app.command()
def demo(
    record: Annotated[Path, typer.Option(help="Leave the stereo recording here.")] = Path(
        "out/demo.wav"
    ),
) -> None:
    """A recorded caller talks to the assistant on a fresh demo bank; you see and hear it."""
    from server.cli.demonstration import demonstrate
    from server.cli.hosting import loaded_engines

    chosen = settings(port=0)
    with loaded_engines(chosen) as engines:
        raise typer.Exit(asyncio.run(demonstrate(chosen, engines, record)))


def _with_server(
    url: str | None, today: datetime | None, place: Callable[[str], Awaitable[int]]
) -> int:
    """Run a caller against a running server, or against one started for it."""
    if url is not None:
        settings()
        return asyncio.run(_awaited(place(url)))
    from server.cli.hosting import hosted, loaded_engines, parse_day

    chosen = settings(host="127.0.0.1", port=0)

    async def run() -> int:
        async with hosted(chosen, engines, parse_day(today)) as at:
            return await place(at)

    with loaded_engines(chosen) as engines:
        return asyncio.run(run())


async def _awaited(work: Awaitable[int]) -> int:
    return await work


def _encoding(text: str) -> Literal["pcm16", "ulaw", "alaw"]:
    match text:
        case "pcm16" | "ulaw" | "alaw":
            return text
    progress_console.print(f"tellerline: encoding {text!r}: take pcm16, ulaw or alaw")
    raise typer.Exit(2)
