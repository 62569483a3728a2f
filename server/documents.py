"""The bank's own documents: the index of the folder that the settings name."""

from pathlib import Path

from server.aside import aside
from server.settings import Settings


def documents_index(settings: Settings, encoder: Path) -> Path | None:
    """The index's file, made where the documents have changed (a minute); None where no folder is
    named: then the packaged bank's documents are asked.

    Raises:
        DocumentError: A document is wrong.
    """
    if settings.documents is None:
        return None
    from nlu.questions.answering import kept_index

    return kept_index(settings.documents, settings.models, encoder)


def index_aside(settings: Settings, encoder: Path) -> None:
    """Make the index where it has to be made, so that calls which run do not wait for it.

    Raises:
        DocumentError: A document is wrong.
    """
    if settings.documents is None:
        return
    from nlu.questions.answering import kept_index

    aside(kept_index, settings.documents, settings.models, encoder)
