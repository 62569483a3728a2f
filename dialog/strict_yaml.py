"""YAML that people edit: read strictly, and a mistake in it names file, line and cure."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from dialog.errors import FlowError

_CURES = {
    "extra_forbidden": "remove it or correct its spelling",
    "missing": "add it",
    "too_short": "add more",
}


class Strict(BaseModel):
    """A mistyped key is an error, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Model = TypeVar("Model", bound=BaseModel)


def read(path: Path, model: type[Model]) -> Model:
    """Read a YAML file into its model.

    Raises:
        FlowError: The file is missing, is not YAML, has a key twice or breaks the schema; the
            message is "file:line: what: cure".
    """
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        for line, key in doubles(node):
            raise FlowError(f"{path}:{line}: {key} stands here twice: remove one")
        return model.model_validate(yaml.safe_load(text))
    except OSError as error:
        raise FlowError(f"{path}: cannot be read: {error.strerror}: restore the file") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise FlowError(f"{path}:{line}: not YAML: {error.problem}: check the indent") from error
    except ValidationError as error:
        # A mistyped key is told as what it is, not as the absence of the right one.
        first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
        line, where = line_of(node, first["loc"])
        cure = _CURES.get(first["type"], "see docs/dialog.md")
        raise FlowError(f"{path}:{line}: {where}: {first['msg']}: {cure}") from error


def line_of(node: yaml.Node | None, loc: tuple[int | str, ...]) -> tuple[int, str]:
    """The line (from 1) and the readable name of a place that pydantic complains about.

    Parts of the place that are not in the file (a step's kind, a missing key) are skipped.
    """
    line = node.start_mark.line + 1 if node else 1
    for part in loc:
        found = _child(node, part)
        if found is not None:
            key, node = found
            line = key.start_mark.line + 1
    return line, ".".join(str(part) for part in loc) or "the file"


def lines_of(path: Path, key: str) -> list[int]:
    """The lines (from 1) that the items of a list in a checked file begin on."""
    node = _child(yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader), key)
    items = node[1].value if node else []
    return [item.start_mark.line + 1 for item in items]


def lines_of_keys(path: Path) -> dict[str, int]:
    """The lines (from 1) that a checked file's own keys stand on."""
    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return {key.value: key.start_mark.line + 1 for key, _ in pairs}


def _child(node: yaml.Node | None, part: int | str) -> tuple[yaml.Node, yaml.Node] | None:
    """The key node and the value node of one part, or None."""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None


def doubles(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """The lines (from 1) and names of keys that stand twice; YAML keeps the last of two."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if str(key.value) in seen:
                yield key.start_mark.line + 1, str(key.value)
            seen.add(str(key.value))
            yield from doubles(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from doubles(item)
