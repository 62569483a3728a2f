"""A demo bank of one's own for every test, on SQLite (as the dialog's tests have it) and on
PostgreSQL."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from bank_callers import CHEAP, PEPPER, TODAY, Clock, Somebody, meet, plain
from sqlalchemy import make_url

from dialog.bank.bank import Bank
from dialog.bank.demo import create_demo
from dialog.bank.settings import BankSettings
from dialog.bank.tables import Base

POSTGRES = os.environ.get(
    "TELLERLINE_TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/test"
)
TABLES = [table.name for table in Base.metadata.sorted_tables]


@pytest.fixture
def sqlite_url(bank_url: str) -> str:
    """On SQLite, beside postgres_url."""
    return bank_url


@pytest.fixture(scope="session")
def postgres() -> Iterator[psycopg.Connection]:
    """The test server, as somebody who may create databases."""
    try:
        admin = psycopg.connect(plain(POSTGRES), autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        pytest.skip(f"no PostgreSQL answers at {make_url(POSTGRES).host}:{make_url(POSTGRES).port}")
    with admin:
        yield admin


@contextmanager
def database_of_its_own(admin: psycopg.Connection, template: str) -> Iterator[str]:
    """The address of a new copy of a template database, gone at the end."""
    name = f"bank_{uuid.uuid4().hex[:12]}"
    admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield make_url(POSTGRES).set(database=name).render_as_string(False)
    admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_empty_url(postgres: psycopg.Connection) -> Iterator[str]:
    with database_of_its_own(postgres, "template0") as url:
        yield url


@pytest.fixture(scope="session")
def postgres_demo(postgres: psycopg.Connection) -> Iterator[str]:
    """The address of the demo bank that all tests get in turn, with a copy of how it began."""
    with database_of_its_own(postgres, "template0") as url:
        create_demo(url, today=TODAY, pepper=PEPPER, cost=CHEAP)
        with psycopg.connect(plain(url)) as session:
            # Tests kill processes of ours, never the server: its commits need not reach the disk.
            session.execute(f"ALTER DATABASE {make_url(url).database} SET synchronous_commit = off")
            session.execute("CREATE SCHEMA pristine")
            for table in TABLES:
                session.execute(f"CREATE TABLE pristine.{table} AS TABLE public.{table}")
        yield url


@pytest.fixture
def postgres_url(postgres_demo: str) -> str:
    """The demo bank as it began: a new database for every test would take a second each."""
    with psycopg.connect(plain(postgres_demo)) as session:
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        session.execute("DROP SCHEMA IF EXISTS dbos CASCADE")  # a back office of the test before
        # The one way past the append-only triggers, open to a superuser only.
        session.execute("SET session_replication_role = replica")
        for table in TABLES:
            session.execute(f"DELETE FROM public.{table}")
            session.execute(f"INSERT INTO public.{table} TABLE pristine.{table}")
    return postgres_demo


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The demo bank's address, on both databases."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(name))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with nothing in it, on both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return str(request.getfixturevalue("postgres_empty_url"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


OpenBank = Callable[..., Bank]


@pytest.fixture
def open_bank(clock: Clock) -> Iterator[OpenBank]:
    """Opens banks with cheap PINs, no risk rules and the test's clock; closes them at the end."""
    opened: list[Bank] = []

    def open_(url: str, **settings: object) -> Bank:
        chosen = BankSettings.model_validate({"pin_cost": CHEAP, "rules": (), **settings})
        opened.append(Bank(url, pepper=PEPPER, clock=clock, settings=chosen))
        return opened[-1]

    yield open_
    for bank in opened:
        bank.close()


@pytest.fixture
def bank(open_bank: OpenBank, url: str) -> Bank:
    return open_bank(url)


@pytest.fixture
def maria(bank: Bank) -> Somebody:
    return meet(bank, "Maria")


@pytest.fixture
def james(bank: Bank) -> Somebody:
    return meet(bank, "James")


@pytest.fixture
def balances(bank: Bank) -> Callable[[], dict[str, str]]:
    """Reads the books: "Maria/checking" to its balance."""

    def read() -> dict[str, str]:
        return {
            f"{customer['name'].split()[0]}/{account['kind']}": account["balance"]
            for customer in bank.books()["customers"]
            for account in customer["accounts"]
        }

    return read
