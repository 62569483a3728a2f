"""`tellerline queue`: callers who wait for a person."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from server.cli.root import By, app, settings

queue_app = typer.Typer(
    help="Callers who wait for a person: the urgent, angry and vulnerable ones first.",
    no_args_is_help=True,
)
app.add_typer(queue_app, name="queue")
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@queue_app.command("list")
def list_waiting(as_json: AsJson = False) -> None:
    """Who waits, in their order."""
    from server.bank_file import open_bank

    bank = open_bank(settings())
    try:
        found = bank.line.waiting()
    finally:
        bank.close()
    table = Table("place", "call", "first", "mood", "since", "summary")
    for one in found:
        if as_json:
            print(json.dumps(asdict(one), default=str))
        row = ("yes" if one.first else "", one.mood, one.since.isoformat(timespec="minutes"))
        table.add_row(str(one.place), one.call_id, *row, one.summary)
    if not as_json:
        Console().print(table)


@queue_app.command()
def take(
    by: By,
    call: Annotated[str | None, typer.Argument(help="A call's id; without one the next.")] = None,
) -> None:
    """Take the next caller, or a certain one, with their summary."""
    from server.bank_file import open_bank

    bank = open_bank(settings())
    try:
        taken = bank.line.take(by, call)
    finally:
        bank.close()
    print(json.dumps(asdict(taken), default=str))
