"""Processes that outlive a call, as durable workflows: each survives a killed process."""
