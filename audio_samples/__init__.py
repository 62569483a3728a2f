"""Recorded calls with their scenarios, and the programs that make them. Not installed."""
