"""Reads labelled utterances from a path, in the layouts that people have them in.

| path | layout |
| --- | --- |
| folder with `*.yaml`, or one such file | our corpus: an intent's name and a list below it |
| `*.csv`, `*.tsv` | a header with text (or utterance, query) and label (or intent, category) |
| `*.json`, `*.jsonl` | rows as objects with those names, or `[text, label]` pairs; or its columns |
| folder with such files | Banking77 (`train.csv`), CLINC150 (`train.json`, `oos_train.json` ...) |
| folder with `fold0.json` ... | NLU++: objects with `text`, `intents`, `slots`; a fold is a split |

A file's name says its split (train, val, test); without such a name the split is drawn by hash.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from nlu.corpus.load import OUT_OF_SCOPE, Utterance, load_corpus
from nlu.errors import DataError
from nlu.mishearings import classifiable
from nlu.slots.head import Slot
from nlu.text import plain
from nlu.training.samples import TEST, TRAIN, VALIDATION, Sample

_TEXT = ("text", "utterance", "query", "sentence")
_LABEL = ("label", "intent", "intents", "labels", "category", "label_text", "label_name")
_TABLES = {".csv": ",", ".tsv": "\t"}
_OUTSIDE = frozenset({"oos", "ood", "out_of_scope", "out-of-scope"})
_SIDES = {
    "train": TRAIN,
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
}
_FOLD = re.compile(r"^fold\d+$")
_DESCRIPTIONS = frozenset({"categories", "domains", "ontology", "dataset_infos"})


def read_data(paths: Sequence[Path]) -> list[Sample]:
    """All samples of the files and folders, in their order.

    Raises:
        DataError: A path does not exist or holds nothing that can be read as labelled text.
        CorpusError: A mistake in a YAML corpus.
    """
    samples = [sample for path in paths for sample in _read(path)]
    if not samples:
        raise DataError(f"{', '.join(map(str, paths))}: no labelled utterances")
    return samples


def _read(path: Path) -> list[Sample]:
    if not path.exists():
        raise DataError(f"{path} does not exist: give a file or a folder with labelled utterances")
    if path.suffix in (".yaml", ".yml"):
        return [_from_corpus(utterance) for utterance in load_corpus(path, minimum=1)]
    if path.is_file():
        return _read_file(path)
    if any(path.glob("*.yaml")):
        return [_from_corpus(utterance) for utterance in load_corpus(path, minimum=1)]
    files = [
        file
        for suffix in ("*.csv", "*.tsv", "*.json", "*.jsonl")
        for file in sorted(path.glob(suffix))
        if file.stem not in _DESCRIPTIONS
    ]
    if not files:
        raise DataError(
            f"{path}: no *.yaml, *.csv, *.tsv, *.json or *.jsonl file: name the data's folder"
        )
    return [sample for file in files for sample in _read_file(file)]


def _from_corpus(utterance: Utterance) -> Sample:
    return Sample(utterance.text, (utterance.intent,), None, f"{utterance.file}:{utterance.line}")


def _read_file(path: Path) -> list[Sample]:
    try:
        text = path.read_text(encoding="utf-8-sig")  # spreadsheets write a mark of byte order
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error}): save it as UTF-8 text") from error
    if path.suffix in _TABLES:
        table = csv.reader(io.StringIO(text, newline=""), delimiter=_TABLES[path.suffix])
        header = [name.strip().lower() for name in next(table, [])]
        rows = (dict(zip_longest(header, row)) for row in table if row)
        return _from_rows(path, rows, first_line=2)
    if path.suffix == ".jsonl":
        lines = [_json(path, line) for line in text.splitlines() if line.strip()]
        return _from_rows(path, lines, first_line=1)
    if path.suffix == ".json":
        loaded = _json(path, text)
        if isinstance(loaded, Mapping):
            columns = {name: rows for name, rows in loaded.items() if isinstance(rows, list)}
            if columns.keys() & set(_TEXT):
                across = zip_longest(*columns.values())
                rows = (dict(zip(columns, row, strict=True)) for row in across)
                return _from_rows(path, rows, first_line=1)
            return _from_sides(path, loaded)
        return _from_rows(path, loaded, first_line=1)
    raise DataError(
        f"{path}: give a *.yaml, *.csv, *.tsv, *.json or *.jsonl file or a folder of them"
    )


def _json(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"{path}:{error.lineno}: not JSON ({error.msg}): mend the line") from error


def _from_sides(path: Path, loaded: Mapping[str, Any]) -> list[Sample]:
    """One object with a list for each split, as CLINC150's `data_full.json` has it."""
    samples: list[Sample] = []
    for name, rows in loaded.items():
        if isinstance(rows, list):
            samples += _from_rows(path, rows, first_line=1, side=_side(name))
    return samples


def _from_rows(
    path: Path, rows: Iterable[Any], *, first_line: int, side: str | None = None
) -> list[Sample]:
    side = side or _side(path.stem)
    samples = []
    for number, row in enumerate(rows, first_line):
        where = f"{path}:{number}" if path.suffix != ".json" else f"{path}, entry {number}"
        text, labels = _text_and_labels(row, where)
        slots = _slots(text, row.get("slots") or {}) if isinstance(row, Mapping) else ()
        samples.append(Sample(" ".join(text.split()), labels, side, where, slots))
    return samples


def _text_and_labels(row: Any, where: str) -> tuple[str, tuple[str, ...]]:
    if isinstance(row, Mapping):
        text = next((row[name] for name in _TEXT if row.get(name)), None)
        given = [row[name] for name in _LABEL if name in row]
        # A number may stand beside the intent's name: the name is what a model is asked for.
        found: Any = next((label for label in given if isinstance(label, str | list)), given)
    elif isinstance(row, list) and len(row) == 2:
        text, found = row
    else:
        text, found = None, None
    if not isinstance(text, str) or not text.strip():
        raise DataError(
            f"{where}: no text: columns are called {_TEXT[0]} and {_LABEL[0]} "
            f"(or {', '.join(_TEXT[1:] + _LABEL[1:])})"
        )
    labels = tuple(found) if isinstance(found, list | tuple) else (found,)
    if not all(isinstance(label, str) and label for label in labels):
        raise DataError(f"{where}: no label for {text!r}: name its intent or drop the row")
    return text, tuple(OUT_OF_SCOPE if label in _OUTSIDE else label for label in labels)


def _slots(text: str, told: Mapping[str, Any]) -> tuple[Slot, ...]:
    """Slots by their places in the text (`span`), in words; none where mis-hearings move words."""
    if len(classifiable(text).split()) != len(plain(text).split()):
        return ()
    found = []
    for name, slot in told.items():
        first, last = slot["span"]
        start = len(plain(text[:first]).split())
        end = start + len(plain(text[first:last]).split())
        if end > start:
            found.append(Slot(name, start, end))
    return tuple(sorted(found, key=lambda slot: slot.start))


def _side(name: str) -> str | None:
    if _FOLD.match(name):
        return name
    return next((_SIDES[part] for part in name.lower().split("_") if part in _SIDES), None)
