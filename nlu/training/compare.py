"""Two models on one set: is the difference more than chance?"""

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import binomtest

from nlu.errors import DataError
from nlu.intents.model import IntentModel
from nlu.training.evaluate import said_by
from nlu.training.prepare import Progress, quiet
from nlu.training.samples import Sample

LEVEL = 0.05
"""Below this probability a difference is not taken for chance."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two models did on the same lines in scope.

    Attributes:
        accuracy_a, accuracy_b: Of each.
        only_a, only_b: Lines that only the one or only the other got right.
        p_value: Probability of a difference this large by chance (exact McNemar test, two sides).
        differing: Lines about which they differ: text, right intent, a's, b's.
        n: Lines in scope.
    """

    accuracy_a: float
    accuracy_b: float
    only_a: int
    only_b: int
    p_value: float
    differing: tuple[tuple[str, str, str, str], ...]
    n: int

    @property
    def verdict(self) -> str:
        """In words, for whoever decides whether b replaces a."""
        if self.p_value >= LEVEL:
            return "no difference that chance could not make"
        return "b is better" if self.only_b > self.only_a else "a is better"


def compare(
    a: IntentModel, b: IntentModel, samples: Sequence[Sample], show: Progress = quiet
) -> Comparison:
    """Measure both models on the samples in scope.

    Raises:
        DataError: No sample is in scope, or a model gives several intents an utterance.
    """
    inside = [sample for sample in samples if sample.in_scope]
    if not inside:
        raise DataError("no line in scope to compare on: give lines of the models' intents")
    if a.head.several or b.head.several:
        raise DataError("models that give several intents cannot be compared: evaluate each")
    first, second = said_by(a, inside, show), said_by(b, inside, show)
    only_a = int((first.right & ~second.right).sum())
    only_b = int((second.right & ~first.right).sum())
    disagreed = only_a + only_b
    return Comparison(
        accuracy_a=float(first.right.mean()),
        accuracy_b=float(second.right.mean()),
        only_a=only_a,
        only_b=only_b,
        p_value=float(binomtest(only_a, disagreed).pvalue) if disagreed else 1.0,
        differing=tuple(
            (sample.text, sample.label, str(mine), str(yours))
            for sample, mine, yours in zip(inside, first.best, second.best, strict=True)
            if mine != yours
        ),
        n=len(inside),
    )
