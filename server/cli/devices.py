"""`tellerline devices`: the tokens of smart speakers and bridges."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from server.cli.root import By, app, progress_console, settings, write_down
from server.devices import Devices

devices_app = typer.Typer(
    help="Tokens of devices that call: issued, rotated, revoked; a running server follows.",
    no_args_is_help=True,
)
app.add_typer(devices_app, name="devices")

Name = Annotated[str, typer.Argument(help="The device's name.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@devices_app.command()
def issue(
    name: Name,
    by: By,
    max_calls: Annotated[int, typer.Option(min=1, help="Calls at once.")] = 1,
) -> None:
    """Make a token for a new device; it is shown this once."""
    write_down("issue_device", by, device=name)
    print(_devices().issue(name, datetime.now(UTC), max_calls=max_calls))


@devices_app.command()
def rotate(name: Name, by: By) -> None:
    """Make a device's next token; the one before is good for another 24 hours."""
    write_down("rotate_device", by, device=name)
    print(_devices().rotate(name, datetime.now(UTC)))


@devices_app.command()
def revoke(name: Name, by: By) -> None:
    """Take a device's tokens away; a call under way goes on."""
    write_down("revoke_device", by, device=name)
    _devices().revoke(name)
    progress_console.print(f"{name} may call no more")


@devices_app.command("list")
def list_devices(as_json: AsJson = False) -> None:
    """The devices that may call; their tokens cannot be shown."""
    table = Table("device", "calls at once", "token of", "former token until")
    for device in _devices().all():
        until = device.former[1].isoformat() if device.former else ""
        row = (device.name, str(device.max_calls), device.issued.isoformat(), until)
        if as_json:
            fields = ("name", "max_calls", "issued", "former")
            print(json.dumps(dict(zip(fields, row, strict=True))))
        table.add_row(*row)
    if not as_json:
        Console().print(table)


def _devices() -> Devices:
    return Devices(settings().devices_file)
