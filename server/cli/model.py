"""`tellerline models`: what is needed, whether it is there and whole."""

import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from server.cli.root import app, progress_console, settings

models_app = typer.Typer(help="The models: list, verify, prepare.", no_args_is_help=True)
app.add_typer(models_app, name="models")


@models_app.command("list")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Every model of the manifest: what it is, its licence, whether it is prepared."""
    from server.models import ModelStore

    store = ModelStore(settings().models)
    table = Table("model", "what", "licence", "prepared")
    for name, entry in store.models.items():
        ready = store.is_ready(name)
        if as_json:
            row = {"name": name, "about": entry.about, "licence": entry.licence, "ready": ready}
            print(json.dumps(row))
        table.add_row(name, entry.about, entry.licence, "yes" if ready else "no")
    if not as_json:
        Console().print(table)


@models_app.command()
def verify() -> None:
    """Check the SHA-256 of every prepared file; exit code 1 where one is wrong or missing."""
    from server.engines import model_names
    from server.errors import ModelError
    from server.models import ModelStore

    chosen = settings()
    store = ModelStore(chosen.models)
    prepared = [name for name in store.models if (store.root / name).is_dir()]
    wrong = 0
    for name in dict.fromkeys((*model_names(chosen), *prepared)):
        try:
            print(f"{name}: whole ({store.path(name)})")
        except ModelError as error:
            wrong += 1
            print(error, file=sys.stderr)
    raise typer.Exit(1 if wrong else 0)


@models_app.command()
def prepare() -> None:
    """Make every model that the settings name ready for use."""
    from server.engines import model_names
    from server.models import ModelStore

    chosen = settings()
    store = ModelStore(chosen.models)
    wanted = [name for name in model_names(chosen) if not store.is_ready(name)]
    if not wanted:
        print(f"models are ready in {chosen.models}")
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TimeRemainingColumn(), console=progress_console) as bars:
        tasks: dict[str, int] = {}

        def show(label: str, done: int, total: int) -> None:
            if label not in tasks:
                tasks[label] = bars.add_task(label, total=total)
            bars.update(tasks[label], completed=done, total=total)  # type: ignore[arg-type]

        for name in wanted:
            store.prepare(name, show)
    print(f"models are ready in {chosen.models}")


@models_app.command()
def phrases() -> None:
    """Make the sound of the fixed phrases now; a server does it while nobody calls."""
    from server.cli.hosting import loaded_engines

    with loaded_engines(settings()) as engines:
        missing = engines.synthesiser.missing()
        with Progress(*Progress.get_default_columns(), console=progress_console) as bars:
            for words in bars.track(missing, description="phrases"):
                if engines.synthesiser.phrases.full:
                    break
                engines.synthesiser.make(words)
        kept = len(engines.synthesiser.phrases)
    print(f"{kept} phrases are ready in {engines.phrases_file}")
