"""`tellerline workflows`: the processes that outlive a call."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from server.cli.root import By, app, progress_console, settings, write_down

if TYPE_CHECKING:
    from dialog.backoffice.looking import Window

workflows_app = typer.Typer(
    help="Processes that outlive a call: complaints, new cards, planned payments and more. They run"
    " in `tellerline serve`, or once with `tellerline workflows run`.",
    no_args_is_help=True,
)
app.add_typer(workflows_app, name="workflows")
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@contextmanager
def _window() -> Iterator["Window"]:
    from dialog.backoffice.engine import office_url
    from dialog.backoffice.looking import Window
    from server.bank_file import bank_url

    with progress_console.status("looking into the back office"):
        window = Window(office_url(bank_url(settings())))
    try:
        yield window
    finally:
        window.close()


@workflows_app.command("list")
def list_workflows(
    status: Annotated[
        str | None, typer.Option(help="Only PENDING, SUCCESS, ERROR, ENQUEUED or CANCELLED.")
    ] = None,
    last: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Where they stand; one in ERROR waits for `tellerline workflows retry`."""
    with _window() as window:
        found = window.workflows(status, last)
    table = Table("id", "status", "began", "result")
    for one in found:
        row = [one.id, one.status, one.began.isoformat(timespec="seconds"), one.result]
        if as_json:
            print(json.dumps(dict(zip(("id", "status", "began", "result"), row, strict=True))))
        table.add_row(*row)
    if not as_json:
        Console().print(table)


@workflows_app.command()
def show(
    workflow: Annotated[str, typer.Argument(help="Its id, as `list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """What one did so far, step by step."""
    with _window() as window:
        found = window.steps(workflow)
    table = Table("step", "what", "result")
    for step in found:
        if as_json:
            print(json.dumps({"step": step.number, "what": step.name, "result": step.result}))
        table.add_row(str(step.number), step.name, step.result)
    if not as_json:
        Console().print(table)


@workflows_app.command()
def retry(
    workflow: Annotated[str, typer.Argument(help="Its id; it must have failed.")], by: By
) -> None:
    """Let one that failed go on from the step that it failed at, at the next chance."""
    write_down("retry_workflow", by, workflow=workflow)
    with _window() as window:
        window.retry(workflow)
    print(f"{workflow} goes on where the back office runs")


@workflows_app.command()
def run(
    seconds: Annotated[float, typer.Option(min=0, help="How long to work.")] = 10.0,
) -> None:
    """Be the back office for a while, without the server (`serve` does it always)."""
    import time

    from server.bank_file import open_bank
    from server.office import open_office

    chosen = settings()
    bank, relayed = open_bank(chosen), 0
    try:
        with progress_console.status("the back office works") as shown:
            office = open_office(chosen, bank)
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                relayed += office.relay()
                shown.update(f"the back office works: {relayed} events heard")
                time.sleep(0.2)
            office.close()
    finally:
        bank.close()
    print(json.dumps({"heard": relayed}))
