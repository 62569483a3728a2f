"""`tellerline bench`: how fast and how right we are; the tables of docs/performance.md."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from server.cli.replay import Machine
from server.cli.root import app, overrides, progress_console, settings

if TYPE_CHECKING:
    from server.bench.calls import RecordedCall
    from server.bench.parity import Parity
    from server.bench.report import Report
    from server.bench.running import Bench
    from server.replay.engines import Costs

bench_app = typer.Typer(
    help="Measure latency, engines, turn taking and load.", no_args_is_help=True
)
app.add_typer(bench_app, name="bench")


@dataclass(frozen=True, slots=True)
class Size:
    """How much `bench all` measures: see the options of each bench."""

    rounds: int
    clips: int
    calls: int | None
    peer_turns: int
    trials: int
    seconds: float


FULL = Size(rounds=15, clips=100, calls=None, peer_turns=45, trials=60, seconds=60.0)
QUICK = Size(rounds=2, clips=6, calls=2, peer_turns=8, trials=4, seconds=10.0)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object as the last line.")]
WithPeer = Annotated[bool, typer.Option("--peer", help="Measure the stock peer in the same run.")]
Picture = Annotated[
    Path | None, typer.Option(help="Histogram (PNG); else out/bench-NAME.png.", dir_okay=False)
]
Write = Annotated[
    Path | None,
    typer.Option(help="Put the tables into this Markdown file, too.", dir_okay=False),
]
Data = Annotated[
    Path | None,
    typer.Option(help="Folder with an4, fsdd and spoken_commands; else ../shared/data."),
]
Recorded = Annotated[Path | None, typer.Option(help="Recorded calls; else audio_samples.")]
Fast = Annotated[
    bool, typer.Option("--fast", help="In virtual time: the same on any machine, however busy.")
]
EnginesTake = Annotated[
    Machine, typer.Option("--engines", help="With --fast: how long the engines take.")
]
Limit = Annotated[int | None, typer.Option(help="Only so many of them.", min=1)]


@bench_app.command()
def latency(
    as_json: AsJson = False,
    peer: WithPeer = False,
    peer_turns: Annotated[
        int | None,
        typer.Option(help="With --peer: so many turns of each, from all over the calls.", min=1),
    ] = None,
    calls: Annotated[int, typer.Option(help="Calls at once; 1 with --peer.", min=1)] = 1,
    limit: Annotated[
        int | None, typer.Option(help="Only so many more; 0 tells what was kept.", min=0)
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(help="Turns of earlier runs; those of this one are added.", dir_okay=False),
    ] = None,
    recorded: Recorded = None,
    picture: Picture = None,
    write: Write = None,
) -> None:
    """Response latency at the caller's ear: recorded calls in real time."""
    from server.bench.latency import WITHOUT

    if peer and calls > 1:
        raise typer.BadParameter("--peer measures one call at a time: leave --calls out")
    if peer_turns and not peer:
        raise typer.BadParameter("--peer-turns are of the peers: give --peer, too")
    found = _recorded(recorded, None, WITHOUT)
    asked = peer_turns if peer else 0
    report = _bench().latency(found, limit, at_once=calls, peer_turns=asked, keep=keep)
    _show(report, as_json, picture, write)


@bench_app.command()
def asr(
    as_json: AsJson = False,
    peer: WithPeer = False,
    data: Data = None,
    limit: Annotated[int, typer.Option(help="Clips of each set.", min=1)] = 60,
    picture: Picture = None,
    write: Write = None,
) -> None:
    """The recogniser alone: word error, digit strings, slot words, time; 8 kHz and G.711."""
    _show(_bench().asr(data or _shared_data(), limit, peer=peer), as_json, picture, write)


