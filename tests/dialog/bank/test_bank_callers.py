"""Who a caller is: three tries, a lock-out, and no hint about which numbers exist."""

import logging
import statistics
import threading
import time
from datetime import timedelta

import pytest
from bank_callers import CHEAP, PEPPER, TODAY, meet
from sqlalchemy import text

from dialog.bank.bank import Bank
from dialog.bank.database import Database
from dialog.bank.demo import create_demo, demo_customers
from dialog.bank.pins import PinHasher
from dialog.bank.settings import BankSettings, LockoutPolicy, PinCost
from dialog.errors import BankError

MARIA, JAMES = demo_customers()[:2]
NOBODY = "98765439"
"""Satisfies the check digit; no customer of the demo has it."""


def test_number_and_pin_together_are_the_customer(bank):
    known = bank.authenticate(MARIA.number, MARIA.pin, call_id="c1")
    assert (known.first_name, known.locked, known.tries_left) == ("Maria", False, 3)
    assert bank.facts(known.customer_id).first_name == "Maria"


def test_a_leading_zero_of_a_pin_counts(bank):
    assert JAMES.pin == "0472"
    assert bank.authenticate(JAMES.number, "472", call_id="c1").customer_id is None
    assert bank.authenticate(JAMES.number, "0472", call_id="c1").first_name == "James"


@pytest.mark.parametrize("number", [MARIA.number, NOBODY])
def test_the_third_wrong_pin_locks_whether_or_not_the_number_exists(bank, number):
    answers = [bank.authenticate(number, "0000", call_id=f"c{n}") for n in range(4)]
    assert [answer.tries_left for answer in answers] == [2, 1, 0, 0]
    assert [answer.locked for answer in answers] == [False, False, True, True]
    assert {answer.customer_id for answer in answers} == {None}


def test_the_nobody_of_these_tests_is_a_possible_number_without_a_customer(bank):
    assert Bank.is_customer_number(NOBODY)
    assert NOBODY not in [customer["number"] for customer in bank.books()["customers"]]


def test_a_locked_number_stays_locked_for_the_right_pin_and_after_a_restart(open_bank, url, clock):
    first = open_bank(url)
    for n in range(3):
        first.authenticate(MARIA.number, "0000", call_id=f"c{n}")
    first.close()
    second = open_bank(url)
    clock.pass_time(minutes=29, seconds=59)
    refused = second.authenticate(MARIA.number, MARIA.pin, call_id="c4")
    assert (refused.customer_id, refused.locked) == (None, True)
    clock.pass_time(seconds=1)
    assert second.authenticate(MARIA.number, MARIA.pin, call_id="c5").first_name == "Maria"


def test_each_further_lock_out_is_twice_as_long_until_a_success(bank, clock):
    def lock_and_wait_for(minutes):
        for n in range(3):
            bank.authenticate(MARIA.number, "0000", call_id=f"{minutes}-{n}")
        clock.pass_time(minutes=minutes, seconds=-1)
        assert bank.authenticate(MARIA.number, MARIA.pin, call_id=f"{minutes}-e").locked
        clock.pass_time(seconds=1)

    lock_and_wait_for(30)
    lock_and_wait_for(60)
    lock_and_wait_for(120)
    assert bank.authenticate(MARIA.number, MARIA.pin, call_id="c").customer_id is not None
    lock_and_wait_for(30)


def test_lock_outs_do_not_grow_for_ever(bank, clock):
    for days in range(12):
        for n in range(3):
            bank.authenticate(MARIA.number, "0000", call_id=f"{days}-{n}")
        clock.pass_time(days=1)
    assert bank.authenticate(MARIA.number, MARIA.pin, call_id="c").first_name == "Maria"


def test_a_right_pin_on_the_third_try_opens_and_forgets_the_wrong_ones(bank):
    for n in range(2):
        bank.authenticate(MARIA.number, "0000", call_id=f"c{n}")
    assert bank.authenticate(MARIA.number, MARIA.pin, call_id="c2").first_name == "Maria"
    assert bank.authenticate(MARIA.number, "0000", call_id="c3").tries_left == 2


