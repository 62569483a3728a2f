"""Recorded calls, their scenarios and the verdict on them."""
