"""Exact values read from an utterance: one kind of value a file."""
