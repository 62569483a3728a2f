"""`tellerline outbox`: the bank's letters and due payments, without the server."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from server.cli.root import app, settings

outbox_app = typer.Typer(help="Letters on their way out, and due payments.", no_args_is_help=True)
app.add_typer(outbox_app, name="outbox")


@outbox_app.command("list")
def list_letters(
    unsent: Annotated[bool, typer.Option(help="Only those that wait.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """The bank's letters. A code is shown only where it goes to a file here, which stands in for a
    service, and for no longer than it counts."""
    from dialog.bank.outbox import shown
    from server.bank_file import open_bank
    from server.connectors import FileConnector, connectors

    chosen = settings()
    bank = open_bank(chosen)
    try:
        letters = bank.letters(unsent=unsent)
    finally:
        bank.close()
    carried = connectors(chosen)
    texts = {c: one.texts() for c, one in carried.items() if isinstance(one, FileConnector)}
    for letter in letters:
        channel, kind, body = letter["channel"], letter["kind"], letter["body"]
        if channel in texts:
            letter["body"] = body or texts[channel].get(letter["key"], "")
        else:
            letter["body"] = shown(kind, body)
    table = Table("key", "channel", "kind", "to", "text", "created", "sent")
    for letter in letters:
        if as_json:
            print(json.dumps(letter))
        table.add_row(*(str(value or "") for value in letter.values()))
    if not as_json:
        Console().print(table)


@outbox_app.command()
def run() -> None:
    """Make the payments whose day has come and carry the letters, once (`serve` does it always)."""
    from server.bank_file import open_bank
    from server.connectors import connectors
    from server.rounds import make_round

    chosen = settings()
    bank = open_bank(chosen)
    try:
        done = make_round(bank, connectors(chosen))
    finally:
        bank.close()
    print(json.dumps(done))
