"""`tellerline survey`: how satisfied callers were, and why not."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from server.cli.root import app, settings

survey_app = typer.Typer(help="How satisfied callers were, and why not.", no_args_is_help=True)
app.add_typer(survey_app, name="survey")


@survey_app.callback()
def _survey() -> None:
    """How satisfied callers were, and why not."""


@survey_app.command()
def report(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """By what was done in the call, the least satisfied first, with reasons for low scores."""
    from server.bank_file import open_bank

    bank = open_bank(settings())
    try:
        found = bank.surveys.report()
    finally:
        bank.close()
    table = Table("done in the call", "answers", "mean score", "bad", "why")
    for one in found:
        if as_json:
            print(json.dumps(asdict(one)))
        mean = "" if one.mean is None else f"{one.mean:.1f}"
        why = "\n".join(one.reasons)
        table.add_row(one.flow, str(one.answers), mean, str(one.bad), why)
    if not as_json:
        Console().print(table)
