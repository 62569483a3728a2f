"""Letters leave with what they tell of, and arrive however often carrying them fails."""

import pytest
from bank_callers import meet
from sqlalchemy import select

from dialog.bank import outbox
from dialog.bank.tables import CustomerRow


class Phone:
    """Takes letters, or fails as often as it is told."""

    def __init__(self, failures=0):
        self.failures, self.letters = failures, []

    def send(self, letter):
        if self.failures:
            self.failures -= 1
            raise OSError("no answer")
        self.letters.append(letter)


@pytest.fixture
def posted(bank, maria):
    """Posts a letter in a transaction of its own."""

    def post(key, then=lambda: None):
        def work(session):
            customer = session.scalars(select(CustomerRow).where(CustomerRow.id == maria.id)).one()
            values = {"code": "123456", "amount": "1", "payee": "x"}
            now = bank._desk.now()
            outbox.post(session, customer, "sms", "code_transfer", values, key=key, now=now)
            then()

        bank._database.write(work)

    return post


def test_a_letter_of_a_rolled_back_transaction_is_never_there(bank, posted):
    def fail():
        raise LookupError

    with pytest.raises(LookupError):
        posted("a", fail)
    assert bank.letters() == []


def test_a_letter_with_the_same_key_is_one_letter(bank, posted):
    posted("a")
    posted("a")
    assert [letter["key"] for letter in bank.letters()] == ["a"]


def test_a_letter_that_was_blanked_before_it_could_be_sent_is_sent_to_nobody(bank, posted, clock):
    posted("a")
    clock.pass_time(days=100)
    assert bank.privacy.forget_before(clock(), by="Ada") > 0
    assert bank.outbox({"sms": Phone()}).deliver() == (0, 0)


def test_a_copy_of_a_letter_is_over_once_its_code_is_or_it_was_blanked(bank, posted, james, clock):
    posted("a")
    days = (clock().date(), clock().date())
    who = {"customer_id": james.id, "call_id": "c1"}
    bank.statements.order(james.checking, *days, request_id="s", **who)
    copies = {"a", "statement:s", *map(str, range(2000))}
    assert bank.privacy.letters_over(copies) == set()
    clock.pass_time(minutes=6)
    assert bank.privacy.letters_over(copies) == {"a"}
    clock.pass_time(days=100)
    bank.privacy.forget_before(clock(), by="Ada")
    assert bank.privacy.letters_over(copies) == {"a", "statement:s"}
    assert bank.privacy.letters_over({"a", "of another bank"}) == {"a"}


def test_letters_are_carried_once_and_in_order(bank, posted):
    posted("a")
    posted("b")
    phone = Phone()
    assert bank.outbox({"sms": phone}).deliver() == (2, 0)
    assert [letter.key for letter in phone.letters] == ["a", "b"]
    assert bank.outbox({"sms": phone}).deliver() == (0, 0)


def test_a_letter_that_could_not_be_carried_is_tried_again_later_and_later(bank, posted, clock):
    posted("a")
    phone = Phone(failures=2)
    carrier = bank.outbox({"sms": phone})
    assert carrier.deliver() == (0, 1)
    assert carrier.deliver() == (0, 0)
    clock.pass_time(seconds=10)
    assert carrier.deliver() == (0, 1)
    clock.pass_time(seconds=10)
    assert carrier.deliver() == (0, 0)
    clock.pass_time(seconds=10)
    assert carrier.deliver() == (1, 0)


def test_a_carrier_that_dies_before_it_is_marked_carries_the_same_key_again(bank, posted, clock):
    posted("a")

    class Dies(Phone):
        def send(self, letter):
            super().send(letter)
            raise KeyboardInterrupt

    phone = Dies()
    with pytest.raises(KeyboardInterrupt):
        bank.outbox({"sms": phone}).deliver()
    clock.pass_time(seconds=10)
    again = Phone()
    assert bank.outbox({"sms": again}).deliver() == (1, 0)
    assert again.letters[0].key == phone.letters[0].key


def test_a_channel_without_a_connector_waits(bank, posted):
    posted("a")
    assert bank.outbox({}).deliver() == (0, 0)
    assert len(bank.letters(unsent=True)) == 1


def test_each_customer_has_an_address_of_their_own(bank):
    assert meet(bank, "Maria").id != meet(bank, "James").id
    assert "+1" not in repr(outbox.Letter("k", "sms", "code", "+1555", "secret"))
