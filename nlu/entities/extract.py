"""All exact values of an utterance, with overlaps settled and roles set."""

from nlu.entities.dates import find_dates
from nlu.entities.digits import find_digits
from nlu.entities.kinds import find_bills, find_durations, find_kinds, find_ordinals, find_percents
from nlu.entities.money import find_money
from nlu.entities.payees import find_payees
from nlu.entities.periods import find_periods
from nlu.entities.phrase import Phrase, settle
from nlu.entities.recurrences import find_recurrences
from nlu.entities.roles import with_roles
from nlu.entities.times import find_times
from nlu.locales.locale import Locale
from nlu.understanding import Context, Entity

_READERS = (
    find_recurrences,
    find_periods,
    find_dates,
    find_times,
    find_percents,
    find_durations,
    find_money,
    find_digits,
    find_payees,
    find_kinds,
    find_bills,
    find_ordinals,
)


def extract(text: str, context: Context, locale: Locale) -> tuple[Entity, ...]:
    """The entities of a text in its order, none overlapping another."""
    phrase = Phrase.of(text, context, locale)
    found = [candidate for reader in _READERS for candidate in reader(phrase)]
    return tuple(with_roles(phrase, settle(found)))
