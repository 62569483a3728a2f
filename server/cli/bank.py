"""`tellerline bank`: the demo customers and the books."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from server.cli.root import app, settings

bank_app = typer.Typer(help="The bank's customers and books.", no_args_is_help=True)
app.add_typer(bank_app, name="bank")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


@bank_app.command()
def customers(as_json: AsJson = False) -> None:
    """The demo customers with their numbers and PINs (demo data only)."""
    from dialog.bank.demo import demo_customers

    people = [{"name": c.name, "number": c.number, "pin": c.pin} for c in demo_customers()]
    if as_json:
        print(json.dumps({"customers": people}))
        return
    table = Table("name", "customer number", "PIN")
    for person in people:
        table.add_row(*person.values())
    Console().print(table)


@bank_app.command()
def show(as_json: AsJson = False) -> None:
    """The books: accounts, cards, payees and the transfers that customers made."""
    from server.bank_file import open_bank

    bank = open_bank(settings())
    try:
        bank.check()
        books = bank.books()
    finally:
        bank.close()
    if as_json:
        print(json.dumps(books))
    else:
        _print(books)


@bank_app.command()
def demo() -> None:
    """Put the demo customers into an empty bank."""
    from server.bank_file import bank_url, fill_with_demo

    chosen = settings()
    fill_with_demo(chosen, datetime.now(UTC).date())
    print(f"{bank_url(chosen).rsplit('@', 1)[-1]} holds the demo customers")


@bank_app.command()
def reset() -> None:
    """Throw the embedded demo bank away; the next command makes it anew."""
    from server.bank_file import checkpoints_file
    from server.errors import SettingsError
    from server.settings import data_folder

    if settings().database is not None:
        raise SettingsError("only the embedded demo bank can be reset, not a configured database")
    for file in data_folder().glob("demo-bank.db*"):
        file.unlink()
    if settings().audit_checkpoints is None:
        # They vouch for the audit of the bank that was just thrown away.
        checkpoints_file(settings()).unlink(missing_ok=True)
    print("the embedded demo bank is gone")


def _print(books: dict[str, Any]) -> None:
    console = Console()
    table = Table("customer", "number", "accounts", "cards", "payees")
    for c in books["customers"]:
        accounts = "\n".join(
            f"{a['kind']} …{a['last4']}  {a['balance']} {a['currency']}" for a in c["accounts"]
        )
        cards = "\n".join(f"{d['kind']} …{d['last4']}  {d['status']}" for d in c["cards"])
        table.add_row(c["name"], c["number"], accounts, cards, "\n".join(c["payees"]))
    console.print(table)
    moves = Table("at", "from", "to", "amount", "call")
    for t in books["transfers"]:
        moves.add_row(t["at"], t["source"], t["to"], f"{t['amount']} {t['currency']}", t["call_id"])
    console.print(moves)
