"""Reads corpus files; a mistake in one is told with file, line and cure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from nlu.errors import CorpusError

OUT_OF_SCOPE = "out_of_scope"
"""The name under which utterances about nothing we know are filed."""

TRAIN_FOLDER = Path(__file__).parent
TEST_FOLDER = TRAIN_FOLDER / "test"
"""Held-out lines that choices are made on and mistakes are looked at: validation."""

FRESH_FOLDER = TRAIN_FOLDER / "fresh"
"""Held-out lines that nothing was chosen by: their figures are the ones reported."""

TRAIN_MINIMUM = 25
TEST_MINIMUM = 6
FRESH_MINIMUM = 1

_NAME = re.compile(r"^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$")


@dataclass(frozen=True, slots=True)
class Utterance:
    """One corpus line and where it stands."""

    text: str
    intent: str
    file: Path
    line: int


def load_corpus(folder: Path, minimum: int) -> list[Utterance]:
    """All utterances of the `*.yaml` files directly in a folder (or of one), in the files' order.

    Args:
        folder: Holds files that map an intent's name to a list of utterances; or one such file.
        minimum: How many utterances an intent must have.

    Raises:
        CorpusError: A file cannot be read or breaks the schema; an intent is filed twice or has
            too few utterances; an utterance stands twice.
    """
    paths = [folder] if folder.is_file() else sorted(folder.glob("*.yaml"))
    if not paths:
        raise CorpusError(f"{folder}: no *.yaml files; name a folder that holds a corpus")
    utterances: list[Utterance] = []
    first_lines: dict[str, str] = {}
    for path in paths:
        for intent, line, items in _intents(path):
            if intent in first_lines:
                raise CorpusError(
                    f"{path}:{line}: intent {intent!r} is already in {first_lines[intent]}: "
                    "put its utterances into one list"
                )
            first_lines[intent] = f"{path}:{line}"
            if len(items) < minimum:
                raise CorpusError(
                    f"{path}:{line}: intent {intent!r} has {len(items)} utterances and needs "
                    f"at least {minimum}: write more"
                )
            utterances.extend(items)
    _refuse_repeats(utterances)
    return utterances


def _intents(path: Path) -> Iterator[tuple[str, int, list[Utterance]]]:
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CorpusError(f"{path}:{line}: not YAML ({error.problem}): mend the line") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path}:1: cannot be read ({error}): save it as UTF-8 text") from error
    if not isinstance(root, yaml.MappingNode):
        raise CorpusError(f"{path}:1: write `intent_name:` and a list of utterances below it")
    for key, value in root.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode) or not _NAME.match(key.value):
            raise CorpusError(f"{path}:{line}: an intent's name is snake_case, such as block_card")
        if not isinstance(value, yaml.SequenceNode):
            raise CorpusError(f"{path}:{line}: give {key.value!r} a list of utterances (`- …`)")
        yield key.value, line, [_utterance(path, key.value, item) for item in value.value]


def _utterance(path: Path, intent: str, item: yaml.Node) -> Utterance:
    # The scalar's own text is taken, so that `- no` and `- 0472` stay what the author wrote.
    line = item.start_mark.line + 1
    if not isinstance(item, yaml.ScalarNode):
        raise CorpusError(
            f"{path}:{line}: an utterance is one line of text; quote it if it holds ': '"
        )
    text = " ".join(item.value.split())
    if not text:
        raise CorpusError(f"{path}:{line}: empty utterance under {intent!r}: write it or drop it")
    return Utterance(text, intent, path, line)


def _refuse_repeats(utterances: list[Utterance]) -> None:
    seen: dict[str, Utterance] = {}
    for utterance in utterances:
        key = utterance.text.casefold()
        if key in seen:
            raise CorpusError(
                f"{utterance.file}:{utterance.line}: {utterance.text!r} already stands at "
                f"{seen[key].file}:{seen[key].line}: drop one of them"
            )
        seen[key] = utterance
