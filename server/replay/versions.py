"""What was tested and by what: code, models, flows, words, prompts, scenarios and conditions, so
that a verdict can be had again, and what changed between two is named."""

import hashlib
import json
import platform
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from server.llm import TASKS
from server.models import SEAL, ModelStore
from server.replay.scenario import load_scenario
from server.replay.suite import Case
from server.settings import Settings

ROOT = Path(__file__).parents[2]
PACKAGES = ("voice", "nlu", "dialog", "server")
SHOWN = 12
"""Characters of a SHA-256 that are shown."""


def versions(
    settings: Settings, understander: str, calls: Sequence[Case], options: str
) -> dict[str, Any]:
    """Everything that a call's words and decisions hang on.

    Args:
        settings: Which models are used.
        understander: The version of the model that understands.
        calls: What was replayed.
        options: How, as the command line has it.
    """
    store = ModelStore(settings.models)
    return {
        "tellerline": _package(),
        "commit": _commit(),
        "code": _sha(path for name in PACKAGES for path in (ROOT / name).rglob("*.py")),
        "flows": _sha((ROOT / "dialog" / "flows").rglob("*.yaml")),
        "words": _sha(_words()),
        "prompts": _prompts(settings),
        "documents": "packaged" if settings.documents is None else _sha(_all(settings.documents)),
        "recogniser": _model(store, settings.recogniser),
        "voice": _model(store, settings.voice),
        "encoder": _model(store, settings.encoder),
        "intents": understander,
        "scenarios": _sha(_files({call.path for call in calls})),
        "conditions": _digest(sorted({f"{call.condition!r} {call.wire!r}" for call in calls})),
        "options": options,
        "device": settings.device,
        "python": platform.python_version(),
    }


def _words() -> Iterator[Path]:
    """Replies, lexicons, knowledge, documents, spoken forms, cues and packaged models: all that is
    no code and no flow."""
    for name in ("dialog", "nlu", "voice"):
        yield from (p for p in _all(ROOT / name) if p.suffix != ".py" and p.parent.name != "flows")


def _all(folder: Path) -> Iterator[Path]:
    return (p for p in folder.rglob("*") if p.is_file() and p.parent.name != "__pycache__")


def _files(scenarios: Iterable[Path]) -> Iterator[Path]:
    """The scenarios with their recordings."""
    for path in scenarios:
        yield path
        turns = load_scenario(path).turns
        recordings = {path.parent / turn.wav for turn in turns if turn.wav is not None}
        yield from (wav for wav in recordings if wav.is_file())  # by text they need not be there


def _prompts(settings: Settings) -> str:
    """The language model with what it is told; it may word replies."""
    if settings.llm is None:
        return "no language model"
    return f"{settings.llm.model} {_digest([settings.llm.url, settings.llm.deadline, TASKS])}"


def _model(store: ModelStore, name: str) -> str:
    """Its name and its files; a seal has the hashes of them all."""
    folder = store.root / name if name in store.models else Path(name)
    seal = folder / SEAL
    files = [seal] if seal.is_file() else list(_all(folder))
    return f"{name} {_sha(files)}" if files else name


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:SHOWN]


def _sha(paths: Iterable[Path]) -> str:
    """Of files by the last two parts of their paths, so that a folder may be moved."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update("/".join(path.absolute().parts[-2:]).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:SHOWN]


def _package() -> str:
    try:
        return version("tellerline")
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return "unknown"
    told = subprocess.run(  # noqa: S603
        [git, "-C", str(ROOT), "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip() or "unknown"
