"""`tellerline tasks`: what people have to decide."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from server.cli.root import app, settings

tasks_app = typer.Typer(
    help="What people have to decide: workflows wait for it. A task that needs two people is"
    " decided once two different ones agree, or one declines.",
    no_args_is_help=True,
)
app.add_typer(tasks_app, name="tasks")


@tasks_app.command("list")
def list_tasks(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """What waits: urgent ones first, then by day."""
    from server.bank_file import open_bank

    bank = open_bank(settings())
    try:
        found = bank.tasks.waiting()
    finally:
        bank.close()
    table = Table("id", "kind", "department", "due", "urgent", "people", "agreed", "summary")
    for task in found:
        if as_json:
            print(json.dumps(asdict(task), default=str))
        agreed = ", ".join(by for by, _, _ in task.votes)
        urgent = "yes" if task.urgent else ""
        row = (task.id, task.kind, task.department, str(task.due_on), urgent)
        table.add_row(*row, str(task.people), agreed, task.summary)
    if not as_json:
        Console().print(table)


By = Annotated[str, typer.Option(help="Who decides, for the audit; two people have two names.")]
Note = Annotated[str, typer.Option(help="Why, in a sentence.")]
TaskId = Annotated[str, typer.Argument(help="As `list` shows it.")]


@tasks_app.command()
def approve(task: TaskId, by: By, note: Note = "") -> None:
    """Agree."""
    _decide(task, "approved", by, note)


@tasks_app.command()
def decline(task: TaskId, by: By, note: Note = "") -> None:
    """Decline; one person is enough for that."""
    _decide(task, "declined", by, note)


def _decide(task: str, decision: str, by: str, note: str) -> None:
    from server.bank_file import open_bank

    bank = open_bank(settings())
    try:
        told = bank.tasks.decide(task, decision, by=by, note=note)  # type: ignore[arg-type]
    finally:
        bank.close()
    more = told.people - len(told.votes)
    print(f"{task}: {told.decision or f'{more} more must agree'}")
