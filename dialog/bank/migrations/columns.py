"""Columns that migrations write again and again, as dialog.bank.tables has them."""

from typing import Any

import sqlalchemy as sa

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TIME = sa.DateTime(timezone=True)


def needed(name: str, kind: Any) -> "sa.Column[Any]":
    """A column that is never empty."""
    return sa.Column(name, kind, nullable=False)


def refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    """A foreign key to another table's id."""
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name)
