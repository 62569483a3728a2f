"""The commands and what they share."""

from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from server.settings import Settings, load_settings

app = typer.Typer(
    name="tellerline",
    help="An open voice assistant that answers a bank's phone.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
progress_console = Console(stderr=True)
"""Progress and notes; standard output is for results."""

By = Annotated[str, typer.Option(help="Who does it, for the audit.")]

overrides: dict[str, Any] = {}
"""Settings given before the command's name."""


@app.callback()
def common(
    config: Annotated[
        Path | None,
        typer.Option(help="Settings file (TOML).", envvar="TELLERLINE_CONFIG", dir_okay=False),
    ] = None,
    database: Annotated[
        str | None, typer.Option(help="The bank's SQLAlchemy URL; else an embedded demo bank.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log calls as events.")] = False,
) -> None:
    """An open voice assistant that answers a bank's phone."""
    from server.cli.logs import set_up_logs

    set_up_logs(verbose)
    overrides.update(config=config, database=database)


def settings(**more: Any) -> Settings:
    """The settings with what the command line gave."""
    return load_settings(overrides.get("config"), database=overrides.get("database"), **more)


def write_down(action: str, by: str, **told: object) -> None:
    """Tell the audit what somebody is about to do beside the books."""
    from server.bank_file import open_bank

    with closing(open_bank(settings())) as opened:
        opened.note(action, by=by, **told)


from server.cli import (  # noqa: E402  (they register themselves)
    audit,  # noqa: F401
    bank,  # noqa: F401
    bench,  # noqa: F401
    calls,  # noqa: F401
    cases,  # noqa: F401
    conformance,  # noqa: F401
    devices,  # noqa: F401
    documents,  # noqa: F401
    explain,  # noqa: F401
    flows,  # noqa: F401
    loans,  # noqa: F401
    model,  # noqa: F401
    nlu,  # noqa: F401
    outbox,  # noqa: F401
    privacy,  # noqa: F401
    products,  # noqa: F401
    queue,  # noqa: F401
    replay,  # noqa: F401
    speaker,  # noqa: F401
    survey,  # noqa: F401
    tasks,  # noqa: F401
    workflows,  # noqa: F401
)
