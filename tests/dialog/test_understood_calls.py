"""Whole calls in words, understood by the real understander, on a real bank."""

from decimal import Decimal
from pathlib import Path

import pytest
from calling import TODAY

from dialog.bank.bank import Bank
from dialog.conversation import Conversation
from nlu.understander import Understander
from nlu.understanding import Money


@pytest.fixture(scope="module")
def understander(encoder_dir: Path) -> Understander:
    return Understander(encoder_dir)


@pytest.fixture
def call(bank: Bank, understander: Understander) -> Conversation:
    conversation = Conversation(bank=bank, understander=understander, today=TODAY, call_id="c-1")
    conversation.open()
    return conversation


def balances(bank: Bank) -> dict[str, Decimal]:
    return {account.kind: account.balance for account in bank.facts(1).accounts}


def actions(call: Conversation, *turns: str) -> list[str]:
    return [call.hear(turn).action for turn in turns]


def test_a_balance_with_everything_spoken(call: Conversation) -> None:
    assert actions(call, "What's my balance?", "Four oh two one, seven three oh eight.") == [
        "ask_customer_number",
        "ask_pin",
    ]
    answer = call.hear("48 21.")
    assert answer.action == "tell_balance"
    assert "$2,450.75" in " ".join(answer.say)
    assert answer.heard == "•• ••."
    assert call.hear("No, that's all, thank you.").end == "goodbye"


def test_a_transfer_with_corrections(call: Conversation, bank: Bank) -> None:
    turns = ("I'd like to send fifty dollars to Anna from savings", "40217308", "4821")
    assert actions(call, *turns)[-1] == "confirm_transfer"
    assert "$60.00 to Anna Keller" in call.hear("No, make it sixty.").say[-1]
    assert "$60.00 to Tom Becker" in call.hear("To Tom, not Anna.").say[-1]
    assert "checking" in call.hear("from checking").say[-1]
    assert call.hear("Are you open on Sunday?").action == "tell_hours"
    before = balances(bank)
    assert call.hear("yes but wait").action in ("confirm_transfer", "wait")
    assert balances(bank) == before
    assert call.hear("Yes.").action == "transfer_done"
    assert call.hear("Yes.").action == "ask_anything_else"
    after = balances(bank)
    assert after["checking"] == before["checking"] - 60
    assert after["savings"] == before["savings"]


def test_a_place_in_a_list_is_no_amount(call: Conversation) -> None:
    actions(call, "send fifty dollars to Anna", "40217308", "4821")
    assert "$1.00" not in " ".join(call.hear("the first one").say)


def test_less_than_nothing_is_refused(call: Conversation) -> None:
    actions(call, "it's me", "40217308", "4821")
    assert call.hear("send minus five dollars to Anna").action == "transfer_refused"


def test_two_requests_in_one_breath(call: Conversation) -> None:
    turns = ("Block my card and what's my balance?", "40217308", "4821", "the credit card")
    assert actions(call, *turns)[-2:] == ["ask_card", "confirm_block"]
    said = call.hear("yes do it").say
    assert any("$2,450.75" in sentence for sentence in said)
    assert sum(sentence.endswith("?") for sentence in said) == 1


def test_a_lost_card_without_a_pin(call: Conversation, bank: Bank) -> None:
    turns = ("I lost my card", "40217308", "I don't have my PIN")
    assert actions(call, *turns)[-1] == "emergency_block"
    assert {card.status for card in bank.facts(1).cards} == {"blocked"}
    assert call.hear("can you unblock my card").action == "ask_customer_number"


def test_an_unknown_payee(call: Conversation) -> None:
    actions(call, "it's me", "40217308", "4821")
    answer = call.hear("transfer twenty dollars to Robert")
    assert answer.action == "ask_payee"
    assert "Tom Becker" in " ".join(answer.say)
    assert call.hear("Tom Becker").action == "confirm_transfer"


def test_no_secret_is_shown(call: Conversation) -> None:
    answers = [call.hear(t) for t in ("balance", "four oh two one seven three oh eight")]
    answers.append(call.hear("my pin is four eight two one"))
    shown = repr((answers, call.state)).lower()
    for secret in ("4821", "40217308", "four eight", "four oh"):
        assert secret not in shown


