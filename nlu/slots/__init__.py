"""Slots that a bank's own data names: words of an utterance, by a trained head."""
