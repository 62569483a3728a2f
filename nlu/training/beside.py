"""What the heads beside the intents share: callers' lines as examples, and the shares of lines."""

from collections.abc import Callable

from nlu.corpus.load import Utterance
from nlu.encoder.sentence import SentenceEncoder
from nlu.intents.head import Example
from nlu.linear import LinearHead
from nlu.mishearings import classifiable
from nlu.training.measures import Floats


def with_calls(
    own: list[Utterance], calls: list[Utterance], label: str, belongs: Callable[[str], bool]
) -> list[Example]:
    """A head's own lines, and the callers' lines that have a label by their intent.

    Args:
        own: Each with its label.
        calls: The intents' training lines; what is an own line, too, is left out.
        label: Of the callers' lines.
        belongs: Whether an intent's lines have it.
    """
    known = {line.text.casefold() for line in own}
    others = (line for line in calls if belongs(line.intent) and line.text.casefold() not in known)
    return [
        *(Example(line.text, line.intent) for line in own),
        *(Example(line.text, label) for line in others),
    ]


def shares_of(linear: LinearHead, encoder: SentenceEncoder, lines: list[Utterance]) -> Floats:
    """Each label's share of each line: lines by labels."""
    return linear.probabilities(encoder.features([classifiable(line.text) for line in lines]))
