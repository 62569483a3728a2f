"""The back office of the configured bank, beside the calls or for a command."""

from typing import TYPE_CHECKING

from dialog.bank.bank import Bank
from server.bank_file import bank_url
from server.core_banking import HttpCoreBanking, LocalCoreBanking
from server.settings import Settings, data_folder

if TYPE_CHECKING:
    from dialog.backoffice.engine import BackOffice
    from dialog.backoffice.ports import CoreBanking


def core_banking(settings: Settings) -> "CoreBanking":
    """The systems that make cards: the configured service, else a file here."""
    if settings.core_banking is None:
        return LocalCoreBanking(data_folder() / "outbox" / "cards.jsonl")
    return HttpCoreBanking(settings.core_banking.url, settings.core_banking.token)


def open_office(settings: Settings, bank: Bank) -> "BackOffice":
    """Take up what is under way and be ready for more (blocking; the engine is slow to import)."""
    from dialog.backoffice.engine import BackOffice, office_url
    from dialog.backoffice.patience import Patience
    from dialog.backoffice.steps import Desk

    desk = Desk(bank, core_banking(settings), Patience())
    office = BackOffice(desk, office_url(bank_url(settings)))
    office.open()
    return office
