"""`tellerline replay`: recorded calls against the assistant, checked against the bank's books."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from typer.core import TyperGroup

from server.cli.root import app, progress_console, settings

if TYPE_CHECKING:
    from dialog.conversation import Conversation, Understands
    from server.render import Turn
    from server.replay.gates import Gates
    from server.replay.results import Replayed, Summary
    from server.replay.suite import Case


UNFINISHED = "unfinished.jsonl"
"""The results so far of a replay that was interrupted, in the report's folder."""


class Machine(StrEnum):
    """How fast the engines are in virtual time."""

    CPU = "cpu"
    INSTANT = "instant"


class Side(StrEnum):
    """A side of a stereo recording."""

    LEFT = "left"
    RIGHT = "right"


class By(StrEnum):
    """How a scenario is replayed."""

    TEXT = "text"
    VOICE = "voice"


class RunsByDefault(TyperGroup):
    """`tellerline replay PATH` is `tellerline replay run PATH`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """What begins with no command's name is for `run`."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["run", *args]
        return super().parse_args(ctx, args)


replay_app = typer.Typer(
    cls=RunsByDefault,
    no_args_is_help=True,
    help="Replay recorded calls and give a verdict (docs/replay.md). `replay PATH …` is "
    "`replay run PATH …`, whose --help names all options.",
)
app.add_typer(replay_app, name="replay")

Today = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The scenario's day; else today.")
]


@replay_app.command("import")
def import_recording(
    wav: Annotated[Path, typer.Argument(help="A stereo recording of a call, one side each.")],
    out: Annotated[Path, typer.Option(help="A new folder for the scenario and its recordings.")],
    caller: Annotated[Side, typer.Option(help="The caller's side.")] = Side.LEFT,
    today: Today = None,
) -> None:
    """Cut a recorded call into a scenario draft: turns by voice activity, words by Whisper.

    A person corrects the words and adds what is expected.
    """
    from server.models import ModelStore
    from server.replay.drafting import draft_from_recording
    from voice.recogniser import Recogniser

    chosen = settings()
    with progress_console.status("loading the recogniser"):
        folder = ModelStore(chosen.models).prepare(chosen.recogniser)
        recogniser = Recogniser(folder, device=chosen.device, threads=chosen.threads)
    with progress_console.status(f"listening to {wav.name}"):
        path, turns = draft_from_recording(
            wav,
            out,
            caller=caller.value,
            today=(today or datetime.now()).date(),
            hear=lambda samples: recogniser.transcribe(samples).text,
        )
    print(f"{path}: {turns} turns; correct the words and say what is expected")


@replay_app.command("record")
def from_live_call(
    record: Annotated[Path, typer.Argument(help="CALL.jsonl in the `records` folder.")],
    out: Annotated[Path, typer.Option(help="A new folder for the scenario.")],
    customer: Annotated[
        str, typer.Option(help="Who of the demo bank takes the caller's place, by first name.")
    ] = "maria",
    today: Today = None,
) -> None:
    """Turn a live call's record into a scenario draft; what was masked stays out of it."""
    from server.replay.drafting import draft_from_record

    day = (today or datetime.now()).date()
    path, turns = draft_from_record(record, out, customer=customer, today=day)
    print(f"{path}: {turns} turns; check what is expected")


@replay_app.command("gates")
def gates_of_runs(
    runs: Annotated[
        list[Path], typer.Argument(help="--report folders of the same calls, each by its --seed.")
    ],
    out: Annotated[Path | None, typer.Option(help="Write the gates here; else show them.")] = None,
) -> None:
    """Make gates that chance alone seldom breaks, out of three or more clean replays.

    Exit code 1 if one of four or more breaks the gates that the others make.
    """
    from server.replay.bounds import gates_file, held_out
    from server.replay.gates import unconfirmed
    from server.replay.verdict import read_baseline

    calls = [unconfirmed(read_baseline(run)[0]) for run in runs]
    text = gates_file(calls)
    if out is None:
        print(text, end="")
    else:
        out.write_text(text, encoding="utf-8")
    if len(calls) == 3:
        progress_console.print("not held against each other: that takes four replays or more")
        return
    broken = dict(zip(runs, held_out(calls), strict=True))
    for run, gates in broken.items():
        words = "; ".join(gates) or "holds all"
        progress_console.print(f"{run} by the gates of the others: {words}", highlight=False)
    raise typer.Exit(1 if any(broken.values()) else 0)