def test_all_of_a_named_account_is_what_that_one_holds(call: Conversation, bank: Bank) -> None:
    actions(call, "send twelve dollars to Anna from checking", "40217308", "4821")
    call.hear("send all my savings instead")
    order = next(frame for frame in call.state.stack if "amount" in frame.slots)
    amount = order.slots["amount"].value
    assert isinstance(amount, Money)
    assert amount.amount == balances(bank)["savings"]


@pytest.mark.parametrize("amount", ["-60 dollars", "–60 dollars", "− 60 dollars"])
def test_an_amount_with_any_sign_of_less_is_refused(call: Conversation, amount: str) -> None:
    actions(call, "it's me", "40217308", "4821")
    assert call.hear(f"send {amount} to Anna").action == "transfer_refused"


AGREED_AND_MORE = [
    "Sure, and another sixty to Tom.",
    "Yes, and also sixty to Tom.",
    "yeah, then pay Tom sixty dollars too",
    "Yes please, plus sixty to Tom as well.",
]


@pytest.mark.parametrize("said", AGREED_AND_MORE)
def test_a_yes_with_another_order_does_the_one_and_asks_about_the_other(
    call: Conversation, bank: Bank, said: str
) -> None:
    actions(call, "pay Anna fifty dollars", "40217308", "4821")
    answer = call.hear(said)
    assert answer.did == ("execute_transfer: ok", "propose_transfer: ok")
    assert answer.action == "transfer_done"
    assert "$60.00 to Tom Becker" in answer.say[-2] + answer.say[-1]
    assert balances(bank)["checking"] == Decimal("2400.75")
    call.hear("yes")
    assert balances(bank)["checking"] == Decimal("2340.75")


CHANGED = [
    "yes and make it sixty",
    "yes and send it to Tom",
    "yes, and send it on Friday",
    "yes and it's from savings",
    "yes, and actually pay Tom sixty",
    "yes. sixty to Tom",
    "no, and sixty to Tom",
    "yes and sixty to Anna",
    "Yes, and sixty to Tom.",
    "yeah, then pay Tom sixty dollars",
    "okay and make that sixty to Tom",
    "okay, and it should be sixty dollars to Tom",
    "okay, and Tom gets sixty dollars of it",
    "yes, and rather send sixty to Tom",
    "fine, then give Tom sixty dollars",
    "sure then sixty to Hanna",
    "yes, and also make it sixty to Tom",
    "yes, and to another one, sixty to Tom",
    "yes, and to Tom",
    "I'd also like to block my debit card",
]


@pytest.mark.parametrize("said", CHANGED)
def test_a_yes_that_may_change_the_order_is_read_back(
    call: Conversation, bank: Bank, said: str
) -> None:
    before = balances(bank)
    actions(call, "pay Anna fifty dollars", "40217308", "4821", said)
    assert balances(bank) == before


def test_a_reading_that_objects_after_its_yes_casts_doubt_on_it(
    call: Conversation, bank: Bank
) -> None:
    before = balances(bank)
    actions(call, "pay Anna fifty dollars", "40217308", "4821")
    readings = [
        ("yes and another sixty dollars to Tom", 0.4),
        ("yes and make sixty dollars to Tom instead", 0.35),
        ("yes and no sixty dollars to Tom", 0.25),
    ]
    call.hear(readings[0][0], hypotheses=readings)
    assert balances(bank) == before


def test_an_order_beside_a_yes_that_does_not_count_waits_for_nothing(
    call: Conversation, bank: Bank
) -> None:
    actions(call, "pay Anna fifty dollars", "40217308", "4821")
    for _ in range(2):
        call.heard_reply("", 0.5)
        call.hear("yes, and another sixty to Tom")
        assert not call.state.queue
    call.hear("yes, and another sixty to Tom")
    actions(call, "yes", "yes")
    assert balances(bank)["checking"] == Decimal("2340.75")


def test_the_same_to_somebody_else_with_a_yes(call: Conversation, bank: Bank) -> None:
    actions(call, "pay Anna fifty dollars", "40217308", "4821")
    assert "$50.00 to Tom Becker" in " ".join(call.hear("yes and the same to Tom").say)
    assert balances(bank)["checking"] == Decimal("2400.75")


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("yes and sixty cents", "$50.60"),
        ("sixty cents", "$0.60"),
        ("it's sixty cents", "$0.60"),
        ("oh, and sixty cents please", "$50.60"),
        ("no, sixty cents", "$0.60"),
        ("make it sixty cents", "$0.60"),
    ],
)
def test_only_cents_that_are_added_come_to_the_dollars(
    call: Conversation, bank: Bank, said: str, amount: str
) -> None:
    before = balances(bank)
    actions(call, "pay Anna fifty dollars", "40217308", "4821")
    assert amount in " ".join(call.hear(said).say)
    assert balances(bank) == before


