"""A lock-out that keeps guessers out and cannot be used to keep customers out."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from stdnum import verhoeff

from dialog.bank.demo import demo_customers
from dialog.bank.pins import PinHasher
from dialog.bank.settings import LockoutPolicy

MARIA, JAMES = demo_customers()[:2]
HOME, STRANGER = "sip:+15550100", "sip:+15550199"


def let_in(bank, call_id, address=None, person=MARIA):
    answer = bank.authenticate(person.number, person.pin, call_id=call_id, address=address)
    return answer.customer_id is not None


def guess(bank, times, address, number=MARIA.number, prefix="g"):
    return [
        bank.authenticate(number, "0000", call_id=f"{prefix}{n}", address=address)
        for n in range(times)
    ]


def test_strangers_cannot_lock_a_customer_out_of_their_own_phone(bank):
    assert let_in(bank, "first", HOME)
    assert guess(bank, 9, STRANGER)[-1].locked
    assert not let_in(bank, "elsewhere", STRANGER)
    assert not let_in(bank, "unknown line")
    assert let_in(bank, "own phone", HOME)


def test_a_customer_at_home_does_not_open_the_door_for_strangers(bank):
    assert let_in(bank, "first", HOME)
    guess(bank, 3, STRANGER)
    assert let_in(bank, "own phone", HOME)
    assert not let_in(bank, "elsewhere", STRANGER)


def test_an_address_of_many_is_counted_and_not_remembered(bank):
    shared = "ip:9.9.9.9/32"
    assert let_in(bank, "first", shared)
    guess(bank, 3, STRANGER)
    assert not let_in(bank, "again", shared)
    for n in range(10):
        assert not guess(bank, 1, shared, number=f"{n}" * 8, prefix=f"{n}-")[0].locked or n == 9
    assert guess(bank, 1, shared, number=JAMES.number, prefix="more")[0].locked
    assert let_in(bank, "james elsewhere", "ip:8.8.8.8/32", JAMES)


def test_a_known_phone_has_only_three_tries_too_and_its_lock_grows(bank, clock):
    assert let_in(bank, "first", HOME)
    for minutes in (1, 2, 4):
        assert [a.tries_left for a in guess(bank, 3, HOME, prefix=f"{minutes}-")] == [2, 1, 0]
        assert not let_in(bank, f"{minutes}-a", HOME)
        clock.pass_time(minutes=minutes, seconds=-1)
        assert not let_in(bank, f"{minutes}-b", HOME)
        clock.pass_time(seconds=1)
    assert let_in(bank, "at last", HOME)


def test_one_address_cannot_try_the_pins_of_many_customers(open_bank, url, clock):
    bank = open_bank(url, lockout=LockoutPolicy(tries_per_address=4))
    for n, person in enumerate(demo_customers()):
        guess(bank, 1, STRANGER, number=person.number, prefix=f"n{n}")
    assert not let_in(bank, "right pin", STRANGER)
    assert let_in(bank, "another address", HOME)
    clock.pass_time(hours=1)
    assert let_in(bank, "later", STRANGER, JAMES)


def test_a_pin_of_ones_own_buys_no_tries_from_ones_own_address(open_bank, url):
    bank = open_bank(url, lockout=LockoutPolicy(tries_per_address=4))
    for n in range(4):
        assert let_in(bank, f"own{n}", STRANGER, JAMES)
        guess(bank, 1, STRANGER, prefix=f"x{n}-")
    assert guess(bank, 1, STRANGER, number="98765439", prefix="y")[0].locked


@pytest.mark.parametrize("number", [MARIA.number, "98765439"])
def test_a_refusal_tells_nothing_about_number_pin_or_address(bank, number):
    assert let_in(bank, "first", HOME)
    answers = guess(bank, 4, STRANGER, number=number)
    assert [(a.locked, a.tries_left) for a in answers] == [
        (False, 2),
        (False, 1),
        (True, 0),
        (True, 0),
    ]


def test_a_flood_of_guesses_from_many_addresses_shuts_one_number_and_nobody_else(bank):
    assert let_in(bank, "first", HOME)
    answers = [guess(bank, 1, f"sip:+1555{n:04d}", prefix=f"c{n}-")[0] for n in range(60)]
    assert [n for n, answer in enumerate(answers) if not answer.locked] == [0, 1]
    assert not let_in(bank, "right pin", "sip:+15559999")
    assert let_in(bank, "own phone", HOME)
    assert let_in(bank, "somebody else", "sip:+15550001", JAMES)


def test_a_flood_of_calls_from_one_address_shuts_that_address_and_costs_no_more_hashing(
    bank, monkeypatch
):
    hashed = []
    verify = PinHasher.verify
    monkeypatch.setattr(PinHasher, "verify", lambda *a, **k: hashed.append(1) or verify(*a, **k))
    numbers = [f"{n:07d}{verhoeff.calc_check_digit(f'{n:07d}')}" for n in range(60)]
    answers = [guess(bank, 1, STRANGER, number, f"{number}-")[0] for number in numbers]
    assert sum(not answer.locked for answer in answers) < LockoutPolicy().tries_per_address
    assert len(hashed) == LockoutPolicy().tries_per_address
    assert not let_in(bank, "right pin", STRANGER)
    assert let_in(bank, "somebody else", HOME)


def test_guessing_from_everywhere_for_years_finds_no_pin():
    policy = LockoutPolicy()
    locks, waited = 0, timedelta()
    while waited < timedelta(days=365):
        waited += min(policy.lock_period * 2 ** min(locks, 20), policy.longest_lock)
        locks += 1
    assert locks * policy.tries < 10_000 / 8


def test_no_caller_id_is_kept_in_the_clear(bank, open_bank, url):
    assert let_in(bank, "first", HOME)
    guess(bank, 1, STRANGER)
    with bank._database.reading() as session:
        kept = str(session.execute(text("SELECT * FROM tries")).all())
        kept += str(session.execute(text("SELECT * FROM known_addresses")).all())
    assert "1555" not in kept
