"""What turns words into meaning, as the settings want it."""

from pathlib import Path

from dialog.conversation import Understands
from dialog.script import script
from nlu.understander import Understander
from server.documents import documents_index
from server.settings import Settings
from server.shadow import Shadowed


def load_meaning(settings: Settings, encoder: Path) -> Understands:
    """The understander that answers, with the shadow beside it where one is set.

    Args:
        settings: Which models and documents.
        encoder: The packaged encoder.

    Raises:
        NluError: A file is missing, damaged or wrong.
    """
    documents = documents_index(settings, encoder)
    answering = Understander(encoder, model=settings.intents, documents=documents)
    if settings.shadow is None:
        return answering
    shadow = Understander(encoder, model=settings.shadow, documents=documents)
    return Shadowed(answering, shadow, script(settings.language).lexicon)