def test_one_call_cannot_try_the_pins_of_many_customers(bank):
    numbers = [customer.number for customer in demo_customers()]
    answers = [bank.authenticate(number, "0000", call_id="c1") for number in numbers]
    assert [answer.locked for answer in answers] == [False, False, True, True]
    assert bank.authenticate(MARIA.number, MARIA.pin, call_id="c1").locked
    assert bank.authenticate(MARIA.number, MARIA.pin, call_id="c2").first_name == "Maria"


def test_a_pin_of_ones_own_buys_no_tries_on_the_numbers_of_others(bank):
    left = []
    for victim in demo_customers()[1:]:
        bank.authenticate(MARIA.number, MARIA.pin, call_id="c1")
        left.append(bank.authenticate(victim.number, "0000", call_id="c1").tries_left)
    assert left == [2, 1, 0]


def test_a_number_that_cannot_be_is_answered_like_any_other(bank):
    for number in ("40217309", "4821", "", "a" * 500, "４０２１７３０８"):
        answer = bank.authenticate(number, "0000", call_id=f"call for {number[:9]}")
        assert (answer.customer_id, answer.locked, answer.tries_left) == (None, False, 2)


def test_a_pin_may_be_any_text_without_harm(bank):
    for n, pin in enumerate(("", "9" * 10_000, "\ud800", "'; DROP TABLE customers; --")):
        assert bank.authenticate(NOBODY, pin, call_id=f"c{n}").customer_id is None


