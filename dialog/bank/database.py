"""Transactions on SQLite and PostgreSQL: all or nothing, and a plain error when it is nothing.

SQLite: WAL, and every write transaction starts with BEGIN IMMEDIATE, so that writers queue up
before they have read anything (those of one process in the order of asking). PostgreSQL: READ
COMMITTED with row locks for writes, a REPEATABLE READ snapshot for reads. Accounts are locked in
the order of their ids; where writers wait for each other all the same, the server ends one of them,
and it is run again.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from dialog.bank.fair_lock import FairLock
from dialog.errors import BankError, BankUnavailable, LedgerError, OutcomeUnknown

T = TypeVar("T")

logger = logging.getLogger(__name__)

WRITE_ATTEMPTS = 3
SQLITE_IOERR = 10
RETRIED_SQLSTATES = {"40001", "40P01"}
"""Serialization failure and deadlock: PostgreSQL's word for "roll back and try again"."""


def parse_url(url: str) -> URL:
    """The database's address.

    Raises:
        BankError: Not an address of a SQLite file or a PostgreSQL server.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise BankError(
            "bank url: not a database address; use sqlite:///path or postgresql+psycopg://"
        ) from None
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise BankError(f"bank url: {parsed.drivername}: use sqlite:/// or postgresql+psycopg://")
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise BankError("bank url: the bank needs a file: sqlite:///path/to/bank.db")
    return parsed


def make_engine(url: str, wait_s: float) -> Engine:
    """An engine whose connections wait at most wait_s seconds for anybody else's lock."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed, wait_s)
    milliseconds = round(wait_s * 1000)
    engine = create_engine(
        parsed,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_timeout=wait_s,
        connect_args={"connect_timeout": max(2, round(wait_s))},
    )

    @event.listens_for(engine, "connect")
    def _limit_waiting(dbapi_connection: Any, _record: object) -> None:
        with dbapi_connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {milliseconds}")
            cursor.execute(f"SET statement_timeout = {4 * milliseconds}")
        dbapi_connection.commit()

    return engine


def _sqlite_engine(url: URL, wait_s: float) -> Engine:
    engine = create_engine(
        url, hide_parameters=True, pool_timeout=wait_s, connect_args={"timeout": wait_s}
    )

    @event.listens_for(engine, "connect")
    def _prepare(dbapi_connection: sqlite3.Connection, _record: object) -> None:
        # The driver's own BEGIN comes too late and is never IMMEDIATE: we say it ourselves.
        dbapi_connection.isolation_level = None
        for pragma in ("foreign_keys = ON", "synchronous = FULL"):
            dbapi_connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


class Database:
    """Reads and writes in transactions; every failure comes out as a BankError."""

    def __init__(self, url: str, *, wait_s: float) -> None:
        self.engine = make_engine(url, wait_s)
        self._wait_s = wait_s
        self._writers = FairLock() if self.engine.dialect.name == "sqlite" else None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one consistent snapshot and is rolled back at the end.

        Raises:
            BankUnavailable: The database cannot be read.
        """
        try:
            with self.engine.connect() as connection:
                if self.engine.dialect.name == "postgresql":
                    connection = connection.execution_options(isolation_level="REPEATABLE READ")
                with Session(connection) as session:
                    yield session
        except (DBAPIError, PoolTimeout) as error:
            raise _unavailable("read", error) from error

    def write(self, work: Callable[[Session], T]) -> T:
        """Run work in one transaction and commit it; run it again after a deadlock or a lost link.

        Work must therefore bear being run twice: what it did the first time is rolled back,
        unless the link was lost during the commit itself (a transfer then finds its own entry).

        Raises:
            BankUnavailable: The database cannot be written; nothing was done.
            OutcomeUnknown: The link broke during the commit and did not come back.
            LedgerError: The database refused a row that breaks a rule of the books.
            BankError: What work itself raised; nothing was done.
        """
        in_doubt = False
        for last in (False,) * (WRITE_ATTEMPTS - 1) + (True,):
            try:
                return self._write_once(work)
            except IntegrityError as error:
                # The database's own text quotes the row: it must not travel into logs.
                raise LedgerError(f"a constraint refused the write ({_code(error)})") from None
            except (DBAPIError, PoolTimeout, _CommitDoubtError) as failure:
                in_doubt = in_doubt or isinstance(failure, _CommitDoubtError)
                cause = failure.cause if isinstance(failure, _CommitDoubtError) else failure
                if last or not _worth_retrying(cause):
                    raise _unavailable("written", cause, in_doubt=in_doubt) from cause
                logger.warning("bank.retry", extra={"error_code": _code(cause)})
        raise AssertionError("the last attempt returns or raises")

    def enter_wal(self) -> None:
        """Set a SQLite file to write-ahead logging, once and for good.

        Raises:
            BankUnavailable: The file cannot be written.
        """
        if self.engine.dialect.name != "sqlite":
            return
        try:
            connection = self.engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA journal_mode = WAL")
            finally:
                connection.close()
        except (sqlite3.Error, DBAPIError) as error:
            raise _unavailable("written", error) from error

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """SQLite has one writer: those of this process queue up instead of polling for it."""
        if self._writers is None:
            yield
            return
        if not self._writers.acquire(self._wait_s):
            raise PoolTimeout("the writers before this one took too long")
        try:
            yield
        finally:
            self._writers.release()

    def _write_once(self, work: Callable[[Session], T]) -> T:
        with (
            self._turn(),
            self.engine.connect().execution_options(writes=True) as connection,
            Session(connection, expire_on_commit=False) as session,
        ):
            result = work(session)
            session.flush()
            try:
                session.commit()
            except DBAPIError as error:
                if _link_lost(error):
                    raise _CommitDoubtError(error) from error
                raise
            return result


class _CommitDoubtError(Exception):
    """The commit was sent and no answer came back."""

    def __init__(self, cause: DBAPIError) -> None:
        self.cause = cause


def _link_lost(error: Exception) -> bool:
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "sqlite_errorcode", None)
    # The low byte is the primary code; a failed fsync leaves SQLite's commit in doubt too.
    return error.connection_invalidated or (code is not None and code & 0xFF == SQLITE_IOERR)


def _worth_retrying(error: Exception) -> bool:
    return _code(error) in RETRIED_SQLSTATES or _link_lost(error)


def _code(error: Exception) -> str:
    """The database's own name for what went wrong; never its text, which may quote a row."""
    orig = getattr(error, "orig", None) or error
    code = getattr(orig, "sqlstate", None) or getattr(orig, "sqlite_errorname", None)
    return str(code or type(orig).__name__)


def _unavailable(verb: str, error: Exception, *, in_doubt: bool = False) -> BankUnavailable:
    if in_doubt:
        return OutcomeUnknown(
            f"the bank's database went away during a commit ({_code(error)}): "
            "ask again with the same proposal to learn whether it was done"
        )
    return BankUnavailable(
        f"the bank's database could not be {verb} ({_code(error)}): nothing was done; "
        "see that it runs, has space and that nothing holds its lock, then try again"
    )
