"""Fitting the recogniser to a bank's callers on bad lines (docs/decisions/0037-fitted-ear.md)."""
