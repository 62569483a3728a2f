"""Telephone trunks: SIP calls through baresip, each one line like any other (docs/channels.md)."""
