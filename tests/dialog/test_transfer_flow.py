from decimal import Decimal

from calling import TODAY, Caller, entity, money

from dialog.bank.bank import Bank
from dialog.conversation import Conversation

MARIA = ("40217308", "4821")
DANIEL = ("77509128", "6608")


def balance(bank: Bank, kind: str, customer: int = 1) -> Decimal:
    return next(a.balance for a in bank.facts(customer).accounts if a.kind == kind)


def asks_to_send_fifty_to_anna(caller: Caller) -> None:
    caller.logs_in(*MARIA)
    answer = caller.says(
        "send fifty dollars to Anna",
        "transfer",
        money("50", "fifty dollars"),
        entity("payee", "Anna Keller", role="to"),
    )
    assert answer.action == "confirm_transfer"
    assert "$50.00 to Anna Keller" in answer.say[-1]


def test_a_transfer_is_made_after_a_plain_yes(caller: Caller, bank: Bank) -> None:
    asks_to_send_fifty_to_anna(caller)
    assert balance(bank, "checking") == Decimal("2450.75")
    answer = caller.says("yes please", "affirm")
    assert answer.action == "transfer_done"
    assert "$2,400.75" in " ".join(answer.say)
    assert balance(bank, "checking") == Decimal("2400.75")


def test_a_second_yes_pays_nothing_twice(caller: Caller, bank: Bank) -> None:
    asks_to_send_fifty_to_anna(caller)
    caller.says("yes", "affirm")
    caller.says("yes", "affirm")
    caller.says("yes", "affirm")
    assert balance(bank, "checking") == Decimal("2400.75")


def test_a_yes_to_a_question_that_was_not_heard_to_its_end_is_no_yes(
    caller: Caller, bank: Bank
) -> None:
    asks_to_send_fifty_to_anna(caller)
    caller.conversation.heard_reply(" ".join(caller.answers[-1].say), 0.6)
    answer = caller.says("yes", "affirm")
    assert answer.action == "confirm_transfer"
    assert "$50.00 to Anna Keller" in answer.say[-1]
    assert balance(bank, "checking") == Decimal("2450.75")
    caller.says("yes", "affirm")
    assert balance(bank, "checking") == Decimal("2400.75")


def test_a_yes_that_is_not_plain_moves_nothing(caller: Caller, bank: Bank) -> None:
    asks_to_send_fifty_to_anna(caller)
    caller.says("yes but wait", "affirm")
    caller.says("yes", "affirm", others={"deny": 0.3})
    caller.says("yeah", "affirm", score=0.4)
    assert balance(bank, "checking") == Decimal("2450.75")


def test_a_yes_heard_badly_moves_nothing(caller: Caller, bank: Bank) -> None:
    asks_to_send_fifty_to_anna(caller)
    answer = caller.says("yes", "affirm", confidence=0.4)
    assert answer.action == "confirm_transfer"
    assert balance(bank, "checking") == Decimal("2450.75")


def test_an_echo_of_the_question_moves_nothing(caller: Caller, bank: Bank) -> None:
    asks_to_send_fifty_to_anna(caller)
    question = caller.answers[-1].say[-1]
    caller.says(question[-20:], "affirm")
    assert balance(bank, "checking") == Decimal("2450.75")


def test_a_yes_with_another_amount_is_a_correction(caller: Caller, bank: Bank) -> None:
    asks_to_send_fifty_to_anna(caller)
    answer = caller.says("yes, sixty dollars", "affirm", money("60", "sixty dollars"))
    assert answer.action == "confirm_transfer"
    assert "$60.00" in answer.say[-1]
    assert balance(bank, "checking") == Decimal("2450.75")


def test_corrections_before_the_confirmation(caller: Caller, bank: Bank) -> None:
    asks_to_send_fifty_to_anna(caller)
    answer = caller.says("no, make it sixty", "correct", entity("digits", "60", confidence=0.9))
    assert "$60.00 to Anna Keller" in answer.say[-1]
    anna = entity("payee", "Anna Keller", role="not")
    answer = caller.says(
        "to Tom, not Anna", "correct", entity("payee", "Tom Becker", role="to"), anna
    )
    assert "$60.00 to Tom Becker" in answer.say[-1]
    answer = caller.says("from savings", "inform", entity("account_kind", "savings", role="from"))
    assert "savings account" in answer.say[-1]
    caller.says("yes", "affirm")
    assert balance(bank, "checking") == Decimal("2450.75")
    assert balance(bank, "savings") == Decimal("8240.00")