@replay_app.command("eval-server")
def eval_server_command(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port.")] = 7860,
    today: Today = None,
) -> None:
    """Serve the dialog to `pipecat eval run` (text modality), a fresh demo bank per scenario.

    Then: pipecat eval run SCENARIO.yaml --bot-url ws://127.0.0.1:7860 (see its own help).
    """
    from server.replay.pipecat_eval import eval_server

    day = (today or datetime.now()).date()

    async def serve(folder: Path) -> None:
        async with eval_server(_new_conversations(folder, day), host, port):
            progress_console.print(f"serving pipecat's evals on ws://{host}:{port}; Ctrl-C ends it")
            await asyncio.Event().wait()

    with TemporaryDirectory() as folder:
        asyncio.run(serve(Path(folder)))


def _new_conversations(folder: Path, day: date) -> Callable[[], Conversation]:
    from nlu.understander import Understander
    from server.models import ModelStore
    from server.replay.hosting import conversations_for_scenarios
    from server.replay.scenario import Scenario, Turn

    chosen = settings()
    understander = Understander(
        ModelStore(chosen.models).prepare(chosen.encoder), model=chosen.intents
    )
    converse = conversations_for_scenarios(folder, understander)
    nothing = (Turn(silence=1.0),)
    any_call = Scenario(name="eval", about="A scenario of pipecat's.", today=day, turns=nothing)
    return lambda: converse(any_call)[0]


