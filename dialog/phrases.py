"""What the assistant says to everybody: sentences without anything of a customer's in them."""

import re
from collections.abc import Iterator

from dialog.lines import Plural
from dialog.script import script

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def fixed_phrases(language: str) -> tuple[str, ...]:
    """The sentences of all replies and answers that have no {value}, each once.

    Those that begin a reply come first: a caller waits for them.

    Raises:
        FlowError: The language's files are missing or wrong.
    """
    texts = [_SENTENCE_END.split(text) for text in _texts(language)]
    ordered = [*(text[:1] for text in texts), *(text[1:] for text in texts)]
    return tuple(dict.fromkeys(s for text in ordered for s in text if "{" not in s))


def _texts(language: str) -> Iterator[str]:
    told = script(language)
    for reply in told.replies.replies.values():
        yield from (*reply.one, *reply.other) if isinstance(reply, Plural) else reply
    for topic in told.topics.values():
        for variants in topic.answers.values():
            yield from variants