def test_a_no_to_the_confirmation_sends_nothing(caller: Caller, bank: Bank) -> None:
    asks_to_send_fifty_to_anna(caller)
    answer = caller.says("no", "deny")
    assert answer.action == "transfer_cancelled"
    caller.says("yes", "affirm")
    assert balance(bank, "checking") == Decimal("2450.75")


def test_cancel_works_in_the_middle(caller: Caller) -> None:
    caller.logs_in(*MARIA)
    assert caller.says("send money", "transfer").action == "ask_payee"
    assert caller.says("forget it", "cancel").action == "transfer_cancelled"
    assert caller.conversation.state.stack == ()


def test_slots_come_in_any_order(caller: Caller) -> None:
    caller.logs_in(*MARIA)
    caller.says("send money", "transfer")
    answer = caller.says("fifty dollars", "inform", money("50", "fifty dollars"))
    assert answer.action == "ask_payee"
    answer = caller.says("Anna", "inform", entity("payee", "Anna Keller"))
    assert answer.action == "confirm_transfer"


def test_a_request_before_login_is_kept_until_the_payees_are_known(caller: Caller) -> None:
    text = "send fifty dollars to Anna"
    caller.says(text, "transfer", money("50", "fifty dollars"))
    caller.keys("40217308#")
    meaning = caller.told.meanings[text]
    anna = entity("payee", "Anna Keller", role="to")
    caller.told.meanings[text] = type(meaning)(
        text, meaning.intents, (*meaning.entities, anna), 1.0, in_scope=True
    )
    answer = caller.keys("4821#")
    assert answer.action == "confirm_transfer"
    assert "$50.00 to Anna Keller" in answer.say[-1]


def test_an_amount_heard_badly_before_login_is_asked_after_it(caller: Caller) -> None:
    caller.says("send fifty to Anna", "transfer", money("50", "fifty", confidence=0.4))
    answer = caller.logs_in(*MARIA)
    assert answer.action == "ask_payee"
    assert caller.says("Anna", "inform", entity("payee", "Anna Keller")).action == "ask_amount"


def test_between_own_accounts(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*MARIA)
    answer = caller.says(
        "move a hundred dollars to savings",
        "transfer",
        money("100", "a hundred dollars"),
        entity("account_kind", "savings", role="to"),
    )
    assert "from your checking account" in answer.say[-1]
    caller.says("yes", "affirm")
    assert balance(bank, "savings") == Decimal("8400.00")
    assert balance(bank, "checking") == Decimal("2350.75")


def test_insufficient_funds_are_told_with_what_is_available(caller: Caller, bank: Bank) -> None:
    caller.logs_in(*DANIEL)
    answer = caller.says(
        "pay Mina a hundred dollars",
        "transfer",
        money("100", "a hundred dollars"),
        entity("payee", "Mina Park"),
    )
    assert answer.action == "transfer_refused"
    assert "$20.05" in " ".join(answer.say)
    answer = caller.says("then twenty", "inform", money("20", "twenty"))
    assert answer.action == "confirm_transfer"
    caller.says("yes", "affirm")
    assert balance(bank, "checking", 4) == Decimal("0.05")


def test_nothing_and_less_than_nothing_is_refused(caller: Caller) -> None:
    caller.logs_in(*MARIA)
    for amount in ("0", "-5"):
        answer = caller.says(
            f"send {amount} to Anna",
            "transfer",
            money(amount, amount),
            entity("payee", "Anna Keller"),
        )
        assert answer.action == "transfer_refused"
        assert answer.expectation.kind == "money"


def test_more_than_one_transfer_may_move_is_refused(caller: Caller) -> None:
    caller.logs_in("63900578", "9135")
    answer = caller.says(
        "send twelve thousand dollars to Sofia",
        "transfer",
        money("12000", "twelve thousand dollars"),
        entity("payee", "Sofia Rossi"),
    )
    assert answer.action == "transfer_refused"
    assert answer.expectation.kind == "money"


def test_an_unknown_payee_is_told_and_the_known_are_offered(caller: Caller) -> None:
    caller.logs_in(*MARIA)
    answer = caller.says("send fifty dollars to Robert", "transfer", money("50", "fifty dollars"))
    said = " ".join(answer.say)
    assert answer.action == "ask_payee"
    assert "find that name" in said
    assert "Tom Becker" in said


