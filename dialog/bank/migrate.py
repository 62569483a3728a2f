"""Bringing a bank's schema to this version, with the migrations that ship in the package."""

import os
from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.orm import Session

from dialog.bank.database import Database, parse_url
from dialog.errors import BankError

MIGRATIONS = Path(__file__).parent / "migrations"
_ALEMBIC = Lock()
"""Alembic keeps the migration that runs in globals of the process: one at a time."""

ADVISORY_LOCK = 0x74656C6C
"""Any fixed number: who upgrades or fills a PostgreSQL bank holds this lock meanwhile."""


def upgrade(url: str) -> None:
    """Create the schema, or bring an older one up; a current one is left alone.

    All in one transaction: a crash leaves the old schema. A new SQLite file is made readable for
    its owner only, and set to write-ahead logging.

    Raises:
        BankError: The url is none of a bank, or the schema is of a newer version.
        BankUnavailable: The database does not answer.
    """
    _prepare_file(url)
    database = Database(url, wait_s=30.0)
    try:
        database.enter_wal()
        database.write(_upgrade)
    finally:
        database.close()


def require_current(database: Database) -> None:
    """Refuse a database whose schema is not this version's.

    Raises:
        BankError: It is missing, older or newer.
    """
    url = database.engine.url
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).is_file():
        raise BankError(f"bank url: {url.database}: no such file: make it with upgrade(url)")
    with database.reading() as session:
        found = _found(session)
    if found != _head():
        raise BankError(
            f"the bank's schema is {found or 'missing'}, this version needs {_head()}: "
            "run dialog.bank.migrate.upgrade(url) first"
        )


def hold_lock(session: Session) -> None:
    """Keep other processes from upgrading or filling the bank until the transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})


def _upgrade(session: Session) -> None:
    hold_lock(session)
    known = {script.revision for script in ScriptDirectory(MIGRATIONS).walk_revisions()}
    found = _found(session)
    if found is not None and found not in known:
        raise BankError(f"the bank's schema is {found}, of a newer version: update this program")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = session.connection()
    with _ALEMBIC:
        command.upgrade(config, "head")


def _found(session: Session) -> str | None:
    return MigrationContext.configure(session.connection()).get_current_revision()


def _head() -> str | None:
    return ScriptDirectory(MIGRATIONS).get_current_head()


def _prepare_file(url: str) -> None:
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database is None:
        return
    path = Path(parsed.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise BankError(f"bank url: {path}: {error.strerror}; give a path to write") from error
