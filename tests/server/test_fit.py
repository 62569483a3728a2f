"""How what was said fits what is waited for, and how likely it is all."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from dialog.decision import Act, Heard
from dialog.turns import Thought
from nlu.understanding import Entity, Expectation, ScoredIntent, Understanding
from server.call.fit import fit
from voice.turns import Fit

NUMBER = Expectation("customer_number", secret=True, digits=8)
OPEN = Expectation()
SEND = Act("execute_transfer", {}, "a-1")


def thought(text, intents=(), *, entities=(), finished=0.8, wants_more=False, act=None):
    scored = tuple(ScoredIntent(name, score) for name, score in intents)
    meant = Understanding(text, scored, tuple(entities), 0.9, True, finished=finished)
    decision = SimpleNamespace(act=act)
    return Thought(meant, decision, text, wants_more, None, None)


def digits(text):
    """What a thought of a secret holds: the digits in its event, and masked what it shows."""
    shown = thought("••.", entities=[Entity("digits", "•" * len(text), "••", 0, 2)])
    entity = Entity("digits", text, text, 0, len(text))
    return replace(shown, event=Heard(Understanding(f"{text}.", (), (entity,), 0.9, True)))


def over(*arguments, expectation=OPEN, **more):
    return fit(thought(*arguments, **more), expectation)[1]


@pytest.mark.parametrize(
    ("said", "expected"),
    [("4021", Fit.PARTIAL), ("40217308", Fit.COMPLETE), ("402173084", Fit.OPEN)],
)
def test_digits_are_waited_for_until_there_are_enough(said, expected):
    assert fit(digits(said), NUMBER)[0] is expected


@pytest.mark.parametrize(("said", "expected"), [("40217308", Fit.COMPLETE), ("40217388", Fit.OPEN)])
def test_a_number_that_fails_its_check_may_be_one_digit_short(said, expected):
    checked = replace(NUMBER, valid="customer_number")
    assert fit(digits(said), checked)[0] is expected


def test_digits_that_only_an_unlikely_reading_holds_may_go_on():
    heard = digits("4821")
    made_up = replace(heard, event=Heard(replace(heard.event.understanding, agreed=0.05)))
    assert fit(heard, replace(NUMBER, digits=4))[0] is Fit.COMPLETE
    assert fit(made_up, replace(NUMBER, digits=4))[0] is Fit.OPEN


def test_digits_that_nobody_asked_for_may_go_on():
    """Who opens a call with "four zero two one" has more of them."""
    number = Entity("digits", "4021", "4021", 0, 4)
    bare = over("4021.", [("inform", 0.95)], entities=[number], finished=0.9)
    assert bare < over("It is 4021.", [("balance", 0.9)], entities=[number], finished=0.9) / 2


def test_a_clear_request_in_a_finished_sentence_is_likely_all():
    assert over("What's my balance?", [("balance", 0.9)], finished=0.9) > 0.65


def test_one_whose_details_are_missing_is_less_likely_all():
    request = ("I'd like to make a transfer.", [("transfer", 0.9)])
    assert over(*request, wants_more=True) < over(*request)


def test_two_wishes_that_share_the_score_are_clear():
    both = [("transactions", 0.5), ("balance", 0.45)]
    assert over("My balance and my transactions.", both) == over("My balance.", [("balance", 0.9)])


def test_what_was_asked_for_is_more_likely_all():
    payee = Entity("payee", "Anna Keller", "Anna Keller", 3, 14)
    said = "To Anna Keller."
    asked = over(said, entities=[payee], expectation=Expectation("payee"))
    assert asked > over(said, entities=[payee])
    choice = Expectation("choice", choices=("savings",))
    assert over("Savings.", [("x", 0.1)], expectation=choice) > over("Savings.", [("x", 0.1)])


def test_nothing_but_what_was_asked_for_is_likelier_all():
    payee = Entity("payee", "Anna Keller", "Anna", 0, 4)
    asked = Expectation("payee")
    alone = over("Anna.", [("inform", 0.95)], entities=[payee], expectation=asked)
    beside = over("Anna, send.", [("inform", 0.3)], entities=[payee], expectation=asked)
    assert alone > beside > over("Anna.", [("inform", 0.95)], entities=[payee])


def test_an_amount_is_less_likely_all_than_a_name():
    """Fifty dollars may have cents."""
    said = [("inform", 0.95)]
    fifty, anna = Entity("money", "50", "fifty", 0, 5), Entity("payee", "Anna", "Anna", 0, 4)
    amount = over("Fifty.", said, entities=[fifty], expectation=Expectation("money"))
    assert amount < over("Anna.", said, entities=[anna], expectation=Expectation("payee"))


def test_only_a_plain_yes_is_taken_for_one():
    """The best intent of a fragment is a guess: "I ..." may be the beginning of anything."""
    question = Expectation("yes_no")
    yes = over("Yes.", [("affirm", 0.98)], expectation=question)
    assert yes > over("I.", [("affirm", 0.4)], expectation=question)
    assert fit(thought("I.", [("affirm", 0.4)], act=SEND), question)[0] is Fit.OPEN


def test_a_sentence_that_stops_at_a_small_word_goes_on():
    assert over("I want to send it to", [("transfer", 0.9)], finished=0.1) < 0.2


def test_no_words_are_nothing():
    assert fit(None, OPEN)[0] is Fit.NOTHING
    assert fit(thought("  "), NUMBER)[0] is Fit.NOTHING


def test_the_yes_that_moves_money_binds():
    yes = Expectation("yes_no")
    assert fit(thought("Yes.", [("affirm", 0.98)], act=SEND), yes)[0] is Fit.BINDING
    assert fit(thought("Yes.", [("affirm", 0.98)]), yes)[0] is Fit.OPEN
