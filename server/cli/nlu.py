"""`tellerline nlu`: train, experiment, evaluate, parse, compare, export."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn
from rich.table import Table

from server.cli.root import app, progress_console, settings

if TYPE_CHECKING:
    from nlu.training.samples import Sample

nlu_app = typer.Typer(
    help="Understanding: train, experiment, evaluate, parse, compare, export.", no_args_is_help=True
)
app.add_typer(nlu_app, name="nlu")

Data = Annotated[
    list[Path] | None,
    typer.Option("--data", help="File or folder with labelled lines; may be given again."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Model = Annotated[
    Path | None, typer.Option(help="A trained model's folder; else the packaged one.")
]
Fold = Annotated[
    str | None, typer.Option(help="Of data in folds: this one is the test side (fold3).")
]


@nlu_app.command()
def train(
    data: Data = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the model.")] = None,
    method: Annotated[
        str,
        typer.Option(
            help="head (a minute), lora or full (minutes to half an hour: the encoder learns too), "
            "or auto: full from 2000 lines on (800 where a line may hold several intents)."
        ),
    ] = "auto",
    options: Annotated[
        list[str] | None,
        typer.Option("--set", help="NAME=VALUE of the recipe, such as epochs=8 (see the docs)."),
    ] = None,
    search: Annotated[
        int, typer.Option(help="Trials of a search for the recipe's best settings.", min=0)
    ] = 0,
    fold: Fold = None,
) -> None:
    """Train a model; without data: rebuild the packaged one from the packaged corpus."""
    from nlu.training.recipe import fitted_to, read_recipe
    from nlu.training.run import train_model
    from nlu.training.search import search_recipe

    encoder = _encoder()
    if not data:
        print(json.dumps(_rebuild(encoder, out), indent=2))
        return
    if out is None:
        raise typer.BadParameter("--out DIR is needed with --data", param_hint="--out")
    recipe = read_recipe(method, options or [])
    samples = _samples(data, fold)
    recipe = fitted_to(recipe, samples)
    twice = ", twice: the second time on every line" if recipe.tunes and recipe.refit else ""
    progress_console.print(f"{len(samples)} lines: method {recipe.method}{twice}")
    with _bars() as show:
        if search:
            recipe = search_recipe(samples, recipe, encoder, out, trials=search, show=show)
        card = train_model(samples, recipe, encoder, out, show)
    print(json.dumps(card, indent=2))


@nlu_app.command()
def experiment(
    condition: Annotated[
        str,
        typer.Argument(
            help="few-shot (so many lines of each intent) or unseen (a share of the intents "
            "that training does not see, to be told from the others)."
        ),
    ],
    data: Annotated[list[Path], typer.Option("--data", help="File or folder with labelled lines.")],
    draws: Annotated[int, typer.Option(help="How often, with other lines or intents.", min=1)] = 5,
    shots: Annotated[int, typer.Option(help="Lines of each intent.", min=1)] = 10,
    share: Annotated[
        float, typer.Option(help="Share of the intents that is not seen.", min=0.01, max=0.9)
    ] = 0.33,
    method: Annotated[str, typer.Option(help="As for train.")] = "auto",
    options: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE of the recipe.")
    ] = None,
) -> None:
    """Measure a recipe where it is hard; several draws, on lines no choice was made on."""
    from nlu.errors import DataError
    from nlu.training.experiment import Condition
    from nlu.training.experiment import experiment as measure
    from nlu.training.recipe import read_recipe

    if condition not in list(Condition):
        raise DataError(f"{condition}: give one of {', '.join(Condition)}")
    chosen = Condition(condition)
    hard = f"shots={shots}" if chosen is Condition.FEW_SHOT else f"unseen={share}"
    recipe = read_recipe(method, [*(options or []), hard])
    with _bars() as show:
        found = measure(chosen, _samples(data, None), recipe, _encoder(), draws=draws, show=show)
    print(json.dumps(found, indent=2))


@nlu_app.command()
def evaluate(
    model: Model = None,
    data: Data = None,
    as_json: AsJson = False,
    classes: Annotated[bool, typer.Option(help="Also every intent by itself.")] = False,
    confused: Annotated[int, typer.Option(help="Also this many confused pairs.")] = 0,
    worst: Annotated[int, typer.Option(help="Also this many mistakes, the surest first.")] = 0,
    picture: Annotated[Path | None, typer.Option(help="Write the confusion picture (PNG).")] = None,
    fold: Fold = None,
    documents: Annotated[
        bool, typer.Option("--documents", help="Instead: how the bank's documents are asked.")
    ] = False,
    in_call: Annotated[
        bool, typer.Option("--in-call", help="With --documents: at the beginning of a call.")
    ] = False,
    validation: Annotated[
        bool, typer.Option("--validation", help="With --documents: the lines choices are made on.")
    ] = False,
) -> None:
    """Figures of a model on lines it was not trained on; without data: our held-out ones."""
    if documents:
        side = "validation" if validation else "test"
        _evaluate_documents(side, in_call=in_call, as_json=as_json)
        return
    from nlu.corpus.load import FRESH_FOLDER
    from nlu.training.evaluate import evaluate as measure
    from nlu.training.evaluate import held_out

    loaded = _model(model)
    lines = held_out(_samples(data or [FRESH_FOLDER], fold), loaded)
    with _bars() as show:
        report = measure(loaded, lines, show=show)
    if picture:
        from nlu.training.picture import draw_confusions

        draw_confusions(report.classes, report.confused, picture)
    if as_json:
        more: dict[str, Any] = {"classes": report.classes} if classes else {}
        if confused:
            more["confused"] = report.confused[:confused]
        if worst:
            more["mistakes"] = report.mistakes[:worst]
        print(json.dumps({**report.figures, **more}))
        return
    _print_figures(report.figures)
    if classes:
        _print_classes(report.classes)
    for right, best, count in report.confused[:confused]:
        print(f"{count:3}  {right} taken for {best}")
    for text, right, taken, sure in report.mistakes[:worst]:
        print(f"{sure:.2f}  {right} taken for {taken}: {text}")


@nlu_app.command()
def parse(
    text: Annotated[str, typer.Argument(help="What the caller said.")],
    model: Model = None,
    today: Annotated[str | None, typer.Option(help="The day, as 2026-03-16.")] = None,
    payee: Annotated[list[str] | None, typer.Option(help="A payee of the caller's.")] = None,
    as_json: AsJson = False,
) -> None:
    """Explain one utterance: intents, entities, nearest examples, the decision and its reason."""
    from nlu.training.explain import explain
    from nlu.understander import Understander
    from nlu.understanding import Context

    day = date.fromisoformat(today) if today else date.today()
    understander = Understander(_encoder(), model=model)
    told = explain(understander, text, Context(day, tuple(payee or ())))
    if as_json:
        print(json.dumps(told))
        return
    for name, value in told.items():
        rows = value if isinstance(value, list) else [value]
        for number, row in enumerate(rows):
            shown = "  ".join(map(str, row.values())) if isinstance(row, dict) else row
            print(f"{name if not number else '':12} {shown}")


@nlu_app.command()
def compare(
    a: Annotated[Path, typer.Argument(help="A trained model's folder.")],
    b: Annotated[Path, typer.Argument(help="Another one.")],
    data: Data = None,
    as_json: AsJson = False,
    differing: Annotated[int, typer.Option(help="Also this many lines they differ on.")] = 0,
) -> None:
    """Two models on one set, with an exact McNemar test, before one replaces the other."""
    from nlu.corpus.load import TEST_FOLDER
    from nlu.training.compare import compare as measure
    from nlu.training.evaluate import held_out

    first, second = _model(a), _model(b)
    lines = held_out(held_out(_samples(data or [TEST_FOLDER], None), first), second)
    with _bars() as show:
        found = measure(first, second, lines, show)
    told = {**asdict(found), "verdict": found.verdict, "differing": found.differing[:differing]}
    if as_json:
        print(json.dumps(told))
        return
    print(f"a {found.accuracy_a:.4f}  b {found.accuracy_b:.4f}  on {found.n} lines")
    print(f"only a right {found.only_a}, only b right {found.only_b}, p = {found.p_value:.4f}")
    print(found.verdict)
    for text, right, mine, yours in found.differing[:differing]:
        print(f"{text!r}: {right}; a {mine}, b {yours}")


@nlu_app.command()
def export(
    out: Annotated[Path, typer.Option(help="Folder for the exported model.")],
    model: Model = None,
) -> None:
    """Write a model with its encoder in 8-bit integers (ONNX): a third of the time, near the same.

    Measure it with `evaluate --model OUT` and `compare`; the server takes the folder as its
    setting `intents`.
    """
    from nlu.intents.model import IntentModel
    from nlu.paths import MODEL_FOLDER

    with progress_console.status("rounding the encoder's weights (seconds)"):
        IntentModel.export(model or MODEL_FOLDER, _encoder(), out)
    print(out)


def _evaluate_documents(side: str, *, in_call: bool, as_json: bool) -> None:
    """The packaged documents, asked the held-out questions of one side."""
    from nlu.encoder.sentence import SentenceEncoder
    from nlu.paths import MODEL_FOLDER
    from nlu.questions.answering import Answerer
    from nlu.training.questions import evaluate_questions
    from nlu.understander import Understander
    from server.bench.questions import in_call_figures

    if in_call:
        told = in_call_figures(Understander(_encoder()), side)
    else:
        answering = Answerer.load(MODEL_FOLDER)
        told = evaluate_questions(answering, SentenceEncoder(_encoder()), side)
    if as_json:
        print(json.dumps(told))
    else:
        _print_figures(dict(told))


def _encoder() -> Path:
    from server.models import ModelStore

    chosen = settings()
    return ModelStore(chosen.models).prepare(chosen.encoder)


def _model(folder: Path | None) -> Any:
    from nlu.intents.model import IntentModel
    from nlu.paths import MODEL_FOLDER

    return IntentModel.load(folder or MODEL_FOLDER, _encoder())


def _samples(paths: list[Path], fold: str | None) -> "list[Sample]":
    from nlu.training.layouts import read_data
    from nlu.training.samples import with_fold

    return with_fold(read_data(paths), fold)


def _rebuild(encoder: Path, out: Path | None) -> dict[str, object]:
    from nlu.encoder.sentence import SentenceEncoder
    from nlu.paths import MODEL_FOLDER
    from nlu.training.default import train_default, write_default

    with progress_console.status("reading the corpus, encoding, fitting (about half a minute)"):
        return write_default(train_default(SentenceEncoder(encoder)), out or MODEL_FOLDER)


@contextmanager
def _bars() -> Iterator[Any]:
    """Progress bars: a function that is told what is done, how much, of how much."""
    columns = (*Progress.get_default_columns(), TimeElapsedColumn())
    with Progress(*columns, console=progress_console) as progress:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)

        yield show


def _print_figures(figures: dict[str, float | None]) -> None:
    for name, value in figures.items():
        print(f"{name:20} {'-' if value is None else format(value, 'g')}")


def _print_classes(classes: dict[str, dict[str, float]]) -> None:
    table = Table("intent", "precision", "recall", "F1", "support")
    for name, row in sorted(classes.items(), key=lambda item: item[1]["f1-score"]):
        numbers = [f"{row[key]:.3f}" for key in ("precision", "recall", "f1-score")]
        table.add_row(name, *numbers, f"{row['support']:.0f}")
    Console().print(table)
