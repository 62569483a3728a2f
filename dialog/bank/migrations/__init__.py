"""Alembic migrations of the bank's schema."""
