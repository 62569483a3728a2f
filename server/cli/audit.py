"""`tellerline audit`: what was done, why and by which model, and the proof that it is whole."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from server.cli.root import app, progress_console, settings

audit_app = typer.Typer(help="The audit: show it, prove it.", no_args_is_help=True)
app.add_typer(audit_app, name="audit")


@audit_app.command()
def verify(
    checkpoints: Annotated[
        list[Path] | None,
        typer.Option(help="File of checkpoints; one of each process that served the bank."),
    ] = None,
) -> None:
    """Find a changed, removed or moved row, a cut tail or a chain made anew; exit code 1 then."""
    from dialog.bank.checkpoints import read_checkpoints
    from server.bank_file import checkpoints_file, open_bank
    from server.settings import read_pepper

    chosen = settings()
    bank = open_bank(chosen)
    files = checkpoints or [checkpoints_file(chosen)]
    secret = read_pepper(chosen.pepper_file)
    try:
        with Progress(console=progress_console, transient=True) as progress:
            task = progress.add_task("audit rows")
            report = bank.check_audit(
                (point for file in files for point in read_checkpoints(file, secret)),
                lambda done, total: progress.update(task, completed=done, total=total),
            )
    finally:
        bank.close()
    for finding in report.findings:
        print(finding, file=sys.stderr)
    print(f"{report.rows} rows, {report.checkpoints} checkpoints, {len(report.findings)} findings")
    raise typer.Exit(1 if report.findings else 0)


@audit_app.command()
def show(
    last: Annotated[int, typer.Option(min=1, help="How many rows, the newest last.")] = 20,
    call: Annotated[str | None, typer.Option(help="Only of this call.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """The latest rows."""
    from server.bank_file import open_bank

    bank = open_bank(settings())
    try:
        rows = bank.audit_rows(last, call)
    finally:
        bank.close()
    table = Table("row", "at", "what", "result", "customer", "call", "details", "why", "model")
    for row in rows:
        if as_json:
            print(json.dumps(row))
        table.add_row(*(str(value) for value in row.values()))
    if not as_json:
        Console().print(table)