@bench_app.command()
def heard(
    as_json: AsJson = False,
    limit: Limit = None,
    voice: Annotated[
        list[str] | None, typer.Option(help="Callers' voices, in turn; else flite's four.")
    ] = None,
    noise: Annotated[str, typer.Option(help="babble, street, hum or white.")] = "babble",
    snr_db: Annotated[float, typer.Option("--snr", help="Of the speech, dB.")] = 10.0,
    seed: Annotated[int, typer.Option(help="Of the noise.")] = 1,
    picture: Picture = None,
    write: Write = None,
) -> None:
    """What a bad line costs in meaning: held-out lines as text, and spoken and recognised."""
    from server.bench.heard import Line
    from server.replay.noise import KINDS

    kinds = {str(kind): kind for kind in KINDS}
    if noise not in kinds:
        raise typer.BadParameter(f"--noise {noise}: there are {', '.join(kinds)}")
    line = Line(kinds[noise], snr_db, seed)
    voices = voice or ["flite-kal", "flite-slt", "flite-rms", "flite-awb"]
    _show(_bench().heard(limit, voices, line), as_json, picture, write)


@bench_app.command()
def tts(
    as_json: AsJson = False,
    peer: WithPeer = False,
    rounds: Annotated[int, typer.Option(help="Times that each reply is spoken.", min=1)] = 15,
    read_back: Annotated[bool, typer.Option(help="Whisper reads thirty replies, too.")] = False,
    picture: Picture = None,
    write: Write = None,
) -> None:
    """The synthesiser alone: the first sound of a reply, new and cached."""
    _show(_bench().tts(rounds, peer=peer, read=read_back), as_json, picture, write)


@bench_app.command("barge-in")
def barge_in(
    as_json: AsJson = False,
    peer: WithPeer = False,
    limit: Annotated[int, typer.Option(help="Trials of speech, and as many of noise.")] = 60,
    seed: Annotated[int, typer.Option(help="Of the moments and the noises.")] = 1,
    fast: Fast = False,
    engines: EnginesTake = Machine.CPU,
    recorded: Recorded = None,
    picture: Picture = None,
    write: Write = None,
) -> None:
    """Speech over an answer stops it; a cough, typing, "mm-hm" and its own echo do not."""
    from server.bench.turns import WITHOUT

    found = _recorded(recorded, None, WITHOUT)
    costs = _costs(fast, engines, peer=peer)
    report = _bench().barge_in(found, limit, seed, peer=peer, costs=costs)
    _show(report, as_json, picture, write)


@bench_app.command()
def turns(
    as_json: AsJson = False,
    peer: WithPeer = False,
    limit: Limit = None,
    rounds: Annotated[
        int, typer.Option(help="Times that each call is played, with other pauses.", min=1)
    ] = 1,
    fast: Fast = False,
    engines: EnginesTake = Machine.CPU,
    recorded: Recorded = None,
    picture: Picture = None,
    write: Write = None,
) -> None:
    """False ends of turn: callers who pause in dictated digits, at a comma, with an "um"."""
    from server.bench.turns import WITHOUT

    found = _recorded(recorded, limit, WITHOUT)
    costs = _costs(fast, engines, peer=peer)
    report = _bench().turns(found, peer=peer, costs=costs, rounds=rounds)
    _show(report, as_json, picture, write)


@bench_app.command()
def load(
    as_json: AsJson = False,
    peer: WithPeer = False,
    calls: Annotated[
        list[int] | None, typer.Option(help="Calls at once, repeatable; else 1, 2, 4, 6, 8.", min=1)
    ] = None,
    seconds: Annotated[float, typer.Option(help="How long each number is kept up.", min=5)] = 60.0,
    recorded: Recorded = None,
    picture: Picture = None,
    write: Write = None,
) -> None:
    """Calls at once: latency, gaps in the audio, the event loop's lag, who is refused."""
    from server.bench.load import LEVELS, WITHOUT

    levels = tuple(calls) if calls else LEVELS
    found = _recorded(recorded, None, WITHOUT)
    _show(_bench().load(found, levels, seconds, peer=peer), as_json, picture, write)


