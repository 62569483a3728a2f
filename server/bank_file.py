"""The bank that the settings name; the embedded one is made, with demo customers, at first use."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from dialog.bank.bank import Bank, utc_now
from dialog.bank.demo import create_demo
from dialog.bank.migrate import upgrade
from dialog.bank.settings import BankSettings, PinCost
from server.settings import Settings, data_folder, read_pepper


def bank_url(settings: Settings) -> str:
    """The url of the bank; the embedded demo bank where none is configured."""
    return settings.database or f"sqlite:///{data_folder() / 'demo-bank.db'}"


def open_bank(settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> Bank:
    """The configured bank, its schema brought up to date.

    Only the embedded bank is filled with demo customers: their PINs are no secret.

    Raises:
        BankError: No bank, or one of another version.
        BankUnavailable: The database does not answer.
        SettingsError: The pepper cannot be read.
    """
    url, pepper = bank_url(settings), read_pepper(settings.pepper_file)
    if settings.database is None:
        create_demo(url, today=clock().date(), pepper=pepper)
    else:
        upgrade(url)
    chosen = BankSettings(
        survey_share=settings.survey_share, survey_every=timedelta(days=settings.survey_days)
    )
    outside = checkpoints_file(settings)
    return Bank(url, pepper=pepper, clock=clock, settings=chosen, checkpoints=outside)


def checkpoints_file(settings: Settings) -> Path:
    """Where the ends of the audit's chain are written down, outside the database."""
    return settings.audit_checkpoints or data_folder() / "audit-checkpoints.jsonl"


def fill_with_demo(settings: Settings, today: date) -> None:
    """Put the demo customers into the configured bank, which must be empty or the demo already."""
    pepper = read_pepper(settings.pepper_file)
    create_demo(bank_url(settings), today=today, pepper=pepper)


def stopped_clock(day: date, hour: int = 12) -> Callable[[], datetime]:
    """A clock that stands at an hour of a day: an injected today."""
    return lambda: datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def temporary_bank(
    folder: Path,
    today: date,
    *,
    hour: int = 12,
    cost: PinCost | None = None,
    survey_share: float = 0.0,
) -> Bank:
    """A fresh demo bank in a folder, for a replay or a demonstration.

    Args:
        folder: Where the file goes.
        today, hour: The day and hour that the bank's clock stands at.
        cost: Of hashing the PINs; None takes the real one.
        survey_share: Of its calls that are asked how they were.
    """
    url, pepper = f"sqlite:///{folder / 'bank.db'}", b"only for a bank that is thrown away....."
    create_demo(url, today=today, pepper=pepper, cost=cost)
    chosen = BankSettings(survey_share=survey_share)
    return Bank(url, pepper=pepper, clock=stopped_clock(today, hour), settings=chosen)
