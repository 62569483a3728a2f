"""Explains how one utterance was understood."""

from typing import Any

from nlu.understander import Understander
from nlu.understanding import Context, Understanding

SURE = 0.5
"""Intents from this score are what the caller wants."""


def explain(understander: Understander, text: str, context: Context) -> dict[str, Any]:
    """Intents, entities, nearest training examples, the decision and its reason.

    Args:
        understander: With the model that is asked.
        text: One utterance.
        context: What is known.
    """
    meaning = understander.understand(text, context)
    scope = understander.scope(meaning.text)
    wanted = [intent.name for intent in meaning.intents if intent.score >= SURE]
    return {
        "text": meaning.text,
        "intents": [{"name": i.name, "score": round(i.score, 3)} for i in meaning.intents],
        "entities": [
            {
                "type": entity.type,
                "value": str(entity.value),
                "words": entity.text,
                "confidence": round(entity.confidence, 3),
                "role": entity.role or "",
            }
            for entity in meaning.entities
        ],
        "slots": [{"name": name, "words": words} for name, words in meaning.slots],
        "nearest": list(meaning.nearest),
        "feelings": _feelings(meaning),
        "need": f"{meaning.need.name} ({meaning.need.score:.2f})" if meaning.need else "-",
        "documents": [
            {"score": round(quote.score, 3), "source": quote.source}
            for quote in understander.quotes(meaning.text)
        ],
        "decision": ", ".join(wanted) if wanted else "ask again",
        "reason": _reason(meaning, wanted, scope, understander.threshold),
    }


def _feelings(meaning: Understanding) -> str:
    felt = meaning.feelings
    if felt is None:
        return "-"
    return (
        f"{felt.sentiment} (negative {felt.negative:.2f}, positive {felt.positive:.2f}, "
        f"anger {felt.anger:.2f}, distress {felt.distress:.2f})"
    )


def _reason(
    meaning: Understanding, wanted: list[str], scope: float | None, threshold: float
) -> str:
    if scope is None:
        return "nothing was said"
    score = f"scope score {scope:.2f}, threshold {threshold:.2f}"
    if not meaning.in_scope:
        return f"out of scope: {score}"
    if not wanted:
        return f"in scope ({score}), but no intent reaches {SURE}"
    by = "the rules around the head" if scope < threshold else "the head"
    return f"in scope by {by}: {score}; each intent named reaches {SURE}"
