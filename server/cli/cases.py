"""`tellerline cases`: complaints and suggestions that wait for an answer."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from server.cli.root import By, app, settings

cases_app = typer.Typer(help="Complaints and suggestions.", no_args_is_help=True)
app.add_typer(cases_app, name="cases")


@cases_app.command("list")
def list_cases(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """What waits for an answer: urgent ones first, then by day."""
    from server.bank_file import open_bank

    bank = open_bank(settings())
    try:
        cases = bank.cases.open_cases()
    finally:
        bank.close()
    table = Table("reference", "kind", "department", "answer by", "urgent", "in the caller's words")
    for case, words in cases:
        row = [case.reference, case.kind, case.department, str(case.due_on)]
        if as_json:
            names = ("reference", "kind", "department", "due")
            told = dict(zip(names, row, strict=True))
            print(json.dumps({**told, "urgent": case.urgent, "words": words}))
        table.add_row(*row, "yes" if case.urgent else "", words)
    if not as_json:
        Console().print(table)


@cases_app.command()
def answer(
    reference: Annotated[str, typer.Argument(help="As the caller was told it.")],
    text: Annotated[str, typer.Argument(help="What the caller is told when they ask.")],
    by: By,
) -> None:
    """Answer a case and close it."""
    from server.bank_file import open_bank

    bank = open_bank(settings())
    try:
        case = bank.cases.close(reference, text, by=by)
    finally:
        bank.close()
    print(f"{case.kind} {case.reference} is answered")
