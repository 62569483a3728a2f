"""Intents: the trained head over the sentence encoder and the rules around it."""
