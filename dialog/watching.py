"""Notices that somebody has edited flows, replies, knowledge or words, so that they are read again.

For development: nothing is watched unless it is asked for (`--reload`).
"""

import os
from pathlib import Path

from dialog.errors import FlowError
from dialog.script import ROOT, reload, script

FOLDERS = ("flows", "replies", "knowledge", "lexicon")


class Watch:
    """Reads a language's files again when one of them has changed.

    Args:
        language: ISO 639-1 code.
        root: Folder of the files.

    Raises:
        FlowError: A file is missing or wrong from the start.
    """

    def __init__(self, language: str, root: Path = ROOT) -> None:
        self._language, self._root = language, root
        self._seen = self._stamps()
        script(language, root)  # what is kept where the first edit is a mistake

    def look(self) -> str | None:
        """Take up what was edited since the last look.

        Returns:
            None where nothing was edited; else a line for the editor: what was taken up, or the
            mistake (file, line and cure), after which the files from before stay in use.
        """
        stamps = self._stamps()
        edited = sorted(path for path, _ in stamps.items() ^ self._seen.items())
        if not edited:
            return None
        self._seen = stamps
        try:
            reload(self._language, self._root)
        except FlowError as error:
            return f"kept the old flows: {error}"
        names = dict.fromkeys(str(path.relative_to(self._root)) for path in edited)
        return f"read again: {', '.join(names)}"

    def _stamps(self) -> dict[Path, tuple[int, int]]:
        """When each file was last written, and its size."""
        files = (path for folder in FOLDERS for path in (self._root / folder).rglob("*.yaml"))
        return {path: (stat.st_mtime_ns, stat.st_size) for path in files if (stat := _stat(path))}


def _stat(path: Path) -> os.stat_result | None:
    """None for a file that an editor is just replacing."""
    try:
        return path.stat()
    except OSError:
        return None
