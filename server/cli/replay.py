"""`tellerline replay`: recorded calls against the assistant, checked against the bank's books."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from server.cli.root import app, progress_console, settings

if TYPE_CHECKING:
    from server.replay.results import Replayed, Summary


class By(StrEnum):
    """How a scenario is replayed."""

    TEXT = "text"
    VOICE = "voice"


@app.command()
def replay(
    paths: Annotated[list[Path], typer.Argument(help="Scenario files, or folders of them.")],
    by: Annotated[By, typer.Option(help="In text, fast; or by voice, in real time.")] = By.VOICE,
    calls: Annotated[int, typer.Option(help="Calls at once; 1 to measure latency.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    recordings: Annotated[
        Path | None, typer.Option(help="Leave the stereo recordings in this folder.")
    ] = None,
) -> None:
    """Replay scenarios, each on a fresh demo bank; exit code 1 if one fails."""
    from server.errors import ServerError
    from server.render import json_line
    from server.replay.scenario import find_scenarios

    files = [file for path in paths for file in find_scenarios(path)]
    if not files:
        raise ServerError(f"no scenarios (*.yaml) in {', '.join(map(str, paths))}")
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=progress_console) as bars:
        task = bars.add_task("replaying", total=len(files))

        def show(result: Replayed) -> None:
            bars.advance(task)
            for line in [json_line(result.json())] if as_json else result.lines():
                console.print(line, markup=False, highlight=False, soft_wrap=True)

        if by is By.TEXT:
            summary = _by_text(files, show)
        else:
            summary = _by_voice(files, show, calls, recordings)
    print(json_line(summary.json()) if as_json else summary.line())
    raise typer.Exit(1 if summary.failed else 0)


def _by_text(files: list[Path], show: Callable[[Replayed], None]) -> Summary:
    from nlu.understander import Understander
    from server.models import ModelStore
    from server.replay.hosting import conversations_for_scenarios
    from server.replay.run import replay as run

    chosen = settings()
    encoder = ModelStore(chosen.models).prepare(chosen.encoder)
    understander = Understander(encoder, model=chosen.intents)
    with TemporaryDirectory() as folder:
        converse = conversations_for_scenarios(Path(folder), understander)
        return asyncio.run(run(files, by="text", converse=converse, on_result=show))


def _by_voice(
    files: list[Path], show: Callable[[Replayed], None], calls: int, recordings: Path | None
) -> Summary:
    from server.cli.hosting import loaded_engines
    from server.replay.hosting import server_for_scenarios
    from server.replay.run import replay as run

    if recordings is not None:
        recordings.mkdir(parents=True, exist_ok=True)
    chosen = settings()
    with loaded_engines(chosen) as engines:
        serve = server_for_scenarios(chosen, engines)
        return asyncio.run(
            run(
                files,
                by="voice",
                serve=serve,
                concurrency=calls,
                recordings=recordings,
                on_result=show,
            )
        )
