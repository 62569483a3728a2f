"""What words point at: a person, an amount, a day that was spoken of before."""

from datetime import date
from decimal import Decimal

import pytest
from calling import Caller, entity, money

CONFIRMED = "confirm_transfer"


@pytest.fixture
def asked(caller: Caller) -> Caller:
    """Sixty dollars to Anna are read back."""
    caller.logs_in("40217308", "4821")
    answer = caller.says("60 to Anna", "transfer", money("60"), entity("payee", "Anna Keller"))
    assert answer.action == CONFIRMED
    return caller


@pytest.fixture
def sent(asked: Caller) -> Caller:
    """They were sent."""
    assert asked.says("yes", "affirm").action == "transfer_done"
    return asked


def read_back(caller: Caller) -> str:
    return " ".join(caller.answers[-1].say)


@pytest.mark.parametrize(
    ("text", "role", "amount"),
    [("twenty more", "more", "$80.00"), ("twenty less", "less", "$40.00")],
)
def test_a_step_counts_from_the_amount_that_was_read_back(
    asked: Caller, text: str, role: str, amount: str
) -> None:
    asked.says(text, "inform", money("20", "twenty", role=role))
    assert f"{amount} to Anna Keller" in read_back(asked)


def test_a_step_below_nothing_is_refused(asked: Caller) -> None:
    answer = asked.says("eighty less", "correct", money("80", "eighty", role="less"))
    assert answer.action == "transfer_refused"


def test_a_step_from_nothing_is_an_amount(caller: Caller) -> None:
    caller.logs_in("40217308", "4821")
    caller.says(
        "20 more to Anna",
        "transfer",
        money("20", "20", role="more"),
        entity("payee", "Anna Keller"),
    )
    assert "$20.00 to Anna Keller" in read_back(caller)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("no, half of that", "$30.00"), ("double it", "$120.00"), ("three times that", "$180.00")],
)
@pytest.mark.parametrize("sounds_like", ["repeat", "deny", "correct", "inform"])
def test_a_share_counts_from_the_amount_whatever_it_sounds_like(
    asked: Caller, text: str, amount: str, sounds_like: str
) -> None:
    asked.says(text, sounds_like)
    assert amount in read_back(asked)
    assert asked.answers[-1].action == CONFIRMED


def test_a_pronoun_is_who_was_paid_last(sent: Caller) -> None:
    sent.says("send her another fifty", "transfer", money("50", "fifty"))
    assert "$50.00 to Anna Keller" in read_back(sent)


def test_a_pronoun_of_nobody_is_asked_about(caller: Caller) -> None:
    caller.logs_in("40217308", "4821")
    assert caller.says("send her fifty", "transfer", money("50", "fifty")).action == "ask_payee"


def test_the_same_to_somebody_else_is_another_order(sent: Caller) -> None:
    sent.says("and the same to Tom", "correct", entity("payee", "Tom Becker", role="to"))
    assert "$60.00 to Tom Becker" in read_back(sent)
    assert sent.says("yes", "affirm").action == "transfer_done"


def test_the_same_again_is_read_back_before_it_is_sent(sent: Caller) -> None:
    answer = sent.says("the same again please", "repeat", others={"affirm": 0.1})
    assert answer.did[-1].startswith("propose_transfer")
    assert "$60.00 to Anna Keller" in read_back(sent)


def test_another_request_with_such_words_is_that_request(sent: Caller) -> None:
    answer = sent.says("the balance as well", "balance", entity("account_kind", "savings"))
    assert answer.action == "tell_balance"


def test_without_an_order_before_nothing_is_ordered_again(caller: Caller) -> None:
    caller.logs_in("40217308", "4821")
    assert caller.says("the same again", "repeat").did == ()


def test_now_takes_the_place_of_a_later_day(caller: Caller) -> None:
    caller.logs_in("40217308", "4821")
    caller.says(
        "30 to Anna on Friday",
        "transfer",
        money("30", "30"),
        entity("payee", "Anna Keller"),
        entity("date", date(2026, 3, 20)),
    )
    caller.says("just send it now", "cancel", score=0.8)
    assert "March" not in read_back(caller)
    assert caller.says("yes", "affirm").did == ("execute_transfer: ok",)


def test_a_secret_is_never_taken_for_a_step(caller: Caller) -> None:
    caller.says("balance", "balance")
    caller.keys("40217308#")
    caller.says("double it", "repeat")
    assert caller.conversation.state.customer_id is None


def test_values_that_only_the_flow_below_takes_take_it_up(caller: Caller) -> None:
    caller.logs_in("40217308", "4821")
    caller.says("send money to Anna", "transfer", entity("payee", "Anna Keller"))
    blocking = caller.says("block my debit card", "block_card", entity("card_kind", "debit"))
    assert blocking.action == "confirm_block"
    caller.says("right, twenty dollars", "inform", money("20", "twenty dollars"))
    assert "$20.00 to Anna Keller" in read_back(caller)
    caller.says("yes", "affirm")
    assert "debit card ending in 3316" in read_back(caller)
    books = caller.conversation._bank.books()
    (made,) = [t for t in books["transfers"] if Decimal(str(t["amount"])) == 20]
    assert made["to"] == "Anna Keller"


def test_not_yet_is_no_no(asked: Caller) -> None:
    assert asked.says("not yet", "deny").action == "wait"
    assert asked.says("yes", "affirm").action == "transfer_done"


def test_not_one_of_two_accounts_is_the_other(caller: Caller) -> None:
    caller.logs_in("40217308", "4821")
    said = caller.says(
        "my account, not checking", "balance", entity("account_kind", "checking", role="not")
    )
    assert "$8,300.00" in " ".join(said.say)
    assert "$2,450.75" not in " ".join(said.say)


def test_a_value_alone_begins_the_order_that_takes_it(caller: Caller) -> None:
    caller.logs_in("40217308", "4821")
    answer = caller.says("it's to Anna", "inform", entity("payee", "Anna Keller", role="to"))
    assert answer.action == "ask_amount"


def test_who_wants_nothing_more_may_say_it_in_many_ways(caller: Caller) -> None:
    caller.logs_in("40217308", "4821")
    caller.says("my balance", "balance")
    sounds = {"goodbye": 0.28, "deny": 0.23}
    answer = caller.says("that's all I wanted", "refuse", score=0.32, others=sounds)
    assert answer.end == "goodbye"


def test_the_other_account_of_two_is_told_after_the_first(caller: Caller) -> None:
    caller.logs_in("40217308", "4821")
    caller.says("checking balance", "balance", entity("account_kind", "checking"))
    said = caller.says("and the other one", "correct")
    assert "$8,300.00" in " ".join(said.say)
    assert "$2,450.75" not in " ".join(said.say)