def test_a_yes_that_may_have_been_more_is_asked_again(call: Conversation, bank: Bank) -> None:
    before = balances(bank)
    actions(call, "pay Anna fifty dollars", "40217308", "4821")
    answer = call.hear("Yes.", hypotheses=[("Yes.", 0.7), ("Yes, but not now.", 0.3)])
    assert answer.action == "confirm_transfer"
    assert balances(bank) == before
    assert call.hear("Yes.", hypotheses=[("Yes.", 0.9), ("Yeah.", 0.1)]).action == "transfer_done"


def test_a_yes_to_are_you_still_there_pays_nothing(call: Conversation, bank: Bank) -> None:
    before = balances(bank)
    actions(call, "pay Anna fifty dollars", "40217308", "4821")
    call.silence()
    assert call.hear("Yes, I am.").action == "confirm_transfer"
    assert balances(bank) == before


def test_what_was_done_names_a_turn_that_also_tells(call: Conversation) -> None:
    actions(call, "pay Anna fifty dollars", "40217308", "4821")
    answer = call.hear("yes, and also what's my balance")
    assert "$2,400.75" in " ".join(answer.say)
    assert answer.action == "transfer_done"


def reply(call: Conversation, *turns: str) -> str:
    """What is said to the last of these turns."""
    *before, last = turns
    actions(call, *before)
    return " ".join(call.hear(last).say)


LOGIN = ("40217308", "4821")


def test_a_request_that_corrects_itself_is_not_turned_back_by_the_login(call: Conversation) -> None:
    assert "$60.00 to Anna" in reply(call, "pay Anna fifty no sixty dollars", *LOGIN)


def test_what_is_added_while_the_login_asks_is_kept(call: Conversation) -> None:
    said = reply(call, "pay Tom twelve dollars", "actually to Anna, not Tom", *LOGIN)
    assert "$12.00 to Anna Keller" in said


def test_an_order_in_place_of_a_number_is_no_number(call: Conversation) -> None:
    said = reply(call, "Transfer.", "Forty to Hanna from savings.", *LOGIN)
    assert "$40.00 to Hanna Cole from your savings" in said


def test_a_card_named_while_the_login_asks_is_the_one(call: Conversation) -> None:
    assert "9042" in reply(call, "block a card", "the credit one", *LOGIN)


def test_a_short_choice_is_answered_by_values(call: Conversation) -> None:
    assert actions(call, "Payment.", "To Tom.") == ["clarify", "ask_customer_number"]


@pytest.mark.parametrize("said", ["Pay Robert Fischer ten dollars", "send ten dollars to my mom"])
def test_who_is_no_payee_is_told_so(call: Conversation, said: str) -> None:
    assert "can't find that name" in reply(call, said, *LOGIN)


def test_an_account_that_is_not_theirs_is_told_so(call: Conversation) -> None:
    said = reply(call, "pay Tom ten dollars from my business account", *LOGIN)
    assert "no such account" in said
    assert "from your savings" in reply(call, "savings")


def test_an_aside_with_a_correction_in_it_corrects(call: Conversation) -> None:
    turns = ("send Tom forty dollars", *LOGIN, "Ugh, sorry, forty five. Final answer.")
    assert "$45.00" in reply(call, *turns)


def test_a_weekday_is_one_of_the_week_that_was_spoken_of(call: Conversation) -> None:
    turns = ("send Anna sixty dollars next Tuesday", *LOGIN, "Can we do Wednesday instead?")
    assert "March 25" in reply(call, *turns)


def test_what_was_just_sent_cannot_be_undone(call: Conversation) -> None:
    turns = ("send Anna ten dollars", *LOGIN, "yes", "Hold on, cancel that payment I just made.")
    assert actions(call, *turns)[-1] == "tell_done"


