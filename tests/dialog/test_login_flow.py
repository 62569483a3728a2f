from calling import Caller, entity, money

from dialog.bank.bank import Bank

NUMBER, PIN = "40217308", "4821"
SPOKEN = "four oh two one seven three oh eight"


def test_the_call_opens_as_an_automated_assistant_that_may_record(caller: Caller) -> None:
    said = " ".join(caller.conversation.open().say)
    assert "automated assistant" in said
    assert "recorded" in said


def test_number_and_pin_spoken(caller: Caller) -> None:
    answer = caller.says("what's my balance", "balance")
    assert answer.action == "ask_customer_number"
    assert answer.expectation.secret
    assert answer.expectation.valid == "customer_number"
    answer = caller.says(SPOKEN, "inform", entity("digits", NUMBER))
    assert answer.action == "ask_pin"
    assert answer.expectation.secret
    assert answer.expectation.digits == 4
    answer = caller.says("four eight two one", "inform", entity("digits", PIN))
    assert answer.action == "tell_balance"
    said = " ".join(answer.say)
    assert "Maria" in said
    assert "$2,450.75" in said
    assert "$8,300.00" in said


def test_number_and_pin_in_one_breath(caller: Caller) -> None:
    caller.says("it's me", "identify")
    answer = caller.says(
        "forty twenty one my pin is 4821",
        "identify",
        entity("digits", NUMBER),
        entity("digits", PIN),
    )
    assert answer.action == "authenticated"


def test_a_number_given_unasked_begins_the_login(caller: Caller) -> None:
    answer = caller.says(SPOKEN, "inform", entity("digits", NUMBER))
    assert answer.action == "ask_pin"


def test_number_and_pin_on_the_keys(caller: Caller) -> None:
    answer = caller.logs_in(NUMBER, PIN)
    assert answer.action == "authenticated"
    assert answer.expectation.kind == "open"
    assert answer.say[-1].endswith("?")


def test_a_number_with_a_wrong_check_digit_costs_no_try(caller: Caller) -> None:
    caller.says("what's my balance", "balance")
    for _ in range(2):
        answer = caller.says("four oh two", "inform", entity("digits", "40217309"))
        assert answer.expectation.kind == "customer_number"
    assert caller.says(SPOKEN, "inform", entity("digits", NUMBER)).action == "ask_pin"
    assert caller.keys(PIN).action == "tell_balance"


def test_a_number_heard_badly_is_asked_again(caller: Caller) -> None:
    caller.says("what's my balance", "balance")
    answer = caller.says(SPOKEN, "inform", entity("digits", NUMBER), confidence=0.32)
    assert answer.expectation.kind == "customer_number"
    answer = caller.says(SPOKEN, "inform", entity("digits", NUMBER), confidence=0.32)
    assert answer.action == "ask_pin"


def test_a_pin_heard_badly_is_asked_again_and_costs_no_try(caller: Caller) -> None:
    caller.says("what's my balance", "balance")
    caller.keys(NUMBER)
    for _ in range(2):
        answer = caller.says("4821", "inform", entity("digits", PIN), confidence=0.32)
        assert answer.expectation.kind == "pin"
    assert caller.keys(PIN).action == "tell_balance"


def test_a_pin_in_some_doubt_is_left_to_the_bank_to_judge(caller: Caller) -> None:
    caller.says("what's my balance", "balance")
    caller.keys(NUMBER)
    answer = caller.says("4821", "inform", entity("digits", PIN), confidence=0.45)
    assert answer.action == "tell_balance"


def test_three_wrong_pins_end_with_a_person(caller: Caller) -> None:
    caller.says("what's my balance", "balance")
    tries = []
    for _ in range(3):
        caller.keys(NUMBER)
        tries.append(caller.keys("1111"))
    assert [answer.action for answer in tries] == ["login_failed", "login_failed", "locked_out"]
    assert "2 " in " ".join(tries[0].say)
    assert " one " in " ".join(tries[1].say).lower()
    assert tries[2].end == "transfer"
    assert tries[2].summary


def test_an_unknown_number_is_answered_like_a_wrong_pin(bank: Bank, caller: Caller) -> None:
    number = next(n for n in map(str, range(10000000, 10000100)) if bank.is_customer_number(n))
    caller.says("what's my balance", "balance")
    caller.keys(number)
    unknown = caller.keys("1111")
    caller.says("forget it", "cancel")
    caller.says("balance", "balance")
    caller.keys(NUMBER)
    wrong = caller.keys("1111")
    assert unknown.action == wrong.action == "login_failed"


def test_the_pin_is_in_no_output_and_no_state(caller: Caller) -> None:
    caller.says("what's my balance", "balance")
    caller.says(SPOKEN, "inform", entity("digits", NUMBER))
    conversation = caller.conversation
    caller.says("1 1 1 1", "inform", entity("digits", "1111"))
    caller.says(SPOKEN, "inform", entity("digits", NUMBER))
    thought = conversation.think("four eight two one")
    caller.says("four eight two one", "inform", entity("digits", PIN))
    shown = repr((thought, conversation.state, caller.answers))
    for secret in (PIN, "1111", NUMBER, "four eight", "1 1 1 1", SPOKEN):
        assert secret not in shown


def test_without_a_pin_there_is_no_access_but_a_person(caller: Caller) -> None:
    caller.says("what's my balance", "balance")
    caller.keys(NUMBER)
    answer = caller.says("I forgot my PIN", "pin_help")
    assert answer.action == "offer_person"
    answer = caller.says("yes", "affirm")
    assert answer.end == "transfer"


def test_a_question_during_login_is_answered_and_login_goes_on(caller: Caller) -> None:
    caller.says("what's my balance", "balance")
    answer = caller.says("are you open on Saturday", "opening_hours")
    assert answer.action == "tell_hours"
    assert answer.expectation.kind == "customer_number"
    caller.keys(NUMBER)
    assert caller.keys(PIN).action == "tell_balance"


def test_who_is_identified_stays_identified(caller: Caller) -> None:
    caller.logs_in(NUMBER, PIN)
    assert caller.says("start over", "start_over").say
    assert caller.says("my balance", "balance").action == "tell_balance"
    assert caller.says("it's me", "identify").action == "authenticated"


def test_who_is_not_identified_has_no_accounts_to_exchange(caller: Caller) -> None:
    caller.says("what's my balance", "balance")
    caller.keys(NUMBER)
    assert caller.says("the other way round", "correct").expectation.kind == "pin"
    assert caller.keys(PIN).action == "tell_balance"


def test_what_was_asked_for_first_is_understood_again_with_their_payees(caller: Caller) -> None:
    wish = "send fifty dollars to Anna Keller"
    caller.says(wish, "transfer", money("50"))
    assert caller.told.contexts[wish].payees == ()
    caller.logs_in(NUMBER, PIN)
    assert "Anna Keller" in caller.told.contexts[wish].payees
