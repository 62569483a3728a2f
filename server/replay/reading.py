"""YAML files of a replay: a mistake in one names file, line, field and cure (docs/replay.md)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from dialog.strict_yaml import doubles, line_of
from server.errors import ServerError

_CURES = {
    "extra_forbidden": "remove it or correct its spelling",
    "missing": "add it",
    "too_short": "add more",
}

Model = TypeVar("Model", bound=BaseModel)


class ScenarioError(ServerError):
    """A file of a replay that cannot be used: names file, line, field and cure."""


def read(
    path: Path, model: type[Model], prepare: Callable[[Any], Any] = lambda tree: tree
) -> Model:
    """Read a YAML file into its model.

    Args:
        path: The file.
        model: Its schema.
        prepare: Makes of the file's tree what is checked.

    Raises:
        ScenarioError: It is missing, is not YAML, has a key twice or breaks the schema; the
            message is "file:line: where: what: cure".
    """
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        for line, key in doubles(node):
            raise ScenarioError(f"{path}:{line}: {key} stands here twice: remove one")
        return model.model_validate(prepare(yaml.safe_load(text)))
    except OSError as error:
        raise ScenarioError(f"{path}: cannot be read: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScenarioError(
            f"{path}:{line}: cannot be read as YAML: {error.problem}: check the indent and quotes"
        ) from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        cure = "save it as UTF-8"
        if path.suffix.lower() == ".wav":
            cure = "it is a recording: did you mean `tellerline replay import`?"
        raise ScenarioError(f"{path}: cannot be read as text: {cure}") from error
    except ValidationError as error:
        # A mistyped key is told as what it is, not as the absence of the right one.
        first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
        line, where = line_of(node, first["loc"])
        cure = _CURES.get(first["type"], "see docs/replay.md")
        if first["type"] == "string_type" and not isinstance(first["input"], dict | list | None):
            cure = "put it in quotes"
        raise ScenarioError(f"{path}:{line}: {where}: {first['msg']}: {cure}") from error
