"""`tellerline products` and `tellerline profile`: what is recommended to whom, and why."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from server.cli.root import By, app, progress_console, settings

products_app = typer.Typer(
    help="Savings and investment products, and the model that ranks them.", no_args_is_help=True
)
profile_app = typer.Typer(
    help="What recommendations to a customer are made from: shown, explained, corrected.",
    no_args_is_help=True,
)
app.add_typer(products_app, name="products")
app.add_typer(profile_app, name="profile")
Number = Annotated[str, typer.Argument(help="The customer's number.")]


@products_app.command("list")
def list_products() -> None:
    """All products."""
    from dialog.bank.products.catalogue import catalogue

    table = Table("product", "kind", "rate", "fee", "risk", "locked", "notice", "horizon", "least")
    for one in catalogue():
        told = (one.rate, one.fee, one.risk, one.locked, one.notice, one.horizon, one.least)
        table.add_row(one.product, one.kind, *("" if v is None else str(v) for v in told))
    Console().print(table)


@products_app.command()
def train(
    out: Annotated[Path | None, typer.Option(help="Folder; without one the shipped files.")] = None,
    feedback: Annotated[
        bool, typer.Option("--feedback", help="Learn from what this bank's customers answered.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the drawn customers.")] = 1,
) -> None:
    """Train the ranker on drawn customers (half a minute) and measure it on held-out ones."""
    from dialog.bank.products.fit import measure, write
    from dialog.bank.products.fit import train as fit
    from dialog.bank.products.ranker import RANKER_FILE
    from server.bank_file import open_bank

    answers = []
    if feedback:
        bank = open_bank(settings())
        try:
            answers = bank.advice.answers()
        finally:
            bank.close()
    with Progress(console=progress_console, transient=True) as progress:
        task = progress.add_task("products")
        ranker = fit(
            seed, answers, lambda done, every: progress.update(task, completed=done, total=every)
        )
    figures = measure(ranker)
    write(ranker, figures, len(answers), out or RANKER_FILE.parent)
    print(json.dumps({"answers": len(answers), **figures}))


@products_app.command()
def strengths() -> None:
    """Which strength of the ranker's penalty is best on validation customers (minutes)."""
    from dialog.bank.products.fit import compare

    with Progress(console=progress_console, transient=True) as progress:
        task = progress.add_task("strengths")
        found = compare(lambda done, every: progress.update(task, completed=done, total=every))
    for strength, (first, reciprocal) in found.items():
        print(json.dumps({"strength": strength, "first": first, "mrr": reciprocal}))


@profile_app.command("show")
def show_profile(number: Number) -> None:
    """The profile, what the ranker makes of it, and the rules against each product; as JSON."""
    from dialog.bank.products.catalogue import product
    from dialog.bank.products.ranker import packaged_ranker
    from dialog.bank.products.suitability import against
    from server.bank_file import open_bank

    bank = open_bank(settings())
    try:
        profile = bank.advice.profile(bank.advice.customer(number))
    finally:
        bank.close()
    told: dict[str, object] = {"profile": asdict(profile)}
    if profile.consented:
        found = packaged_ranker()[0].rank(profile)
        offered = [(one, product(one.product)) for one in found]
        told["ranked"] = [
            {**asdict(one), "against": against(known, profile)} for one, known in offered if known
        ]
    print(json.dumps(told, default=str, indent=2))


@profile_app.command("correct")
def correct_profile(
    number: Number,
    item: Annotated[str, typer.Argument(help="attitude, months, goal, income, spending, saving")],
    value: Annotated[str, typer.Argument(help="1 to 3, months, words, or dollars a month")],
    by: By,
) -> None:
    """Set one thing as the customer says it is."""
    _change(number, "profile", {"item": item, "value": _read(item, value)}, by)
    print(f"{item} of {number} is as told")


@profile_app.command("forget")
def forget_profile(number: Number, by: By) -> None:
    """Take the customer's consent back, and forget what they told."""
    _change(number, "consent", {"given": 0}, by)
    print(f"nothing is recommended to {number} any more")


def _read(item: str, value: str) -> int | str:
    from decimal import Decimal, InvalidOperation

    from dialog.bank.money import to_minor

    if item == "goal":
        return value
    try:
        return int(value) if item in ("attitude", "months") else to_minor(Decimal(value))
    except (ValueError, InvalidOperation) as error:
        raise typer.BadParameter(f"{value} is no {item}") from error


def _change(number: str, kind: str, terms: dict[str, int | str], by: str) -> None:
    from uuid import uuid4

    from dialog.bank.desk import person
    from server.bank_file import open_bank

    bank = open_bank(settings())
    try:
        who = {"customer_id": bank.advice.customer(number), "call_id": person(by)}
        order = f"profile-{uuid4().hex}"
        bank.orders.propose(kind, terms, proposal_id=order, **who)  # type: ignore[arg-type]
        bank.orders.carry_out(order, **who)  # type: ignore[arg-type]
    finally:
        bank.close()