@pytest.mark.parametrize(
    "said",
    [
        "I want to dispute a payment that was just made",
        "I didn't make the payment that was just made to Market Square",
        "I want to get that back, the pharmacy charged me twice",
        "the shop charged me twice, undo it",
    ],
)
def test_a_payment_that_the_caller_did_not_make_is_disputed(call: Conversation, said: str) -> None:
    turns = ("send Anna ten dollars", *LOGIN, "yes", said)
    assert actions(call, *turns)[-1] == "ask_dispute"


def test_a_payment_to_somebody_else_is_not_the_one_just_made(call: Conversation) -> None:
    turns = ("send Anna ten dollars", *LOGIN, "yes", "cancel the payment I just made to Tom")
    assert actions(call, *turns)[-1] == "tell_pending"


def test_a_request_that_came_to_nothing_is_no_part_of_the_next(call: Conversation) -> None:
    turns = ("send fifty dollars to Anna", LOGIN[0], "I don't know my PIN", "no thanks")
    said = reply(call, *turns, "send twenty dollars to Tom please", *LOGIN)
    assert "$20.00 to Tom Becker" in said


def test_a_pin_of_another_length_is_a_miss_and_no_card(call: Conversation) -> None:
    actions(call, "block my credit card", LOGIN[0])
    digits = ["four eight two one one"] * 4
    assert actions(call, *digits)[1:] == ["offer_person", "offer_person", "hand_over"]
    assert call.state.end == "transfer"


def test_a_pin_of_another_length_stays_nowhere(call: Conversation) -> None:
    actions(call, "block my credit card", LOGIN[0], "four eight two one one")
    assert "48211" not in [f.value for frame in call.state.stack for f in frame.slots.values()]


def test_a_yes_that_is_refused_again_and_again_is_a_miss(call: Conversation) -> None:
    turns = ("send Tom ten dollars", *LOGIN, *["yes indeed that is it I told you"] * 2)
    assert actions(call, *turns)[-2:] == ["confirm_transfer", "offer_person"]


def test_everything_is_an_amount_only_where_it_is_given(call: Conversation) -> None:
    turns = ("send Tom ten dollars", *LOGIN)
    assert "$10.00 to Tom" in reply(call, *turns, "yes but everything is correct")
    call.hear("no, send him everything")
    assert Money(Decimal("2450.75")) in [f.slots["amount"].value for f in call.state.stack[:1]]


def test_words_on_the_way_do_not_hide_a_no(call: Conversation, bank: Bank) -> None:
    turns = ("send Tom ten dollars", *LOGIN, "Sorry, that was my kid. No, don't send it.")
    assert actions(call, *turns)[-1] == "transfer_cancelled"


def test_a_no_that_may_be_a_yes_is_asked_again(call: Conversation) -> None:
    turns = ("send Tom ten dollars", *LOGIN, "I don't see anything wrong with that.")
    assert actions(call, *turns)[-1] == "confirm_transfer"


def test_how_not_to_do_it_is_no_cancelling(call: Conversation) -> None:
    said = "Don't take it from checking, pay Anna eighty dollars out of my savings."
    assert "from your savings" in reply(call, said, *LOGIN)


def test_a_standing_order_is_monthly_unless_said_otherwise(call: Conversation) -> None:
    turns = ("a standing order to Tom for fifty dollars", *LOGIN, "the first of April")
    assert "every month from April 1" in reply(call, *turns)


def test_a_question_of_what_was_read_back_changes_nothing(call: Conversation) -> None:
    said = reply(call, "pay Tom ten dollars", *LOGIN, "is that the right amount, darling?")
    assert "$10.00 to Tom Becker" in said


def test_a_question_while_the_login_asks_names_no_account(call: Conversation) -> None:
    assert actions(call, "my transactions", "what are your savings rates?")[-1] == "tell_rates"


def test_small_talk_hides_no_wish(call: Conversation) -> None:
    turn = "hey there, how's it going, lovely weather. so what's my balance"
    assert actions(call, turn) == ["ask_customer_number"]


def logged_in(call: Conversation) -> None:
    for entry in LOGIN:
        call.key(entry)


def test_thanks_that_sound_like_a_name_change_no_recipient(call: Conversation) -> None:
    logged_in(call)
    call.hear("send Tom twenty dollars")
    assert "Hanna Cole" not in " ".join(call.hear("Cool, good to know.").say)


