"""Meaning: intents, entities and the understanding of one utterance."""