def test_an_ambiguous_payee_is_asked(caller: Caller) -> None:
    caller.logs_in(*MARIA)
    caller.says("send fifty dollars", "transfer", money("50", "fifty dollars"))
    anna, hanna = (entity("payee", name) for name in ("Anna Keller", "Hanna Cole"))
    answer = caller.says("Hanna", "inform", anna, hanna)
    assert answer.action == "ask_payee"
    assert "Anna Keller or Hanna Cole" in answer.say[-1]
    assert answer.expectation.choices == ("Anna Keller", "Hanna Cole")
    answer = caller.says("Hanna Cole", "inform", entity("payee", "Hanna Cole"))
    assert "to Hanna Cole" in answer.say[-1]


def test_an_amount_heard_badly_is_asked_again_and_taken_when_said_twice(caller: Caller) -> None:
    caller.logs_in(*MARIA)
    caller.says("send money to Anna", "transfer", entity("payee", "Anna Keller"))
    answer = caller.says("fifty dollars", "inform", money("50", "fifty dollars"), confidence=0.45)
    assert answer.action == "ask_amount"
    assert answer.expectation.kind == "money"
    answer = caller.says("50 dollars", "inform", money("50", "50 dollars"), confidence=0.45)
    assert answer.action == "confirm_transfer"


def test_a_badly_heard_correction_leaves_no_old_amount_to_agree_to(
    caller: Caller, bank: Bank
) -> None:
    asks_to_send_fifty_to_anna(caller)
    answer = caller.says(
        "no, sixty dollars", "correct", money("60", "sixty dollars"), confidence=0.45
    )
    assert answer.expectation.kind == "money"
    caller.says("yes", "affirm")
    assert balance(bank, "checking") == Decimal("2450.75")


def test_a_question_in_between_is_answered_and_the_transfer_is_taken_up_again(
    caller: Caller, bank: Bank
) -> None:
    asks_to_send_fifty_to_anna(caller)
    answer = caller.says("when are you open", "opening_hours")
    assert answer.action == "tell_hours"
    assert "$50.00 to Anna Keller" in answer.say[-1]
    answer = caller.says("what's my savings balance", "balance", entity("account_kind", "savings"))
    assert answer.action == "tell_balance"
    assert "from your checking account" in answer.say[-1]
    assert caller.says("yes", "affirm").action == "transfer_done"
    assert balance(bank, "checking") == Decimal("2400.75")


def test_saying_goodbye_before_the_confirmation_sends_nothing(caller: Caller, bank: Bank) -> None:
    asks_to_send_fifty_to_anna(caller)
    assert caller.says("bye", "goodbye").end == "goodbye"
    assert balance(bank, "checking") == Decimal("2450.75")


def test_a_redial_is_told_that_the_same_was_sent_already(caller: Caller, bank: Bank) -> None:
    asks_to_send_fifty_to_anna(caller)
    caller.says("yes", "affirm")
    redial = Conversation(bank=bank, understander=caller.told, today=TODAY, call_id="call-2")
    redial.open()
    again = Caller(redial, caller.told)
    asks_to_send_fifty_to_anna(again)
    question = again.answers[-1]
    assert "$50.00 to Anna Keller" in question.say[-2]
    assert question.action == "confirm_transfer"
    assert len(bank.books()["transfers"]) == 1
    again.says("no", "deny")
    assert len(bank.books()["transfers"]) == 1


def test_the_same_call_may_send_the_same_again_without_a_word(caller: Caller, bank: Bank) -> None:
    asks_to_send_fifty_to_anna(caller)
    caller.says("yes", "affirm")
    answer = caller.says(
        "send fifty dollars to Anna",
        "transfer",
        money("50", "fifty dollars"),
        entity("payee", "Anna Keller", role="to"),
    )
    assert answer.action == "confirm_transfer"
    assert len(answer.say) == 1


def test_a_yes_to_what_should_be_changed_sends_nothing(caller: Caller, bank: Bank) -> None:
    asks_to_send_fifty_to_anna(caller)
    before = balance(bank, "checking")
    caller.says("oh wait, that's not right", "correct")
    answer = caller.says("yes", "affirm")
    assert balance(bank, "checking") == before
    assert "$50.00 to Anna Keller" in answer.say[-1]
    assert caller.says("yes", "affirm").action == "transfer_done"