@replay_app.command()
def run(
    paths: Annotated[list[Path], typer.Argument(help="Scenario files, or folders of them.")],
    by: Annotated[By, typer.Option(help="In text, fast; or by voice, in real time.")] = By.VOICE,
    fast: Annotated[
        bool,
        typer.Option(
            "--fast",
            help="By voice in virtual time: as fast as the engines work, with the same words and "
            "books. Latencies are then those of a machine that takes the time of --engines.",
        ),
    ] = False,
    calls: Annotated[int, typer.Option(min=1, help="Calls at once; 1 to measure latency.")] = 1,
    repeat: Annotated[int, typer.Option(min=1, help="How often; finds flaky scenarios.")] = 1,
    confirm: Annotated[
        int, typer.Option(min=0, help="How often a call that fails is made again: chance, or not?")
    ] = 0,
    tag: Annotated[list[str] | None, typer.Option(help="Only scenarios with this tag.")] = None,
    draw: Annotated[
        int | None, typer.Option(min=1, help="Only so many scenarios of every folder.")
    ] = None,
    seed: Annotated[
        int, typer.Option(min=1, help="Of all chance: the draw, breaths, losses, noise.")
    ] = 1,
    matrix: Annotated[
        Path | None,
        typer.Option(help="Conditions and channels (YAML) for every scenario; docs/replay.md."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    recordings: Annotated[
        Path | None, typer.Option(help="Leave the stereo recordings in this folder.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Leave report.html, results.jsonl, verdict.json, junit.xml here."),
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="The --report folder of an earlier replay to compare with.")
    ] = None,
    gate: Annotated[
        Path | None, typer.Option(help="What must hold (YAML); else every call must pass.")
    ] = None,
    patient: Annotated[
        bool,
        typer.Option(
            "--patient",
            help="Callers say again, twice at most, what was not answered as in text, and agree to "
            "no other amount or name; `said again` tells how often.",
        ),
    ] = False,
    engines: Annotated[
        Machine, typer.Option(help="With --fast: how long the engines take in virtual time.")
    ] = Machine.CPU,
) -> None:
    """Replay scenarios, each on a fresh demo bank, and give a verdict; docs/replay.md.

    Exit code 0 if every gate holds, 1 if one is broken, 2 if a file or an option cannot be used.
    """
    from server.errors import ServerError
    from server.render import json_line
    from server.replay.report import write_report
    from server.replay.verdict import give_verdict, read_baseline, write_files

    of_sound = {
        "--matrix": matrix,
        "--fast": fast,
        "--patient": patient,
        "--confirm": confirm,
        "--recordings": recordings,
        "--calls": calls > 1,
    }
    given = [name for name, value in of_sound.items() if value]
    if by is By.TEXT and given:
        raise ServerError(
            f"{', '.join(given)}: of sound, and there is none by text: leave one of them out"
        )
    found, files = _files(paths, tag or [], draw, seed)
    chosen = _cases(files, matrix, repeat, seed, by, fast=fast)
    if baseline is not None:  # a wrong folder is told before the calls, not after
        read_baseline(baseline, {case.name for case in chosen})
    repeated = repeat > 1 or confirm > 0
    compared = baseline is not None
    gates = _gates(gate, matrix, found, chosen, by, compared=compared, repeated=repeated)
    asked = {"by": by.value, "seed": seed, "repeat": repeat, "confirm": confirm}
    if by is By.VOICE:
        asked |= {"calls": calls, "patient": patient, "fast": fast and engines.value}
    options = ", ".join(f"{name} {value}" for name, value in asked.items() if value)
    if report is not None:  # a folder that cannot be written to is told before the calls, not after
        report.mkdir(parents=True, exist_ok=True)
        (report / UNFINISHED).write_text("", encoding="utf-8")
        recordings = recordings or report / "recordings"
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=progress_console) as bars:
        task = bars.add_task("replaying", total=len(chosen))

        def show(result: Replayed) -> None:
            if result.confirms:
                bars.update(task, total=(bars.tasks[task].total or 0) + 1)
            bars.advance(task)
            if report is not None:
                with (report / UNFINISHED).open("a", encoding="utf-8") as made:
                    made.write(json_line(result.json()) + "\n")
            for line in [json_line(result.json())] if as_json else result.lines():
                console.print(line, markup=False, highlight=False, soft_wrap=True)

        if by is By.TEXT:
            summary, versions = _by_text(chosen, show, options)
        else:
            costs = engines if fast else None
            summary, versions = _by_voice(
                chosen, show, calls, recordings, costs, confirm, options, patient=patient
            )
    verdict = give_verdict([result.json() for result in summary.results], gates, versions, baseline)
    if report is not None:
        write_files(verdict, report)
        (report / UNFINISHED).unlink()
        page = write_report(verdict, report)
        progress_console.print(f"report: {page}", soft_wrap=True, highlight=False)
    if as_json:
        print(json_line(summary.json() | {"verdict": verdict.json()}))
    else:
        print("\n".join([*verdict.lines(), summary.line()]))
    raise typer.Exit(0 if verdict.passed else 1)


def _gates(
    path: Path | None,
    matrix: Path | None,
    found: list[Path],
    chosen: list[Case],
    by: By,
    *,
    compared: bool,
    repeated: bool,
) -> Gates:
    from server.replay.gates import STRICT, load_gates, require_measurable
    from server.replay.suite import groups_known, groups_of

    if path is None:
        return STRICT
    gates = load_gates(path)
    asked = {gate.of for gate in gates.gates if gate.of}
    known = groups_known(found, chosen) if asked else set()  # for that each scenario is read
    if matrix is None:  # which conditions there are is told by one only
        known |= {group for group in asked if group.startswith("condition ")}
    require_measurable(
        path,
        gates,
        known=known,
        parts=groups_of(chosen, by.value) if asked else (),
        by_text=by is By.TEXT,
        compared=compared,
        repeated=repeated,
    )
    return gates


def _files(
    paths: list[Path], tags: list[str], draw: int | None, seed: int
) -> tuple[list[Path], list[Path]]:
    """All scenarios, and those of them to be called."""
    from server.replay.scenario import find_scenarios, tagged
    from server.replay.suite import drawn

    found = [file for path in paths for file in find_scenarios(path)]
    files = tagged(found, tags) if tags else found
    return found, drawn(files, draw, seed) if draw else files