@bench_app.command()
def parity(
    device: Annotated[str, typer.Option(help="The device that is compared with the CPU.")] = "cuda",
    calls: Annotated[int, typer.Option(help="Recorded calls that both hear.", min=1)] = 4,
    recorded: Recorded = None,
) -> None:
    """The same words and waveforms on CUDA as on the CPU; exit code 1 where they differ."""
    from nlu.understander import Understander
    from server.bench.calls import SAMPLES, recorded_calls
    from server.bench.parity import compare_speech, compare_words, engines_on, parity_sheet
    from server.engines import model_folders

    chosen = settings()
    folders = model_folders(chosen)
    places = folders[chosen.recogniser], folders[chosen.voice], chosen.threads
    with progress_console.status(f"loading on cpu and {device}"):
        here, there = engines_on("cpu", *places), engines_on(device, *places)
        understander = Understander(folders[chosen.encoder], model=chosen.intents)
    found = recorded_calls(recorded or SAMPLES, calls)
    results: list[Parity] = []
    with progress_console.status("comparing"):
        results += compare_speech((here[1], there[1]))
        results += compare_words((here[0], there[0]), understander, found)
    Console().print(parity_sheet(results, ("cpu", device)).rich())
    different = sum(not each.same for each in results)
    print(f"{len(results) - different} same, {different} different")
    raise typer.Exit(1 if different else 0)


@bench_app.command("all")
def everything(
    as_json: AsJson = False,
    quick: Annotated[bool, typer.Option(help="A short run, to see that it works.")] = False,
    write: Write = None,
) -> None:
    """Every bench, beside its peer where it has one; takes two hours, or --quick some minutes."""
    from server.bench import latency as felt
    from server.bench import load as loading
    from server.bench import turns as pausing

    size = QUICK if quick else FULL
    bench, calm = _bench(), _recorded(None, None, pausing.WITHOUT)
    benches: tuple[Callable[[], Report], ...] = (
        lambda: bench.tts(size.rounds, peer=True, read=True),
        lambda: bench.asr(_shared_data(), size.clips, peer=True),
        lambda: bench.latency(
            _recorded(None, None, felt.WITHOUT), size.calls, peer_turns=size.peer_turns
        ),
        lambda: bench.barge_in(calm, size.trials, seed=1, peer=True),
        lambda: bench.turns(calm[: size.calls], peer=True),
        lambda: bench.load(calm, loading.LEVELS, size.seconds, peer=True),
    )
    for run in benches:
        _show(run(), as_json, None, write)


def _recorded(
    folder: Path | None, limit: int | None, without: frozenset[str]
) -> list[RecordedCall]:
    from server.bench.calls import SAMPLES, recorded_calls

    return recorded_calls(folder or SAMPLES, limit, without=without)


def _costs(fast: bool, engines: Machine, *, peer: bool) -> Costs | None:
    """What the engines take in virtual time; None measures in real time."""
    from server.replay.engines import CPU, INSTANT

    if fast and peer:
        raise typer.BadParameter("a peer runs in real time: leave --fast or --peer out")
    return {Machine.CPU: CPU, Machine.INSTANT: INSTANT}[engines] if fast else None


def _shared_data() -> Path | None:
    beside = Path(__file__).parents[3] / "shared" / "data"
    return beside if beside.is_dir() else None


def _bench() -> Bench:
    from server.bench.running import Bench

    return Bench(settings(), overrides.get("config"), progress_console)


def _show(report: Report, as_json: bool, picture: Path | None, write: Path | None) -> None:
    from server.bench.picture import draw_histogram
    from server.bench.tables import as_typed, into_markdown

    console = Console()
    for sheet in report.sheets:
        console.print(sheet.rich())
    for note in report.notes:
        console.print(note, markup=False, highlight=False)
    file = picture or Path("out") / f"bench-{report.bench}.png"
    draw_histogram(file, f"tellerline bench {report.bench}", report.series)
    console.print(f"histogram: {file}", markup=False, highlight=False, soft_wrap=True)
    if write is not None:
        into_markdown(write, report, as_typed(sys.argv[1:]))
    if as_json:
        print(report.json_line())
