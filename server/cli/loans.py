"""`tellerline loans`: what a loan costs, and whether the scorecard is fair."""

import json
from dataclasses import asdict
from decimal import Decimal
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from server.cli.root import app, progress_console

loans_app = typer.Typer(
    help="What a loan costs to the cent, and whether the scorecard is fair.", no_args_is_help=True
)
app.add_typer(loans_app, name="loans")
AsJson = Annotated[bool, typer.Option("--json", help="The last line is one JSON object.")]


@loans_app.command()
def schedule(
    amount: Annotated[str, typer.Argument(help="Lent, in dollars: 5000 or 5000.00.")],
    months: Annotated[int, typer.Argument(min=1, help="How many instalments.")],
    as_json: AsJson = False,
) -> None:
    """Every instalment with its interest and principal, and what is owed after it."""
    from dialog.bank.loans.conditions import conditions
    from dialog.bank.loans.schedule import schedule, total

    rate = conditions().rate(months)
    rows = schedule(Decimal(amount), rate, months)
    if as_json:
        told = {"rate": str(rate), "total": str(total(rows)), "rows": [asdict(r) for r in rows]}
        print(json.dumps(told, default=str))
        return
    table = Table("no.", "payment", "interest", "principal", "owed")
    for row in rows:
        table.add_row(*(str(value) for value in asdict(row).values()))
    Console().print(table)
    print(f"{rate}% a year, {total(rows)} in all")


@loans_app.command()
def fairness(
    applicants: Annotated[int, typer.Option(min=100, help="How many are drawn.")] = 20000,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Approval rates by group, forbidden characteristics, proxies; exit code 1 with a finding."""
    from dialog.bank.loans.fairness import fairness
    from dialog.bank.loans.scorecard import scorecard

    with Progress(console=progress_console, transient=True) as progress:
        task = progress.add_task("applicants", total=applicants)
        report = fairness(
            scorecard(), applicants, seed, lambda done: progress.update(task, completed=done)
        )
    if as_json:
        print(json.dumps(asdict(report)))
    else:
        table = Table("trait", "group", "applicants", "approved", "with a person", "ratio to best")
        for rate in report.rates:
            shares = (f"{rate.approved:.1%}", f"{rate.person:.1%}", f"{rate.ratio:.2f}")
            table.add_row(rate.trait, rate.group, str(rate.applicants), *shares)
        Console().print(table)
        for of, proxies in (("points", report.proxies), ("values", report.of_values)):
            worst = max(proxies, key=lambda proxy: proxy.area)
            print(
                f"strongest proxy by {of}: {worst.characteristic} for {worst.trait} {worst.group}, "
                f"area {worst.area:.3f} (0.5 tells nothing)"
            )
        print("\n".join(report.findings) or "no forbidden characteristic, no gap, no proxy found")
    raise typer.Exit(1 if report.findings else 0)
