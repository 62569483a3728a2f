from datetime import date

import pytest

from nlu.entities.extract import extract
from nlu.locales.locale import load_locale
from nlu.understanding import Context, Entity

LOCALE = load_locale("en")
MARIA = ("Anna Keller", "Tom Becker", "City Power", "Hanna Cole")
PRIYA = ("Stephen Moore", "Sofia Rossi", "Blue River Insurance")


def payees(text: str, known: tuple[str, ...] = MARIA) -> list[Entity]:
    found = extract(text, Context(date(2026, 3, 16), known), LOCALE)
    return [entity for entity in found if entity.type == "payee"]


@pytest.mark.parametrize(
    ("text", "name", "known"),
    [
        ("send fifty dollars to Hannah Kohl", "Hanna Cole", MARIA),
        ("Hanna Kole", "Hanna Cole", MARIA),
        ("pay Hannah Cohl", "Hanna Cole", MARIA),
        ("to Ana Keller", "Anna Keller", MARIA),
        ("send it to Anna Kellar please", "Anna Keller", MARIA),
        ("forty dollars to Anna Killa.", "Anna Keller", MARIA),
        ("to Anna Kela", "Anna Keller", MARIA),
        ("to Anakella, please", "Anna Keller", MARIA),
        ("pay Tom Baker twenty dollars", "Tom Becker", MARIA),
        ("transfer $50 to tom", "Tom Becker", MARIA),
        ("Shoot Tom forty bucks", "Tom Becker", MARIA),
        ("City Power", "City Power", MARIA),
        ("pay $120 to city power", "City Power", MARIA),
        ("Steven Moor", "Stephen Moore", PRIYA),
        ("send 40 to Sophia Rossi", "Sofia Rossi", PRIYA),
        ("to Sophia", "Sofia Rossi", PRIYA),
        ("pay Blue River", "Blue River Insurance", PRIYA),
        (
            "sixty dollars to Greenfield",
            "Greenfield Rentals",
            ("Greenfield Rentals", "Luis Ortega"),
        ),
        ("I need to pay Greenfield Rentals $9", "Greenfield Rentals", ("Greenfield Rentals",)),
        ("to Louis Ortega", "Luis Ortega", ("Greenfield Rentals", "Luis Ortega")),
    ],
)
def test_a_payee_is_found_by_sound_as_well_as_by_spelling(text, name, known):
    (entity,) = payees(text, known)
    assert entity.value == name
    assert not entity.text.startswith(("to ", "pay "))
    assert entity.confidence >= 0.7


@pytest.mark.parametrize(
    "text",
    [
        "send fifty dollars to Peter Miller",
        "pay Bob",
        "send 50 dollars to anna miller",
        "transfer $20 to Tom Hanks",
        "send more money",
        "pay the power bill",
        "to my brother",
        "what's on my account",
        "an apple and a banana",
        "I am in town",
        "to Keith Anderson",
        "to Anna Miller and Mila",
        "send it to Johanna Kowalski",
    ],
)
def test_a_name_of_nobody_in_the_list_is_never_taken_surely(text):
    assert all(entity.confidence < 0.5 for entity in payees(text))


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("move fifty dollars to savers", ("Sofia Rossi",)),
        ("send it to my savers account", ("Sofia Rossi",)),
        ("my husband suffers from it", ("Sofia Rossi",)),
        ("I broke my ankle", ("Anna Keller",)),
        ("I need a loan", ("Li Na",)),
        ("what's my credit line", ("Li Na",)),
        ("I want to sell something", ("Sue Ely",)),
    ],
)
def test_an_ordinary_word_is_no_name_of_two_words_by_its_sound(text, known):
    assert not payees(text, known)


@pytest.mark.parametrize(
    "text", ["send the insurance fifty dollars", "pay the insurance $50", "pay the insurance 50"]
)
def test_a_company_may_be_named_by_its_trade(text):
    assert [found.value for found in payees(text, PRIYA)] == ["Blue River Insurance"]


def test_a_bill_by_its_trade_is_no_payee():
    assert payees("pay the insurance bill", PRIYA) == []


def test_more_money_is_no_payment_to_mister_moore():
    assert payees("I need more money", PRIYA) == []


def test_a_first_name_that_two_share_is_unsure():
    (shared,) = payees("to Anna", ("Anna Keller", "Anna Schmidt"))
    (alone,) = payees("to Anna", ("Anna Keller", "Bert Schmidt"))
    assert shared.confidence < 0.55 < alone.confidence


def test_nobody_is_found_before_authentication():
    assert payees("send fifty dollars to Anna Keller", ()) == []


def test_roles_come_from_the_words_before():
    found = extract("from checking to my savings account", Context(date(2026, 3, 16)), LOCALE)
    assert [(e.value, e.role) for e in found] == [("checking", "from"), ("savings", "to")]
    assert [(e.value, e.role) for e in payees("no, not Anna, to Tom")] == [
        ("Anna Keller", "not"),
        ("Tom Becker", "to"),
    ]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("my check in account", "account_kind", "checking"),
        ("the checking", "account_kind", "checking"),
        ("saving account", "account_kind", "savings"),
        ("block the debit one", "card_kind", "debit"),
        ("my credit card", "card_kind", "credit"),
    ],
)
def test_kinds_are_found_as_the_recogniser_writes_them(text, kind, value):
    found = extract(text, Context(date(2026, 3, 16)), LOCALE)
    assert [(e.type, e.value) for e in found] == [(kind, value)]


def test_a_credit_score_is_no_card():
    assert extract("what is my credit score", Context(date(2026, 3, 16)), LOCALE) == ()


def test_a_word_that_connects_a_name_is_nobody():
    assert payees("send 20 to and", ("Bed Bath and Beyond",)) == []
    assert [e.value for e in payees("20 to Bed Bath and Beyond", ("Bed Bath and Beyond",))] == [
        "Bed Bath and Beyond"
    ]


@pytest.mark.parametrize(
    ("text", "found"), [("nope, kill that", 0), ("kill that", 0), ("to Kole", 1)]
)
def test_a_word_that_is_alike_by_sound_alone_must_stand_where_a_payee_does(text, found):
    assert len(payees(text)) == found
