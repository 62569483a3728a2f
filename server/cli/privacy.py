"""`tellerline privacy`: what is kept of a customer, given to them, or erased."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.root import By, app, progress_console, settings

if TYPE_CHECKING:
    from dialog.bank.bank import Bank
    from dialog.bank.vault import Vault

privacy_app = typer.Typer(
    help="What is kept of a customer, given to them or erased; sealed records of calls, their keys"
    " and how long they are kept.",
    no_args_is_help=True,
)
app.add_typer(privacy_app, name="privacy")
Customer = Annotated[str, typer.Argument(help="The customer's number.")]


@contextmanager
def _opened() -> Iterator[tuple["Bank", "Vault"]]:
    from server.bank_file import open_bank
    from server.settings import read_data_keys

    chosen = settings()
    bank = open_bank(chosen)
    try:
        yield bank, bank.vault(read_data_keys(chosen.data_keys))
    finally:
        bank.close()


@privacy_app.command()
def export(customer: Customer, by: By) -> None:
    """Everything that is kept of a customer, their calls included, as one JSON object."""
    with _opened() as (bank, vault), progress_console.status("gathering"):
        told = bank.privacy.export(customer, by=by)
        calls = vault.calls_of(told["customer"]["id"])
        told["calls"] = {call: _read(vault, call).splitlines() for call in calls}
    print(json.dumps(told, ensure_ascii=False))


@privacy_app.command()
def erase(
    customer: Customer,
    by: By,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; it cannot be undone.")] = False,
) -> None:
    """Erase who a customer was and what they said, and destroy the keys of their calls.

    The books and the audit stay whole: a bank must keep them, and the audit names nobody.
    """
    from server.connectors import forget_letters
    from server.records import forget_record

    if not yes:
        typer.confirm(f"erase customer {customer} for good?", abort=True)
    with _opened() as (bank, _):
        calls = bank.privacy.erase(customer, by=by)
        forget_letters(bank)
    if (folder := settings().records) is not None:
        for call in calls:
            forget_record(folder, call)
    print(f"{customer} is erased; {len(calls)} calls can no longer be read")


@privacy_app.command("open")
def open_record(call: Annotated[str, typer.Argument(help="The call's id.")], by: By) -> None:
    """Write a call's sealed record in the open to standard output; the audit tells that it was."""
    with _opened() as (bank, vault):
        bank.note("open_record", by=by, call=call)
        sys.stdout.write(_read(vault, call))


@privacy_app.command()
def rotate(by: By) -> None:
    """Put a new key in front of the ring and wrap every call's key with it.

    Old keys stay at the ring's end: remove their lines once no backup of the database needs them.
    """
    from cryptography.fernet import Fernet

    from server.settings import read_data_keys, write_data_keys

    path = settings().data_keys
    write_data_keys(path, [Fernet.generate_key(), *read_data_keys(path)])
    with _opened() as (_, vault), progress_console.status("wrapping keys"):
        count = vault.rotate(by=by)
    print(f"{count} keys are wrapped with the new one")


@privacy_app.command()
def retain(by: By) -> None:
    """Forget the calls, and what was told and written in matters that are over, past their
    retention periods (`serve` does it every hour)."""
    from server.rounds import forget_old_calls, forget_old_words

    with _opened() as (bank, _):
        print(f"{forget_old_calls(bank, settings(), by=by)} calls are forgotten")
        print(f"{forget_old_words(bank, settings(), by=by)} rows are blanked or deleted")


def _read(vault: "Vault", call: str) -> str:
    from server.errors import ServerError
    from server.records import sealed_path

    folder = settings().records
    path = sealed_path(folder, call) if folder else None
    if path is None or not path.exists():
        raise ServerError(f"no sealed record of call {call}; see the setting `records`")
    return "".join(vault.open(call, line).decode() for line in path.read_bytes().split())
