"""What is sealed, opened, exported, erased and forgotten; on both databases."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from threading import Event
from time import sleep

import pytest
from bank_callers import empty
from cryptography.fernet import Fernet
from sqlalchemy import select

from dialog.bank import privacy, tasks
from dialog.bank.privacy import ERASED
from dialog.bank.tables import Base, TryRow
from dialog.bank.tasks import NewTask
from dialog.bank.values import NewPayee
from dialog.bank.waiting_line import NewWaiting
from dialog.errors import CustomerErased, UnknownAccount, Unreadable

OLD, NEW = Fernet.generate_key(), Fernet.generate_key()


@pytest.fixture
def vault(bank):
    return bank.vault([OLD])


def test_what_is_sealed_can_be_opened_with_the_ring_only(bank, vault, maria):
    token = vault.seal("c1", b"what was said", customer_id=maria.id)
    assert b"said" not in token
    assert vault.open("c1", token) == b"what was said"
    with pytest.raises(Unreadable, match="not in the ring"):
        bank.vault([NEW]).open("c1", token)


def test_a_changed_token_or_another_calls_is_not_opened(vault):
    token = vault.seal("c1", b"one", customer_id=None)
    vault.seal("c2", b"two", customer_id=None)
    with pytest.raises(Unreadable):
        vault.open("c2", token)
    with pytest.raises(Unreadable):
        vault.open("c1", token[:-4] + b"AAAA")


def test_a_call_belongs_to_whom_was_identified_last_in_it(vault, maria):
    vault.seal("c1", b"hello", customer_id=None)
    vault.seal("c1", b"it is me", customer_id=maria.id)
    vault.seal("c1", b"bye", customer_id=None)
    assert vault.calls_of(maria.id) == ["c1"]


def test_rotation_makes_the_old_key_useless_and_loses_nothing(bank, vault):
    token = vault.seal("c1", b"what was said", customer_id=None)
    assert bank.vault([NEW, OLD]).rotate(by="Ada") == 1
    assert bank.vault([NEW]).open("c1", token) == b"what was said"
    with pytest.raises(Unreadable):
        vault.open("c1", token)


def test_a_ring_that_lacks_a_key_rotates_nothing(bank, vault):
    token = vault.seal("c1", b"what was said", customer_id=None)
    with pytest.raises(Unreadable, match="not in the ring"):
        bank.vault([NEW]).rotate(by="Ada")
    assert vault.open("c1", token) == b"what was said"


def test_calls_past_their_retention_period_cannot_be_read(vault, clock):
    token = vault.seal("old", b"long ago", customer_id=None)
    clock.pass_time(days=200)
    young = vault.seal("young", b"now", customer_id=None)
    limit = clock().replace(day=1)
    assert vault.forget_before(limit, by="Ada") == ["old"]
    assert vault.open("young", young) == b"now"
    with pytest.raises(Unreadable, match="retention"):
        vault.open("old", token)


def test_an_export_holds_everything_and_no_secret(bank, maria):
    bank.cases.open("complaint", "a wrong fee", customer_id=maria.id, call_id="c1", request_id="r")
    order = replace(maria.order("12.34"), mood="distressed")
    bank.propose_transfer(order, call_id="c1", proposal_id="p")
    bank.block_card(maria.cards["debit"], customer_id=maria.id, call_id="c1", reason="a dog ate it")
    told = bank.privacy.export(maria.number, by="Ada")
    theirs = {t.name for t in Base.metadata.sorted_tables if "customer_id" in t.c}
    assert theirs | {"card_events", "tries", "transactions"} == told.keys() - {"customer"}
    assert (told["proposals"][0]["mood"], told["card_events"][0]["reason"]) == (
        "distressed",
        "a dog ate it",
    )
    text = json.dumps(told)
    assert told["customer"]["first_name"] == "Maria"
    assert "a wrong fee" in text
    assert "Salary from Northfield Clinic" in text
    assert "argon2" not in text
    with pytest.raises(UnknownAccount):
        bank.privacy.export("00000000", by="Ada")


def test_who_still_has_money_is_not_erased(bank, maria):
    with pytest.raises(UnknownAccount, match="money"):
        bank.privacy.erase(maria.number, by="Ada")
    assert bank.privacy.export(maria.number, by="Ada")["customer"]["first_name"] == "Maria"


def test_erasing_leaves_books_and_audit_whole_and_nobody_named(bank, james, vault):
    token = vault.seal("c1", b"what James said", customer_id=james.id)
    other = vault.seal("c2", b"somebody else", customer_id=None)
    bank.cases.open("complaint", "my secret", customer_id=james.id, call_id="c1", request_id="r")
    empty(bank, james)
    assert bank.privacy.erase(james.number, by="Ada") == ["c1"]
    bank.check()
    assert bank.check_audit().findings == ()
    with pytest.raises(Unreadable):
        vault.open("c1", token)
    assert vault.open("c2", other) == b"somebody else"
    books = json.dumps([bank.books()["customers"][1], bank.letters(), bank.audit_rows(1000)])
    assert ERASED in books
    for word in ("James", james.number, "my secret", "Greenfield"):
        assert word not in books
    assert bank.authenticate(james.number, james.pin, call_id="after").customer_id is None
    assert bank.cases.open_cases() == []


def test_what_was_told_in_matters_that_are_long_over_is_blanked(bank, maria, clock):
    """What is still open, or was over later, stays; so do the customer and the books."""
    who = {"customer_id": maria.id, "call_id": "c1"}

    def happen(name):
        case = bank.cases.open("complaint", f"words {name}", request_id=name, **who)
        terms = {"words": f"two, {name} was slow", "flows": ""}
        bank.orders.propose("survey", terms, proposal_id=f"s-{name}", **who)
        bank.orders.carry_out(f"s-{name}", **who)
        bank.line.join(NewWaiting(f"call-{name}", maria.id, False, "calm", f"summary {name}"))
        return case

    bank.cases.close(happen("old").reference, "old answer", by="Ada")
    happen("open")
    clock.pass_time(days=100)
    bank.cases.close(happen("young").reference, "young answer", by="Ada")
    before = bank.books()["journal_entries"]
    limit = clock.now - timedelta(days=50)
    assert bank.privacy.forget_before(limit, by="Ada") > 0
    assert bank.privacy.forget_before(limit, by="Ada") == 0
    told = json.dumps(bank.privacy.export(maria.number, by="Ada"))
    for gone in ("words old", "old answer", "two, old", "summary old", "two, open"):
        assert gone not in told
    for kept in ("words open", "words young", "young answer", "two, young", "Maria"):
        assert kept in told
    assert bank.books()["journal_entries"] == before


def test_tries_under_a_number_are_exported_and_erased(bank, james):
    bank.authenticate(james.number, "0000", call_id="g")
    bank.emergency_block(james.number, "debit", call_id="g")
    tries = bank.privacy.export(james.number, by="Ada")["tries"]
    assert [row["scope"] for row in tries] == ["block-number", "pin-number"]
    empty(bank, james)
    bank.privacy.erase(james.number, by="Ada")
    with bank._database.reading() as session:
        assert james.number not in list(session.scalars(select(TryRow.subject)))


def test_a_task_that_is_opened_while_its_customer_is_erased_keeps_no_word(bank, james, monkeypatch):
    opening, make = Event(), tasks._row

    def slowly(*told):
        opening.set()
        sleep(0.3)
        return make(*told)

    monkeypatch.setattr(tasks, "_row", slowly)
    new = NewTask("t1", "w", "call back", james.id, "customer care", "about a loan")
    empty(bank, james)
    with ThreadPoolExecutor() as others:
        other = others.submit(bank.tasks.open, new)
        opening.wait(10)
        bank.privacy.erase(james.number, by="Ada")
        other.result()
    told = bank.tasks.get("t1")
    assert (told.summary, told.decision) == (ERASED, "declined")
    with pytest.raises(CustomerErased):
        bank.tasks.open(replace(new, id="t2"))


WORDS = "said on the telephone"
SAID = {"words": WORDS, "flows": ""}
PAYEE = NewPayee("Said Again", "021000021", "123456789")

WRITES = {
    "complaint": lambda bank, _, who: bank.cases.open("complaint", WORDS, request_id="r", **who),
    "task": lambda bank, james, _: bank.tasks.open(
        NewTask("t", "w", "call back", james.id, "customer care", WORDS)
    ),
    "order": lambda bank, _, who: bank.orders.propose("survey", SAID, proposal_id="s", **who),
    "carried out": lambda bank, _, who: bank.orders.carry_out("ordered", **who),
    "payee": lambda bank, _, who: bank.payees.propose(PAYEE, proposal_id="p", **who),
    "payee added": lambda bank, _, who: bank.payees.add("payee", **who),
    "transfer": lambda bank, james, _: bank.propose_transfer(
        replace(james.order("5"), mood="distressed"), call_id="c1", proposal_id="t"
    ),
    "transfer made": lambda bank, _, who: bank.execute_transfer("transfer", mood="angry", **who),
    "code": lambda bank, _, who: bank.codes.send("transfer", **who),
    "statement": lambda bank, james, who: bank.statements.order(
        james.checking, date(2026, 3, 1), date(2026, 3, 2), request_id="st", **who
    ),
    "recommendation": lambda bank, _, who: bank.advice.recommend(request_id="a", **who),
    "login": lambda bank, james, _: bank.authenticate(
        james.number, james.pin, call_id="c2", address="phone:+15550100"
    ),
}


@contextmanager
def being_erased(bank, somebody, monkeypatch):
    """A moment at which the erasure has done all that it does, and is not committed yet."""
    erasing, destroy = Event(), privacy.destroy_keys

    def slowly(*told):
        calls = destroy(*told)
        erasing.set()
        sleep(0.3)
        return calls

    monkeypatch.setattr(privacy, "destroy_keys", slowly)
    with ThreadPoolExecutor() as others:
        other = others.submit(bank.privacy.erase, somebody.number, by="Ada")
        assert erasing.wait(10)
        yield
        other.result()


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_nothing_is_written_of_a_customer_while_they_are_erased(bank, james, monkeypatch, write):
    who = {"customer_id": james.id, "call_id": "c1"}
    bank.orders.propose("consent", {"given": 1}, proposal_id="consent", **who)
    bank.orders.carry_out("consent", **who)
    bank.orders.propose("survey", SAID, proposal_id="ordered", **who)
    bank.propose_transfer(james.order("5"), call_id="c1", proposal_id="transfer")
    bank.payees.propose(PAYEE, proposal_id="payee", **who)
    bank.codes.send("payee", **who)
    bank.codes.check("payee", re.search(r"\d{6}", bank.letters()[-1]["body"])[0], **who)
    empty(bank, james)
    with being_erased(bank, james, monkeypatch), pytest.raises(CustomerErased):
        write(bank, james, who)


def test_who_is_erased_while_they_join_the_line_has_a_place_and_leaves_no_word(
    bank, james, monkeypatch
):
    empty(bank, james)
    with being_erased(bank, james, monkeypatch):
        assert bank.line.join(NewWaiting("c1", james.id, True, "angry", WORDS)) == 1
    (waiting,) = bank.line.waiting()
    assert (waiting.first, waiting.mood, waiting.summary) == (True, "calm", ERASED)


def test_what_is_sealed_of_a_call_while_its_customer_is_erased_opens_nowhere(
    bank, james, vault, monkeypatch
):
    empty(bank, james)
    with being_erased(bank, james, monkeypatch):
        token = vault.seal("c1", b"what James said", customer_id=james.id)
    with pytest.raises(Unreadable):
        vault.open("c1", token)


def test_what_is_written_of_a_call_after_its_customer_was_erased_opens_nowhere(bank, james, vault):
    vault.seal("c1", b"before", customer_id=james.id)
    empty(bank, james)
    bank.privacy.erase(james.number, by="Ada")
    token = vault.seal("c1", b"the rest of the call", customer_id=james.id)
    with pytest.raises(Unreadable):
        vault.open("c1", token)
    assert vault.calls_of(james.id) == []