def test_many_calls_at_once_get_no_more_tries_than_one(bank):
    answers, start = [], threading.Barrier(8)

    def guess(n):
        start.wait()
        answers.append(bank.authenticate(MARIA.number, f"000{n}", call_id=f"c{n}"))

    threads = [threading.Thread(target=guess, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.tries_left for answer in answers) == [0, 0, 0, 0, 0, 0, 1, 2]
    assert bank.authenticate(MARIA.number, MARIA.pin, call_id="later").locked


@pytest.mark.parametrize("of_old", [PinCost(time=4, memory_kib=8192), CHEAP])
def test_an_unknown_number_costs_as_much_work_as_a_known_one(tmp_path, of_old):
    """Also where the customers' hashes are cheaper than those made now: the cost was raised."""
    url, cost = f"sqlite:///{tmp_path / 'bank.db'}", PinCost(time=4, memory_kib=8192, lanes=1)
    create_demo(url, today=TODAY, pepper=PEPPER, cost=of_old)
    many = LockoutPolicy(tries=1000, tries_per_call=1000)
    bank = Bank(url, pepper=PEPPER, settings=BankSettings(pin_cost=cost, lockout=many))

    def work(number):
        seconds = []
        for _ in range(7):
            begun = time.thread_time()
            bank.authenticate(number, "0000", call_id="c1")
            seconds.append(time.thread_time() - begun)
        return statistics.median(seconds)

    known, unknown = work(MARIA.number), work(NOBODY)
    bank.close()
    assert 0.7 < unknown / known < 1.4


def test_the_policy_is_a_setting(open_bank, sqlite_url):
    bank = open_bank(sqlite_url, lockout=LockoutPolicy(tries=1, lock_period=timedelta(hours=5)))
    assert bank.authenticate(MARIA.number, "0000", call_id="c1").locked
    assert bank.authenticate(MARIA.number, MARIA.pin, call_id="c2").locked


def test_pins_are_stored_as_argon2id_that_only_the_pepper_and_the_number_open(url):
    database = Database(url, wait_s=5)
    with database.reading() as session:
        rows = session.execute(text("SELECT number, pin_hash FROM customers")).all()
    database.close()
    stored = {row.number: row.pin_hash for row in rows}
    assert all(value.startswith("$argon2id$") for value in stored.values())
    right = PinHasher(PEPPER, CHEAP)
    assert right.verify(stored[MARIA.number], MARIA.number, MARIA.pin)
    assert not right.verify(stored[MARIA.number], JAMES.number, MARIA.pin)
    assert not PinHasher(b"another", CHEAP).verify(stored[MARIA.number], MARIA.number, MARIA.pin)


def test_a_pin_is_stored_anew_at_a_changed_cost_when_it_is_next_right(open_bank, url):
    dearer = PinCost(time=2, memory_kib=128, lanes=1)
    bank = open_bank(url, pin_cost=dearer)
    bank.authenticate(JAMES.number, "0000", call_id="c1")
    bank.authenticate(MARIA.number, MARIA.pin, call_id="c2")
    database = Database(url, wait_s=5)
    with database.reading() as session:
        rows = session.execute(text("SELECT number, pin_hash FROM customers")).all()
    database.close()
    hashes = PinHasher(PEPPER, dearer)
    outdated = {row.number: hashes.is_outdated(row.pin_hash) for row in rows}
    assert (outdated[MARIA.number], outdated[JAMES.number]) == (False, True)
    assert bank.authenticate(MARIA.number, MARIA.pin, call_id="c3").first_name == "Maria"


def test_a_damaged_hash_opens_nothing():
    assert not PinHasher(PEPPER, CHEAP).verify("$argon2id$broken", MARIA.number, MARIA.pin)


def test_an_empty_pepper_is_refused():
    with pytest.raises(BankError, match="pepper"):
        PinHasher(b"", CHEAP)


def what_a_log_shows(record):
    """A record's message, fields and exception, without the logger's own clock and thread ids."""
    own = vars(logging.makeLogRecord({}))
    fields = {name: value for name, value in vars(record).items() if name not in own}
    return f"{record.getMessage()} {fields} {record.exc_info}"


def test_no_pin_number_or_pepper_is_ever_logged_or_shown(open_bank, url, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "sqlalchemy.engine")
    bank = open_bank(url)
    bank.authenticate(MARIA.number, "7531", call_id="c1")
    bank.authenticate(MARIA.number, MARIA.pin, call_id="c1")
    bank.emergency_block(MARIA.number, "debit", call_id="c1")
    written = " ".join(map(what_a_log_shows, caplog.records))
    assert "SELECT customers.id" in written
    assert "bank.pin_refused" in written
    assert "bank.emergency_block" in written
    for secret in ("7531", MARIA.pin, MARIA.number, PEPPER.decode()):
        assert secret not in written
    shown = f"{bank!r} {vars(bank)!r} {MARIA!r}"
    assert PEPPER.decode() not in shown
    assert MARIA.pin not in shown


@pytest.mark.parametrize(
    ("number", "possible"),
    [
        (MARIA.number, True),
        (NOBODY, True),
        (MARIA.number[:-1] + "9", False),
        ("04217308", False),
        (MARIA.number[:-1], False),
        (MARIA.number + "0", False),
        ("", False),
        ("4021730x", False),
        ("٤٠٢١٧٣٠٨", False),
    ],
)
def test_a_customer_number_is_known_by_its_check_digit(number, possible):
    assert Bank.is_customer_number(number) is possible


def test_a_single_misheard_digit_or_a_swap_never_makes_another_possible_number():
    number = MARIA.number
    for place in range(8):
        for digit in set("0123456789") - {number[place]}:
            assert not Bank.is_customer_number(number[:place] + digit + number[place + 1 :])
    for place in range(7):
        a, b = number[place], number[place + 1]
        if a != b:
            swapped = number[:place] + b + a + number[place + 2 :]
            assert not Bank.is_customer_number(swapped)


def test_each_caller_meets_their_own_bank(bank):
    maria, james = meet(bank, "Maria"), meet(bank, "James")
    assert {maria.checking, maria.savings}.isdisjoint({james.checking, james.savings})
