"""What could I do with my savings: consent, a reason, and never in anger."""

from dataclasses import replace
from datetime import date, time

import pytest
from calling import Caller, entity, money

from dialog.bank.bank import Bank
from dialog.turns import Response
from nlu.understanding import Feelings

MARIA = ("40217308", "4821")
WISH = "what could I do with my savings"


def said(answer: Response) -> str:
    return " ".join(answer.say)


def done(bank: Bank) -> list[str]:
    return [row["action"] for row in bank.audit_rows(100) if row["result"] == "ok"]


@pytest.fixture
def maria(caller: Caller) -> Caller:
    caller.logs_in(*MARIA)
    return caller


def answers(caller: Caller) -> Response:
    caller.says("yes", "affirm")
    caller.says("a rainy day, in case something breaks", None)
    caller.says("one year", "inform", entity("duration", "12"))
    return caller.says("careful", "inform", entity("attitude", "careful"))


def feels(caller: Caller, text: str, **feelings: float) -> Response:
    """Say something that carries a feeling."""
    caller.says(text, "balance")
    meaning = caller.told.meanings[text]
    caller.told.meanings[text] = replace(meaning, feelings=Feelings(**feelings))
    return caller.conversation.hear(text)


def test_a_product_is_recommended_with_its_reason_after_consent(maria: Caller, bank: Bank) -> None:
    answer = maria.says(WISH, "recommendation")
    assert answer.action == "ask_consent"
    assert "recommend" not in done(bank)
    answer = answers(maria)
    assert answer.action == "tell_recommendation"
    assert "easy saver" in said(answer)
    assert "because of" in said(answer) or "What speaks for it" in said(answer)
    assert "recommend" in done(bank)


def test_no_consent_looks_at_nothing(maria: Caller, bank: Bank) -> None:
    maria.says(WISH, "recommendation")
    assert maria.says("no", "deny").action == "advice_dropped"
    assert not bank.advice.profile(1).consented
    assert "recommend" not in done(bank)


def test_interest_books_a_call_about_the_product(maria: Caller, bank: Bank) -> None:
    maria.says(WISH, "recommendation")
    answers(maria)
    assert maria.says("yes", "affirm").action == "ask_call_back"
    maria.says("tomorrow", "inform", entity("date", date(2026, 3, 17)))
    answer = maria.says("at ten", "inform", entity("time", time(10)))
    assert answer.action == "confirm_call_back"
    assert maria.says("yes", "affirm").action == "call_back_booked"
    assert [one.interested for one in bank.advice.answers()] == [True]


def test_no_interest_is_kept_and_asked_no_more(maria: Caller, bank: Bank) -> None:
    maria.says(WISH, "recommendation")
    first = said(answers(maria))
    maria.says("no thanks", "deny")
    assert [one.interested for one in bank.advice.answers()] == [False]
    again = maria.says("recommend something else", "recommendation")
    assert again.action in ("tell_recommendation", "advice_dropped")
    assert said(again) != first
    assert "suggest the easy saver" not in said(again)


@pytest.mark.parametrize("feeling", [{"anger": 0.8}, {"distress": 0.8}])
def test_nothing_is_sold_to_an_angry_or_distressed_caller(
    maria: Caller, bank: Bank, feeling: dict[str, float]
) -> None:
    feels(maria, "this is an outrage", negative=0.9, **feeling)
    for _ in range(6):
        maria.says("what's my balance", "balance")
    answer = maria.says(WISH, "recommendation")
    assert answer.action in ("advice_dropped", "offer_person")
    assert "recommend" not in done(bank)


def test_who_grows_angry_in_the_middle_hears_no_recommendation(maria: Caller, bank: Bank) -> None:
    maria.says(WISH, "recommendation")
    maria.says("yes", "affirm")
    maria.says("a rainy day", None)
    maria.says("one year", "inform", entity("duration", "12"))
    maria.told.meanings["careful, damn it"] = replace(
        maria.told.meanings["one year"],
        text="careful, damn it",
        entities=(entity("attitude", "careful"),),
        feelings=Feelings(negative=0.9, anger=0.9),
    )
    maria.conversation.hear("careful, damn it")
    assert "recommend" not in done(bank)


def test_who_tells_of_a_death_is_sold_nothing(maria: Caller, bank: Bank) -> None:
    maria.says("my husband died and I need the balance", "balance")
    assert maria.says(WISH, "recommendation").action in ("advice_dropped", "offer_person")


def test_products_are_told_and_compared_without_a_login(caller: Caller) -> None:
    assert "the bond fund" in said(caller.says("what savings products are there", "products"))
    one = said(caller.says("tell me about that", "products", entity("product", "fixed_deposit")))
    assert "4.2% a year" in one
    assert "12 months" in one
    assert "notice saver" in one
    two = caller.says(
        "the fixed deposit or the bond fund",
        "products",
        entity("product", "fixed_deposit"),
        entity("product", "bond_fund", role="other"),
    )
    assert "bond fund promises no rate" in said(two)


def test_a_profile_is_shown_explained_and_corrected(maria: Caller, bank: Bank) -> None:
    assert "no profile" in said(maria.says("what do you know of me", "profile"))
    maria.says(WISH, "recommendation")
    answers(maria)
    maria.says("no thanks", "deny")
    shown = said(maria.says("what is in my profile", "profile"))
    assert "a rainy day" in shown
    assert "1 years" in shown or "careful" in shown
    assert "last month" in shown
    maria.says("correct my profile", "change_profile")
    maria.says("my income", "inform", entity("profile_item", "income"))
    answer = maria.says("five thousand", "inform", money("5000"))
    assert answer.action == "confirm_profile"
    assert "$5,000.00" in said(answer)
    assert maria.says("yes", "affirm").action == "profile_changed"
    assert bank.advice.profile(1).corrected == ("income",)
    assert "your income" in said(maria.says("show me the profile", "profile"))


def test_a_profile_is_forgotten(maria: Caller, bank: Bank) -> None:
    maria.says(WISH, "recommendation")
    answers(maria)
    maria.says("no thanks", "deny")
    maria.says("correct my profile", "change_profile")
    maria.says("all of it", "inform", entity("profile_item", "consent"))
    assert maria.says("yes", "affirm").action == "profile_changed"
    assert not bank.advice.profile(1).consented
    assert maria.says(WISH, "recommendation").action == "ask_consent"


def test_what_was_asked_for_is_no_change_of_the_profile(maria: Caller, bank: Bank) -> None:
    maria.says(WISH, "recommendation")
    maria.says("yes", "affirm")
    maria.says("a rainy day, in case something breaks", None)
    maria.says("one year", "inform", entity("duration", "12"))
    words = entity("attitude", "careful")
    maria.says("I am rather careful", "change_profile", words, score=0.87)
    assert "recommend" in done(bank)
