"""Cards are blocked; without a PIN too, without telling whose they are."""

import pytest
from bank_callers import meet
from sqlalchemy import text

from dialog.bank.database import Database
from dialog.errors import RateLimited, UnknownAccount

NOBODY = "98765439"


def statuses(bank):
    return {
        f"{customer['name'].split()[0]}/{card['kind']}": card["status"]
        for customer in bank.books()["customers"]
        for card in customer["cards"]
    }


def events(url):
    database = Database(url, wait_s=5)
    with database.reading() as session:
        rows = session.execute(text("SELECT call_id, reason FROM card_events ORDER BY id")).all()
    database.close()
    return [tuple(row) for row in rows if row.call_id != "branch"]


def test_the_owner_blocks_one_card_and_it_is_written_down_once(bank, maria, url):
    for _ in range(2):
        card = bank.block_card(
            maria.cards["debit"], customer_id=maria.id, call_id="c1", reason="lost"
        )
        assert (card.kind, card.status, card.last4) == ("debit", "blocked", "3316")
    assert statuses(bank)["Maria/debit"] == "blocked"
    assert statuses(bank)["Maria/credit"] == "active"
    assert events(url) == [("c1", "lost")]


def test_nobody_blocks_the_card_of_somebody_else_with_their_own_pin(bank, maria, james):
    for card_id in (james.cards["debit"], 10**6):
        with pytest.raises(UnknownAccount):
            bank.block_card(card_id, customer_id=maria.id, call_id="c1", reason="lost")
    assert statuses(bank)["James/debit"] == "active"


@pytest.mark.parametrize(
    ("kind", "blocked"),
    [
        ("debit", {"Maria/debit"}),
        ("credit", {"Maria/credit"}),
        (None, {"Maria/debit", "Maria/credit"}),
    ],
)
def test_an_emergency_block_needs_no_pin(bank, maria, kind, blocked):
    before = statuses(bank)
    bank.emergency_block(maria.number, kind, call_id="c1")
    after = statuses(bank)
    assert {name for name in after if after[name] != before[name]} == blocked
    assert {after[name] for name in blocked} == {"blocked"}


def test_an_emergency_block_answers_the_same_for_numbers_that_nobody_has(bank, maria):
    before = statuses(bank)
    assert bank.emergency_block(NOBODY, None, call_id="c1") is None
    assert bank.emergency_block("40217309", None, call_id="c2") is None
    assert statuses(bank) == before
    assert bank.emergency_block(maria.number, None, call_id="c3") is None


@pytest.mark.parametrize("existing", [True, False])
def test_emergency_blocks_are_counted_per_number_over_calls(bank, maria, clock, existing):
    number = maria.number if existing else NOBODY
    for n in range(3):
        bank.emergency_block(number, "debit", call_id=f"c{n}")
    with pytest.raises(RateLimited):
        bank.emergency_block(number, "credit", call_id="c3")
    assert statuses(bank)["Maria/credit"] == "active"
    clock.pass_time(days=1)
    bank.emergency_block(number, "credit", call_id="c4")
    assert (statuses(bank)["Maria/credit"] == "blocked") is existing


def test_one_call_cannot_block_the_cards_of_many(bank, maria, james):
    priya = meet(bank, "Priya")
    for number in (NOBODY, maria.number, james.number):
        bank.emergency_block(number, None, call_id="c1")
    with pytest.raises(RateLimited):
        bank.emergency_block(priya.number, None, call_id="c1")
    assert statuses(bank)["Priya/debit"] == "active"


def test_one_address_cannot_block_the_cards_of_many_over_many_calls(bank, maria, james, clock):
    priya = meet(bank, "Priya")
    for n in range(6):
        number = (NOBODY, maria.number)[n % 2]
        bank.emergency_block(number, None, call_id=f"c{n}", address="ws:a")
    with pytest.raises(RateLimited):
        bank.emergency_block(priya.number, None, call_id="c6", address="ws:a")
    bank.emergency_block(james.number, None, call_id="c6", address="ws:b")
    assert (statuses(bank)["Priya/debit"], statuses(bank)["James/debit"]) == ("active", "blocked")
    clock.pass_time(days=1)
    bank.emergency_block(priya.number, None, call_id="c7", address="ws:a")
    assert statuses(bank)["Priya/debit"] == "blocked"


def test_a_locked_number_can_still_be_blocked(bank, maria):
    for n in range(3):
        bank.authenticate(maria.number, "0000", call_id=f"c{n}")
    bank.emergency_block(maria.number, "debit", call_id="c9")
    assert statuses(bank)["Maria/debit"] == "blocked"
