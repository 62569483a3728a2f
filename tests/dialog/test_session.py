"""Trust ends: after a long silence, a long call, a clock that jumps, and three wrong codes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from calling import CHEAP, PEPPER, Caller, entity, money

from dialog.bank.bank import Bank
from dialog.bank.demo import demo_customers
from dialog.bank.settings import BankSettings

MARIA = ("40217308", "4821")


class MovedClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 16, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **period: float) -> None:
        self.now += timedelta(**period)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def bank(bank_url: str, clock: MovedClock) -> Iterator[Bank]:
    bank = Bank(bank_url, pepper=PEPPER, clock=clock, settings=BankSettings(pin_cost=CHEAP))
    yield bank
    bank.close()


def asks_to_pay(caller: Caller, amount: str):
    return caller.says(
        f"send {amount} dollars to Anna",
        "transfer",
        money(amount),
        entity("payee", "Anna Keller", role="to"),
    )


def test_who_was_silent_for_five_minutes_is_asked_again(caller: Caller, clock: MovedClock) -> None:
    caller.logs_in(*MARIA)
    clock.pass_time(minutes=4, seconds=59)
    assert caller.says("my balance", "balance").action == "tell_balance"
    clock.pass_time(minutes=5)
    answer = caller.says("my balance", "balance")
    assert answer.action == "session_expired"
    assert caller.conversation.state.customer_id is None
    assert caller.conversation.context.payees == ()
    assert caller.says("my balance", "balance").action == "ask_customer_number"
    assert caller.logs_in(*MARIA).action == "tell_balance"


def test_our_own_questions_into_silence_keep_nobody_identified(
    caller: Caller, clock: MovedClock
) -> None:
    caller.logs_in(*MARIA)
    caller.says("hold on", "wait")
    for _ in range(4):
        clock.pass_time(minutes=1, seconds=15)
        caller.conversation.silence()
    assert caller.says("my balance", "balance").action == "session_expired"


def test_a_yes_after_a_long_silence_moves_nothing(
    caller: Caller, clock: MovedClock, bank: Bank
) -> None:
    caller.logs_in(*MARIA)
    assert asks_to_pay(caller, "60").action == "confirm_transfer"
    clock.pass_time(minutes=6)
    assert caller.says("yes", "affirm").action == "session_expired"
    caller.says("yes", "affirm")
    assert bank.books()["transfers"] == []


def test_nobody_stays_identified_for_more_than_an_hour(caller: Caller, clock: MovedClock) -> None:
    caller.logs_in(*MARIA)
    for _ in range(15):
        clock.pass_time(minutes=3, seconds=59)
        assert caller.says("my balance", "balance").action == "tell_balance"
    clock.pass_time(seconds=15)
    assert caller.says("my balance", "balance").action == "session_expired"


def test_a_clock_that_jumps_back_keeps_nobody_identified(caller: Caller, clock: MovedClock) -> None:
    caller.logs_in(*MARIA)
    clock.pass_time(hours=-3)
    assert caller.says("my balance", "balance").action == "session_expired"


def test_a_stranger_has_no_session_to_lose(caller: Caller, clock: MovedClock) -> None:
    clock.pass_time(hours=2)
    assert caller.says("my balance", "balance").action == "ask_customer_number"


def test_three_wrong_codes_end_trust_and_not_just_the_payment(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    assert asks_to_pay(caller, "1500").action == "ask_code"
    code = bank.letters()[-1]["body"]
    wrong = "000000" if "000000" not in code else "000001"
    answers = [caller.keys(f"{wrong}#") for _ in range(3)]
    assert [answer.action for answer in answers] == ["ask_code", "ask_code", "locked_out"]
    assert answers[-1].end == "transfer"
    assert "was identified as Maria, and is no more" in answers[-1].summary
    assert caller.conversation.state.customer_id is None
    caller.conversation.take_back()
    assert caller.says("my balance", "balance").action == "ask_customer_number"
    assert bank.books()["transfers"] == []


def test_three_wrong_codes_close_access_for_the_rest_of_the_call(
    caller: Caller, bank: Bank
) -> None:
    caller.logs_in(*MARIA)
    asks_to_pay(caller, "1500")
    wrong = "000000" if "000000" not in bank.letters()[-1]["body"] else "000001"
    for _ in range(3):
        caller.keys(f"{wrong}#")
    caller.conversation.take_back()
    answer = caller.logs_in(*MARIA)
    assert (answer.action, answer.end) == ("locked_out", "transfer")
    assert caller.conversation.state.customer_id is None


def test_the_line_of_who_failed_every_code_is_theirs_in_export_and_erasure(
    caller: Caller, bank: Bank
) -> None:
    """The summary names them, although they are identified no more."""
    caller.logs_in(*MARIA)
    asks_to_pay(caller, "1500")
    wrong = "000000" if "000000" not in bank.letters()[-1]["body"] else "000001"
    for _ in range(3):
        caller.keys(f"{wrong}#")
    (row,) = bank.privacy.export(MARIA[0], by="Ada")["waiting_callers"]
    assert "Maria" in row["summary"]


def test_who_is_erased_while_they_speak_is_nobody_from_then_on(caller: Caller, bank: Bank) -> None:
    """Daniel sends away all that he has, and is erased before his call is over."""
    daniel = next(c for c in demo_customers() if c.name.startswith("Daniel"))
    caller.logs_in(daniel.number, daniel.pin)
    caller.says("send it", "transfer", money("20.05"), entity("payee", "Mina Park", role="to"))
    assert caller.says("yes", "affirm").action == "transfer_done"
    bank.privacy.erase(daniel.number, by="Ada")
    assert caller.says("my balance", "balance").action == "session_expired"
    assert caller.says("my balance", "balance").action == "ask_customer_number"
    assert caller.logs_in(daniel.number, daniel.pin).action == "login_failed"


def test_what_is_said_by_who_was_erased_meanwhile_is_not_kept(caller: Caller, bank: Bank) -> None:
    """The answer was thought of before the erasure, and what it does comes after."""
    daniel = next(c for c in demo_customers() if c.name.startswith("Daniel"))
    caller.logs_in(daniel.number, daniel.pin)
    caller.says("send it", "transfer", money("20.05"), entity("payee", "Mina Park", role="to"))
    assert caller.says("yes", "affirm").action == "transfer_done"
    caller.says("I want to complain", "complaint")
    caller.says("the app lost my letters", "other")
    thought = caller.conversation.think("yes")
    bank.privacy.erase(daniel.number, by="Ada")
    answer = caller.conversation.commit(thought)
    assert (answer.action, answer.did) == ("session_expired", ("open_complaint: erased",))
    assert caller.says("let me talk to a person", "agent").end == "transfer"
    (waiting,) = bank.line.waiting()
    assert (bank.cases.open_cases(), waiting.summary) == ([], "erased")


def test_a_call_serves_one_customer_also_once_they_are_no_more_identified(
    caller: Caller, clock: MovedClock
) -> None:
    """Else the record of the call would be kept, given and erased under one of two names."""
    caller.logs_in(*MARIA)
    clock.pass_time(minutes=6)
    caller.says("my balance", "balance")
    caller.says("my balance", "balance")
    answer = caller.logs_in("51082645", "0472")
    assert (answer.action, answer.end) == ("locked_out", "transfer")
    assert "James" not in answer.summary
    assert caller.conversation.state.customer_id is None
    assert caller.conversation.state.served == 1


def test_who_waited_for_a_person_for_long_is_nobody_when_they_come_back(
    caller: Caller, clock: MovedClock
) -> None:
    """Whoever speaks into the waiting line keeps nobody identified."""
    caller.logs_in(*MARIA)
    assert caller.says("let me talk to a person", "agent").end == "transfer"
    clock.pass_time(minutes=30)
    caller.says("hello", "greet")
    caller.conversation.take_back()
    assert caller.says("what's my balance", "balance").action == "ask_customer_number"


def test_nothing_is_left_open_where_a_session_has_expired(
    caller: Caller, clock: MovedClock
) -> None:
    caller.logs_in(*MARIA)
    caller.says("my balance", "balance")
    caller.says("hold on", "wait")
    clock.pass_time(minutes=6)
    assert caller.says("hello", "greet").action == "session_expired"
    assert caller.says("mumble", "inform").action == "clarify"
