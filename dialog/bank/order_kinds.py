"""All that can be ordered but transfers, by the name that its orders are kept under."""

from dialog.bank.call_backs import CallBack
from dialog.bank.card_orders import REPLACE, Activate, Limit, Replace, Trip, Unblock
from dialog.bank.disputes import Dispute
from dialog.bank.loans.applications import LoanOrder
from dialog.bank.orders import OrderKind
from dialog.bank.products.orders import PROFILE, ConsentOrder, ProfileOrder
from dialog.bank.settings import BankSettings
from dialog.bank.surveys import SurveyAnswer, SurveyAsked


def order_kinds(settings: BankSettings) -> dict[str, OrderKind]:
    """The kinds of order, as the settings have them."""
    return {
        "unblock": Unblock(),
        "limit": Limit(settings.card_limits),
        "trip": Trip(),
        REPLACE: Replace(),
        "activate": Activate(),
        "loan": LoanOrder(),
        "call_back": CallBack(),
        "dispute": Dispute(),
        "survey": SurveyAnswer(),
        "survey_asked": SurveyAsked(),
        "consent": ConsentOrder(),
        "withdrawal": ConsentOrder(),
        PROFILE: ProfileOrder(),
    }
