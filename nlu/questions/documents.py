"""Reads a bank's documents: Markdown, and CSV for tables, into passages short enough to be heard.

```
---                      lines between the dashes are optional: questions that callers ask
asked:
- how much is a wire
---
# Transfers abroad       the title; else the file's name

A wire costs $25 …       paragraphs; lists, emphasis and links lose their signs
```

A row of a table is a passage of its own: the first cell is its title, the others follow their
columns' names. A column `Asked` is not told: it holds the row's questions, with "|" between them.
"""

import csv
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from nlu.errors import DocumentError

LONGEST = 60
"""Words of a passage: twenty seconds of speech. Longer paragraphs are cut between sentences."""

LARGEST = 100_000
"""Bytes of a file; who has longer ones has several subjects in it."""

ASKED = "asked"
"""Names the questions of a document: in its head, or a column of a table."""

_SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'(])")
_MARKS = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|(?<!\w)[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}(?!\w)")
_LIST = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document that can be said as it is.

    Attributes:
        source: The file below the folder; a row's title after ":", "#2" for a second passage.
        title: What it is about.
        text: Its words, without Markdown.
        asked: Questions that it answers, where the document names some.
    """

    source: str
    title: str
    text: str
    asked: tuple[str, ...] = ()


def read_documents(folder: Path) -> list[Passage]:
    """All passages of the *.md and *.csv files of a folder and its folders, in the files' order.

    Raises:
        DocumentError: A file is empty, too long, no UTF-8, or has no text; the message names file,
            line and cure.
    """
    if not folder.is_dir():
        raise DocumentError(f"{folder}: no such folder: name the one that holds the documents")
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".md", ".csv"))
    passages = [passage for path in paths for passage in _read(path, folder)]
    if not passages:
        raise DocumentError(f"{folder}: no *.md or *.csv file: put the bank's documents there")
    seen: dict[str, str] = {}
    for passage in passages:
        if passage.source in seen:
            raise DocumentError(f"{folder / passage.source}: stands twice: rename one of the rows")
        seen[passage.source] = passage.text
    return passages


def documents_hash(passages: Sequence[Passage]) -> str:
    """SHA-256 over all that is indexed: names the state of a folder."""
    parts = (part for p in passages for part in (p.source, p.title, p.text, *p.asked, ""))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _read(path: Path, folder: Path) -> Iterator[Passage]:
    source = path.relative_to(folder).as_posix()
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DocumentError(f"{path}:{line}: not UTF-8: save it as UTF-8 text") from error
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > LARGEST:
        raise DocumentError(
            f"{path}: {len(content)} bytes are more than {LARGEST}: one file for each subject"
        )
    if not text.strip():
        raise DocumentError(f"{path}:1: empty: write it or remove it")
    return _rows(path, source, text) if path.suffix == ".csv" else _page(path, source, text)


def _page(path: Path, source: str, text: str) -> Iterator[Passage]:
    asked, body = _front(path, text)
    title = path.stem.replace("-", " ").replace("_", " ")
    paragraphs: list[str] = []
    for block in re.split(r"\n\s*\n", body.strip()):
        lines = block.strip().splitlines()
        if lines and lines[0].startswith("# "):
            title, lines = lines[0][2:].strip(), lines[1:]
        words = " ".join(_plain_line(line) for line in lines if not line.startswith("#"))
        if words.strip():
            paragraphs.append(" ".join(words.split()))
    pieces = [piece for paragraph in paragraphs for piece in _pieces(path, paragraph)]
    if not pieces:
        raise DocumentError(f"{path}:1: no text below its title: write what callers should hear")
    for number, piece in enumerate(pieces, 1):
        yield Passage(source if number == 1 else f"{source}#{number}", title, piece, asked)


def _front(path: Path, text: str) -> tuple[tuple[str, ...], str]:
    if not text.startswith("---\n"):
        return (), text
    head, mark, body = text[4:].partition("\n---\n")
    if not mark:
        raise DocumentError(f"{path}:1: the head has no end: put a line of --- below it")
    try:
        told = yaml.safe_load(head) or {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 2
        raise DocumentError(f"{path}:{line}: not YAML ({error.problem}): mend the line") from error
    asked = told.get(ASKED, []) if isinstance(told, dict) else None
    if not isinstance(asked, list) or not all(isinstance(line, str) for line in asked):
        raise DocumentError(f"{path}:2: write `asked:` and a list of questions below it")
    return tuple(" ".join(line.split()) for line in asked), body


def _plain_line(line: str) -> str:
    stripped, items = _LIST.subn("", line.strip())
    said = _MARKS.sub(lambda found: found.group(1) or "", stripped)
    return f"{said}." if items and said and said[-1] not in ".:;?!" else said


def _pieces(path: Path, paragraph: str) -> Iterator[str]:
    """A paragraph in pieces of whole sentences, each short enough."""
    piece: list[str] = []
    for sentence in _SENTENCES.split(paragraph):
        words = sentence.split()
        if len(words) > LONGEST:
            raise DocumentError(
                f"{path}: a sentence of {len(words)} words can't be heard: make it shorter than "
                f"{LONGEST} ({' '.join(words[:6])} …)"
            )
        if piece and len(piece) + len(words) > LONGEST:
            yield " ".join(piece)
            piece = []
        piece += words
    if piece:
        yield " ".join(piece)


def _rows(path: Path, source: str, text: str) -> Iterator[Passage]:
    rows = csv.reader(text.splitlines())
    header = [name.strip() for name in next(rows)]
    if len(header) < 2 or not all(header):
        raise DocumentError(f"{path}:1: name at least two columns in the first line")
    names = [name.lower() for name in header]
    asked_at = names.index(ASKED) if ASKED in names else None
    for row in rows:
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if len(cells) != len(header) or not cells[0]:
            raise DocumentError(
                f"{path}:{rows.line_num}: {len(cells)} cells for {len(header)} columns: quote a "
                "cell that holds a comma, and name every row"
            )
        asked = "" if asked_at is None else cells[asked_at]
        questions = tuple(one for one in (part.strip() for part in asked.split("|")) if one)
        pairs = list(zip(names, cells, strict=True))[1:]
        told = [f"{name}, {cell}" for name, cell in pairs if cell and name != ASKED]
        words = f"{cells[0]}: {'; '.join(told)}."
        if len(words.split()) > LONGEST:
            raise DocumentError(f"{path}:{rows.line_num}: longer than {LONGEST} words: shorten it")
        yield Passage(f"{source}:{cells[0]}", f"{path.stem}: {cells[0]}", words, questions)
