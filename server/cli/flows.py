"""`tellerline flows`: check the flows that people edit, and draw them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from server.cli.root import app, progress_console, settings

if TYPE_CHECKING:
    from dialog.decision import Way
    from dialog.script import Script

flows = typer.Typer(help="The flows: what the assistant asks, says and does.", no_args_is_help=True)
app.add_typer(flows, name="flows")

Language = Annotated[str, typer.Option(help="ISO 639-1 code of the replies.")]


class Form(StrEnum):
    """How a picture is kept."""

    SVG = "svg"
    PNG = "png"
    PDF = "pdf"
    DOT = "dot"


@flows.command()
def check(
    scenarios: Annotated[
        list[Path] | None,
        typer.Option(
            help="Replay these scenarios in text and list the ways that none of them goes."
        ),
    ] = None,
    language: Language = "en",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Look for mistakes in flows/ and replies/: each is a line "file:line: what: cure".

    Names that stand for nothing, missing replies and values, steps that are never come to, labels
    and replies that nothing uses; with --scenarios also the steps and branches that no scenario
    comes through (these are told, and are no mistakes). Exit code 1 if there is a mistake.
    """
    from dialog.flow_lint import count_ways, lint, untested
    from dialog.script import ROOT, script
    from server.render import json_line

    told = script(language)
    mistakes = lint(ROOT, language, told)
    missing = untested(ROOT, told, _walked(scenarios)) if scenarios else []
    for kind, found in (("mistake", mistakes), ("untested", missing)):
        for one in found:
            fields = {"type": kind, "file": str(one.path), "line": one.line, "what": one.what}
            print(json_line(fields) if as_json else one)
    ways = count_ways(ROOT, told)
    tested = ways - len(missing) if scenarios else None
    summary = {"type": "summary", "flows": len(told.flows), "ways": ways, "tested": tested}
    if as_json:
        print(json_line({**summary, "mistakes": len(mistakes)}))
    else:
        print(f"{_line(told, ways, tested)}; {len(mistakes)} mistakes")
    raise typer.Exit(1 if mistakes else 0)


@flows.command()
def draw(
    names: Annotated[list[str] | None, typer.Argument(help="Flows; all if none is named.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the pictures.")] = Path("out/flows"),
    form: Annotated[Form, typer.Option("--format", help="dot is Graphviz text.")] = Form.SVG,
    language: Language = "en",
) -> None:
    """Draw each flow as a graph: questions, branches, what is done at the bank, and the ends.

    Needs Graphviz's program `dot` (Debian: apt-get install graphviz), but for --format dot. Nothing
    is sent anywhere.
    """
    from graphviz.backend import ExecutableNotFound

    from dialog.flow_picture import picture
    from dialog.script import script
    from server.errors import ServerError

    told = script(language)
    for name in names or sorted(told.flows):
        if name not in told.flows:
            raise ServerError(f"no flow {name}: there are {', '.join(sorted(told.flows))}")
        graph = picture(told.flows[name])
        out.mkdir(parents=True, exist_ok=True)
        path = out / f"{name}.{form.value}"
        try:
            path.write_bytes(graph.source.encode() if form is Form.DOT else graph.pipe(form.value))
        except ExecutableNotFound as error:
            cure = "install Graphviz (Debian: apt-get install graphviz) or take --format dot"
            raise ServerError(f"the program `dot` is missing: {cure}") from error
        print(path)


def _line(told: Script, ways: int, tested: int | None) -> str:
    steps = sum(len(flow.steps) for flow in told.flows.values())
    line = f"{len(told.flows)} flows, {steps} steps, {ways} ways through them"
    return line if tested is None else f"{line}, {tested} gone by scenarios"


def _walked(paths: list[Path]) -> set[Way]:
    """The ways that scenarios go, replayed in text, each on a fresh demo bank."""
    from nlu.understander import Understander
    from server.models import ModelStore
    from server.replay.hosting import conversations_for_scenarios
    from server.replay.run import run_text
    from server.replay.scenario import find_scenarios

    files = [file for path in paths for file in find_scenarios(path)]
    chosen = settings()
    understander = Understander(
        ModelStore(chosen.models).prepare(chosen.encoder), model=chosen.intents
    )
    walked: set[Way] = set()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with (
        TemporaryDirectory() as folder,
        Progress(*columns, TimeRemainingColumn(), console=progress_console) as bars,
    ):
        converse = conversations_for_scenarios(Path(folder), understander)
        for file in bars.track(files, description="replaying"):
            run_text(file, converse, on_response=lambda _, said: walked.update(said.path))
    return walked
