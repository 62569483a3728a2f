"""`tellerline documents`: check and index the bank's documents, and ask them."""

import json
import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from server.cli.root import app, progress_console, settings

documents_app = typer.Typer(
    help="The bank's documents: check and index them, ask them.", no_args_is_help=True
)
app.add_typer(documents_app, name="documents")

Folder = Annotated[
    Path | None, typer.Option(help="Of the documents; else the setting `documents`.")
]


@documents_app.command()
def index(
    folder: Annotated[
        Path | None, typer.Argument(help="Of *.md and *.csv; else the setting `documents`.")
    ] = None,
) -> None:
    """Check every document and make them ready to be asked; the server takes what was made."""
    from nlu.questions.answering import PACKAGED_DOCUMENTS
    from nlu.questions.documents import read_documents
    from nlu.questions.index import document_of

    chosen = settings()
    named = folder or chosen.documents or PACKAGED_DOCUMENTS
    passages = read_documents(named)
    begun = time.monotonic()
    if folder or chosen.documents:
        with progress_console.status(f"encoding and fitting {len(passages)} passages (a minute)"):
            path = _index(named)
        print(f"{path}: ready in {time.monotonic() - begun:.0f} s")
    documents = {document_of(passage.source): passage for passage in passages}
    unasked = [name for name, passage in documents.items() if not passage.asked]
    by_folder = Counter(name.partition("/")[0] for name in documents)
    for name, count in sorted(by_folder.items()):
        print(f"{count:5}  {name}")
    print(f"{len(documents):5}  documents, {len(passages)} passages")
    if unasked:
        print(f"{len(unasked):5}  name no questions (`asked:`), which makes them harder to find")


@documents_app.command()
def ask(
    question: Annotated[str, typer.Argument(help="As a caller would ask it.")],
    folder: Folder = None,
    count: Annotated[int, typer.Option(help="Passages to show.", min=1)] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """The likeliest passages with their match scores, and whether the best one would be said."""
    from nlu.understander import Understander

    chosen = settings()
    named = folder or chosen.documents
    understander = Understander(
        _encoder(), model=chosen.intents, documents=_index(named) if named else None
    )
    quotes = understander.quotes(question, count)
    said = understander.quote(question)
    told = {
        "said": said.source if said else None,
        "threshold": round(understander.quote_threshold, 3),
        "passages": [
            {"score": round(q.score, 3), "source": q.source, "text": q.text} for q in quotes
        ],
    }
    if as_json:
        print(json.dumps(told))
        return
    for quote in quotes:
        print(f"{quote.score:.3f}  {quote.source}\n       {quote.text}")
    if said:
        print("said, unless something else is wanted more surely")
    else:
        print(f"nothing is said: below {understander.quote_threshold:.3f}, or too few words")


def _encoder() -> Path:
    from server.models import ModelStore

    chosen = settings()
    return ModelStore(chosen.models).prepare(chosen.encoder)


def _index(folder: Path) -> Path:
    from nlu.questions.answering import kept_index

    return kept_index(folder, settings().models, _encoder())