def _cases(
    files: list[Path], matrix: Path | None, repeat: int, seed: int, by: By, *, fast: bool
) -> list[Case]:
    from server.replay.matrix import load_matrix
    from server.replay.suite import cases, require_usable

    chosen = cases(files, load_matrix(matrix) if matrix else None, repeat, seed)
    require_usable(chosen, by=by.value, fast=fast)
    return chosen


def _by_text(
    chosen: list[Case], show: Callable[[Replayed], None], options: str
) -> tuple[Summary, dict[str, Any]]:
    from nlu.understander import Understander
    from server.documents import documents_index
    from server.models import ModelStore
    from server.replay.hosting import conversations_for_scenarios
    from server.replay.meaning import Meaning
    from server.replay.suite import replay as hold
    from server.replay.versions import versions

    with_settings = settings()
    encoder = ModelStore(with_settings.models).prepare(with_settings.encoder)
    documents = documents_index(with_settings, encoder)
    understander = Understander(encoder, model=with_settings.intents, documents=documents)
    with TemporaryDirectory() as folder:
        converse = conversations_for_scenarios(Path(folder), understander)
        alike = Meaning(encoder).alike
        work = hold(chosen, by="text", converse=converse, alike=alike, on_result=show)
        summary = asyncio.run(work)
        return summary, versions(with_settings, understander.version, chosen, options)


def _by_voice(
    chosen: list[Case],
    show: Callable[[Replayed], None],
    calls: int,
    recordings: Path | None,
    fast: Machine | None,
    confirm: int,
    options: str,
    *,
    patient: bool,
) -> tuple[Summary, dict[str, Any]]:
    from server.cli.hosting import loaded_engines
    from server.models import ModelStore
    from server.replay.callers import by_test_voice
    from server.replay.engines import CPU, INSTANT
    from server.replay.hosting import application_for_scenarios, server_for_scenarios
    from server.replay.meaning import Meaning
    from server.replay.suite import replay as hold
    from server.replay.versions import versions
    from server.replay.virtual_time import run_in_virtual_time

    if recordings is not None:
        recordings.mkdir(parents=True, exist_ok=True)
    with_settings = settings()
    encoder = ModelStore(with_settings.models).prepare(with_settings.encoder)
    with loaded_engines(with_settings) as engines:
        costs = {Machine.CPU: CPU, Machine.INSTANT: INSTANT}
        serve = (
            application_for_scenarios(with_settings, engines, costs[fast])
            if fast
            else server_for_scenarios(with_settings, engines)
        )
        in_text = _in_text(chosen, engines.understander) if patient else None
        work = hold(
            chosen,
            by="voice",
            serve=serve,
            speak=by_test_voice,
            alike=Meaning(encoder).alike,
            concurrency=calls,
            recordings=recordings,
            on_result=show,
            confirm=confirm,
            in_text=in_text,
        )
        summary = run_in_virtual_time(work) if fast else asyncio.run(work)
        return summary, versions(with_settings, engines.understander.version, chosen, options)


def _in_text(chosen: list[Case], understander: Understands) -> dict[Path, list[Turn]]:
    """What is answered to the words of each scenario; nothing where it has none."""
    from server.replay.hosting import conversations_for_scenarios
    from server.replay.reading import ScenarioError
    from server.replay.run import converse_in_text
    from server.replay.scenario import load_scenario

    found = {}
    with TemporaryDirectory() as folder:
        converse = conversations_for_scenarios(Path(folder), understander)
        for path in {case.path for case in chosen}:
            try:
                scenario = load_scenario(path)
                if not scenario.turns:
                    continue  # nobody knows what a simulated caller will say
                conversation, books = converse(scenario)
                found[path], _ = converse_in_text(scenario, conversation, books=books)
            except ScenarioError:
                continue  # told where the call is made
    return found
