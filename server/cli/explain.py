"""`tellerline explain`: a call turn by turn, and why each answer was given."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from server.cli.root import app, progress_console, settings

if TYPE_CHECKING:
    from server.explaining import Told


@app.command()
def explain(
    call: Annotated[
        str,
        typer.Argument(help="Id of a recorded call, its file (.jsonl), or a scenario (.yaml)."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show a call turn by turn: heard, understood, decided, why, done at the bank, said.

    A recorded call is read from the folder of records (setting `records`; without it no records
    are kept); where the caller spoke over an answer, what they heard of it is shown. A scenario is
    replayed in text on a fresh demo bank. Secrets are masked in both.
    """
    from server.explaining import from_record
    from server.render import json_line

    path = Path(call)
    turns = _replayed(path) if path.suffix == ".yaml" else from_record(_record(call))
    console = Console()
    for turn in turns:
        if as_json:
            print(json_line(turn.json()))
        else:
            _show(console, turn)
    if as_json:
        print(json_line({"type": "summary", "call": call, "turns": len(turns)}))


def _record(call: str) -> Path:
    """The file of a recorded call."""
    from server.errors import ServerError
    from server.records import record_path, sealed_path

    if Path(call).suffix == ".jsonl":
        return Path(call)
    folder = settings().records
    if folder is None:
        cure = "set `records` to the folder of records, or name a file (.jsonl or .yaml)"
        raise ServerError(f"no records are kept: {cure}")
    path = record_path(folder, call)
    if not path.exists() and sealed_path(folder, call).exists():
        cure = f"tellerline privacy open {call} > {call}.jsonl"
        raise ServerError(f"{call} is sealed: {cure}, then name that file")
    if not path.exists():
        raise ServerError(f"no record of call {call} in {folder}")
    return path


def _replayed(path: Path) -> list[Told]:
    from nlu.understander import Understander
    from server.explaining import from_response
    from server.models import ModelStore
    from server.replay.hosting import conversations_for_scenarios
    from server.replay.run import run_text

    chosen = settings()
    turns: list[Told] = []
    with progress_console.status("replaying"), TemporaryDirectory() as folder:
        encoder = ModelStore(chosen.models).prepare(chosen.encoder)
        understander = Understander(encoder, model=chosen.intents)
        converse = conversations_for_scenarios(Path(folder), understander)
        run_text(path, converse, on_response=lambda n, said: turns.append(from_response(n, said)))
    return turns


def _show(console: Console, turn: Told) -> None:
    console.rule(f"turn {turn.n}" if turn.n else "greeting", align="left", style="dim")
    for word, text in turn.lines():
        style = "bold" if word in ("heard", "said") else "dim"
        console.print(f"{word:>13}  [{style}]{escape(text)}[/]", highlight=False, soft_wrap=True)
