"""What was tested: code, models, flows and words, so that a verdict can be had again."""

import hashlib
import platform
import shutil
import subprocess
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from server.settings import Settings

ROOT = Path(__file__).parents[2]
PACKAGES = ("voice", "nlu", "dialog", "server")
SHOWN = 12
"""Characters of a SHA-256 that are shown."""


def versions(settings: Settings, understander: str) -> dict[str, Any]:
    """Everything that a call's words and decisions hang on.

    Args:
        settings: Which models are used.
        understander: The version of the model that understands.
    """
    return {
        "tellerline": _package(),
        "commit": _commit(),
        "code": _sha(path for name in PACKAGES for path in (ROOT / name).rglob("*.py")),
        "flows": _sha((ROOT / "dialog" / "flows").rglob("*.yaml")),
        "words": _sha(_words()),
        "recogniser": settings.recogniser,
        "voice": settings.voice,
        "encoder": settings.encoder,
        "intents": understander,
        "device": settings.device,
        "python": platform.python_version(),
    }


def _words() -> Iterable[Path]:
    """Replies, lexicons and knowledge: all YAML of the dialog that is no flow."""
    return (p for p in (ROOT / "dialog").rglob("*.yaml") if p.parent.name != "flows")


def _sha(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
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
