"""Decisions: flows, the dialog manager, authentication, replies and the bank."""
