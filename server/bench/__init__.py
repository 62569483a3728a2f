"""Measurements against peers: each prints a table that anybody can print again."""