def test_the_limits_that_were_asked_for_are_told_after_the_login(call: Conversation) -> None:
    assert call.hear("what are my card limits").action == "tell_knowledge"
    assert call.key(LOGIN[0]).action == "ask_pin"
    assert "3316" in " ".join(call.key(LOGIN[1]).say)


def test_a_rhythm_that_we_do_not_have_is_refused_and_not_paid_once(
    call: Conversation, bank: Bank
) -> None:
    logged_in(call)
    assert call.hear("pay Anna ten dollars every other Friday").action == "transfer_refused"
    assert "every week" in call.hear("every week then").say[-1]
    call.hear("yes")
    assert [one.every for one in bank.facts(1).schedules] == ["week"]


def test_what_was_planned_is_cancelled_by_a_word_about_it(call: Conversation, bank: Bank) -> None:
    logged_in(call)
    actions(call, "pay Anna ten dollars on Friday", "yes")
    assert call.hear("actually cancel that one").action == "confirm_cancel"
    assert call.hear("yes").action == "payment_cancelled"
    assert not bank.facts(1).schedules


def test_cancelling_one_of_two_plans_begins_no_new_payment(call: Conversation, bank: Bank) -> None:
    logged_in(call)
    actions(
        call, "pay Anna ten dollars on Friday", "yes", "pay Tom eleven dollars on Friday", "yes"
    )
    answer = call.hear("hm, cancel the one to Anna")
    assert answer.action == "confirm_cancel"
    assert "Anna Keller" in answer.say[-1]


def test_both_cards_are_blocked_one_after_the_other(call: Conversation, bank: Bank) -> None:
    logged_in(call)
    assert actions(call, "block my card", "both of them", "yes", "yes") == [
        "ask_card",
        "confirm_block",
        "card_blocked",
        "card_blocked",
    ]
    assert {card.status for card in bank.facts(1).cards} == {"blocked"}


@pytest.mark.parametrize("words", ["no don't cancel it", "no wait, all of it is right"])
def test_what_is_under_way_is_not_dropped_by_words_that_keep_it(
    call: Conversation, words: str
) -> None:
    logged_in(call)
    call.hear("send Tom twenty dollars")
    call.hear("hmm, that's not right")
    assert call.hear(words).action == "confirm_transfer"
    assert call.hear("yes").action == "transfer_done"


def test_a_new_amount_is_taken_where_the_day_is_asked_for(call: Conversation) -> None:
    logged_in(call)
    call.hear("schedule a payment of sixty dollars to Anna")
    call.hear("make that seventy")
    assert "$70.00" in call.hear("the twenty fifth").say[-1]


def test_a_hum_says_nothing_and_its_kind_of_yes_does(call: Conversation) -> None:
    for hum in ("Mm.", "Oh.", "Hm."):
        thought = call.think(hum)
        assert thought.decision.action == "clarify"
        assert thought.says_nothing
    assert not call.think("What's my balance?").says_nothing
    assert (
        actions(call, "Send fifty dollars to Anna.", "40217308", "4821")[-1] == "confirm_transfer"
    )
    assert call.think("Mm-hm.").decision.act is not None
    assert call.think("Mm.").decision.act is None


@pytest.mark.parametrize(
    "said",
    [
        "yes, pay her more",
        "yes, send more",
        "yes, he can pay",
        "yes, transfer it to me",
        "yes, send them the money",
        "yes, schedule it",
        "yes, lock him out",
        "I am good thanks",
        "that's okay thanks",
        "yeah right",
        "That's wrong.",
    ],
)
def test_a_yes_to_something_else_moves_nothing(call: Conversation, bank: Bank, said: str) -> None:
    actions(call, "Send fifty dollars to Anna.", "40217308", "4821")
    before = balances(bank)
    thought = call.think(said)
    assert not thought.says_nothing, "it is answered"
    call.commit(thought)
    assert balances(bank) == before


def test_a_card_that_is_needed_all_the_same_is_not_kept(call: Conversation) -> None:
    actions(call, "Block my debit card.", "40217308", "4821")
    for said in ("yes, the thief has it, they're in my house", "I have it on my list to block it"):
        assert call.think(said).decision.action != "card_kept"
    assert call.think("oh wait, it's in my bag, sorry").decision.action == "card_kept"


def test_a_run_of_spaces_costs_nothing(call: Conversation) -> None:
    assert call.think("balance" + " " * 20_000 + "please").heard == "balance please"
