"""The commands of a bank's people: workflows, tasks, cases, what is kept of a customer."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout, suppress
from datetime import date
from io import StringIO
from pathlib import Path

import pytest

from dialog.bank import office
from dialog.bank.bank import Bank
from dialog.bank.products.advice import DECLINED
from dialog.bank.products.ranker import RANKER_FILE, load_ranker
from dialog.bank.values import TransferOrder
from dialog.errors import BankError, BankUnavailable, UnknownAccount
from server.bank_file import open_bank
from server.cli.root import app, overrides
from server.records import CallRecord, details_path, record_path
from server.settings import Settings, read_data_keys

NUMBER = "40217308"
Command = Callable[..., str]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folders with an embedded demo bank of their own."""
    for name in ("DATA", "CONFIG", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("TELLERLINE_RECORDS", str(tmp_path / "records"))
    monkeypatch.setenv("TELLERLINE_DATA_KEYS", str(tmp_path / "ring"))
    monkeypatch.setenv("TELLERLINE_PEPPER_FILE", str(tmp_path / "pepper"))
    monkeypatch.setenv("TELLERLINE_DEVICES_FILE", str(tmp_path / "devices.json"))
    return tmp_path


@pytest.fixture
def command(home: Path) -> Command:
    """Runs a command and gives what it printed; an error of the bank's is raised."""

    def run(*words: str) -> str:
        with redirect_stdout(StringIO()) as told:
            assert app(list(words), standalone_mode=False) in (None, 0)
        return told.getvalue()

    return run


@pytest.fixture
def bank(home: Path) -> Iterator[Bank]:
    overrides.clear()
    bank = open_bank(Settings())
    yield bank
    bank.close()


@pytest.fixture
def maria(bank: Bank) -> int:
    found = bank.authenticate(NUMBER, "4821", call_id="login").customer_id
    assert found is not None
    return found


def lines(told: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in told.splitlines()]


def test_workflows_are_listed_shown_and_still_wait_once_the_office_is_closed(
    command: Command, bank: Bank, maria: int
) -> None:
    who = {"customer_id": maria, "call_id": "c1"}
    case = bank.cases.open("complaint", "a wrong fee", request_id="r1", **who)
    with pytest.raises(BankUnavailable, match="workflows run"):
        command("workflows", "list")
    assert json.loads(command("workflows", "run", "--seconds", "0.4")) == {"heard": 1}
    (waiting,) = lines(command("workflows", "list", "--json"))
    assert (waiting["id"], waiting["status"]) == ("complaint:1", "PENDING")
    steps = lines(command("workflows", "show", "complaint:1", "--json"))
    assert steps[0]["what"] == "acknowledge"
    with pytest.raises(BankError, match="only one that failed"):
        command("workflows", "retry", "complaint:1", "--by", "Ada")
    assert [one["reference"] for one in lines(command("cases", "list", "--json"))] == [
        case.reference
    ]
    assert "is answered" in command(
        "cases", "answer", case.reference, "we pay it back", "--by", "Ada"
    )


def test_a_customer_is_exported_and_none_is_erased_who_has_money(
    command: Command, bank: Bank, maria: int
) -> None:
    bank.cases.open("complaint", "a fee", customer_id=maria, call_id="c1", request_id="r1")
    told = json.loads(command("privacy", "export", NUMBER, "--by", "Ada"))
    assert told["customer"]["first_name"] == "Maria"
    assert "a fee" in json.dumps(told)
    assert "wrapped with the new one" in command("privacy", "rotate", "--by", "Ada")
    with pytest.raises(BankError, match="money"):
        command("privacy", "erase", NUMBER, "--yes", "--by", "Ada")
    command("audit", "verify")
    with pytest.raises(UnknownAccount):
        command("privacy", "export", "98765439", "--by", "Ada")


def test_a_customer_without_money_is_erased(command: Command, bank: Bank, home: Path) -> None:
    number = "77509128"
    daniel = bank.authenticate(number, "6608", call_id="login").customer_id
    assert daniel is not None
    facts = bank.facts(daniel)
    order = TransferOrder(
        customer_id=daniel,
        from_account_id=facts.accounts[0].id,
        amount=facts.accounts[0].balance,
        currency="USD",
        to_payee_id=facts.payees[0].id,
    )
    bank.propose_transfer(order, call_id="c1", proposal_id="all")
    bank.execute_transfer("all", customer_id=daniel, call_id="c1")
    vault, folder = bank.vault(read_data_keys(Settings().data_keys)), Settings().records
    assert folder is not None
    record = CallRecord(folder, "c1", lambda d: vault.seal("c1", d, customer_id=daniel))
    record.add({"type": "heard", "text": "words"})
    record.write()
    bank.statements.order(
        facts.accounts[0].id,
        date(2026, 1, 1),
        date(2026, 1, 31),
        customer_id=daniel,
        call_id="c1",
        request_id="s",
    )
    command("outbox", "run")
    (sent,) = (home / "data").rglob("email.jsonl")
    assert "Daniel" in sent.read_text()
    record_path(folder, "c1").write_text(command("privacy", "open", "c1", "--by", "Ada"))
    details_path(folder, "c1").write_text("{}")
    assert "1 calls can no longer be read" in command(
        "privacy", "erase", number, "--yes", "--by", "Ada"
    )
    assert (list(folder.iterdir()), sent.read_text()) == ([], "")
    with pytest.raises(UnknownAccount):
        command("privacy", "export", number, "--by", "Ada")
    command("audit", "verify")
    assert "rows are blanked" in command("privacy", "retain", "--by", "Ada")


def test_a_workflow_that_failed_is_tried_again_with_the_command(
    command: Command, bank: Bank, maria: int
) -> None:
    """It is told of a case that is not there yet."""
    bank._database.write(lambda session: office.start(session, "complaint", "1", bank.now()))
    command("workflows", "run", "--seconds", "0.4")
    assert [one["status"] for one in lines(command("workflows", "list", "--json"))] == ["ERROR"]
    bank.cases.open("complaint", "a fee", customer_id=maria, call_id="c1", request_id="r1")
    command("workflows", "retry", "complaint:1", "--by", "Ada")
    for _ in range(20):
        command("workflows", "run", "--seconds", "1")
        if bank.letters():
            break
    assert [one["status"] for one in lines(command("workflows", "list", "--json"))] == ["PENDING"]
    assert bank.letters()[-1]["kind"] == "complaint_taken"


def test_the_fairness_report_is_printed_and_finds_nothing(command: Command) -> None:
    few = ("loans", "fairness", "--applicants", "4000", "--seed", "3")
    told = json.loads(command(*few, "--json"))
    assert told["findings"] == []
    assert {rate["trait"] for rate in told["rates"]} == {"gender", "origin", "age"}
    assert "no proxy found" in command(*few)


def test_a_finding_of_the_fairness_report_is_exit_code_1(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dialog.bank.loans.fairness.FOUR_FIFTHS", 0.99)
    assert app(["loans", "fairness", "--applicants", "4000"], standalone_mode=False) == 1


def test_what_customers_answer_moves_the_next_ranker(
    command: Command, bank: Bank, maria: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dialog.bank.products.fit.TRAIN", 300)
    monkeypatch.setattr("dialog.bank.products.fit.HELD_OUT", 50)
    who = {"customer_id": maria, "call_id": "c1"}
    bank.orders.propose("consent", {"given": 1}, proposal_id="yes", **who)
    bank.orders.carry_out("yes", **who)
    disliked = bank.advice.recommend(request_id="r1", **who).product
    bank.advice.answer("r1", DECLINED, **who)

    def score(*more: str) -> float:
        [told] = lines(command("products", "train", "--out", str(tmp_path), *more))
        assert told["answers"] == len(more)
        ranked = load_ranker(tmp_path / RANKER_FILE.name).rank(bank.advice.profile(maria))
        return next(one.score for one in ranked if one.product == disliked)

    assert score("--feedback") < score()


def test_a_low_answer_is_reported_by_what_was_done(
    command: Command, bank: Bank, maria: int
) -> None:
    who = {"customer_id": maria, "call_id": "c1"}
    terms = {"words": "one, nobody helped me", "flows": "transfer"}
    bank.orders.propose("survey", terms, proposal_id="s1", **who)
    bank.orders.carry_out("s1", **who)
    (flow,) = lines(command("survey", "report", "--json"))
    assert (flow["flow"], flow["mean"], flow["bad"]) == ("transfer", 1.0, 1)
    assert "nobody helped me" in flow["reasons"][0]


def test_two_people_decide_with_the_command(command: Command, bank: Bank, maria: int) -> None:
    from dialog.bank.tasks import NewTask

    bank.tasks.open(NewTask("t1", "w", "transfer", maria, "payments", "a large one", people=2))
    (waiting,) = lines(command("tasks", "list", "--json"))
    assert waiting["id"] == "t1"
    assert "1 more must agree" in command("tasks", "approve", "t1", "--by", "Ada")
    with pytest.raises(BankError, match="two people"):
        command("tasks", "approve", "t1", "--by", "Ada")
    assert "approved" in command("tasks", "approve", "t1", "--by", "Ben")
    assert lines(command("tasks", "list", "--json")) == []


def test_a_caller_in_line_is_taken_with_their_summary(
    command: Command, bank: Bank, maria: int
) -> None:
    from dialog.bank.waiting_line import NewWaiting

    bank.line.join(NewWaiting("c1", maria, True, "angry", "Maria, about a fee"))
    (waiting,) = lines(command("queue", "list", "--json"))
    assert (waiting["call_id"], waiting["mood"]) == ("c1", "angry")
    assert json.loads(command("queue", "take", "--by", "Ada"))["summary"] == "Maria, about a fee"
    assert command("queue", "list", "--json") == ""


def test_whoever_does_something_is_in_the_audit_by_name(
    command: Command, bank: Bank, maria: int
) -> None:
    who = {"customer_id": maria, "call_id": "c1"}
    case = bank.cases.open("complaint", "a fee", request_id="r1", **who)
    vault, folder = bank.vault(read_data_keys(Settings().data_keys)), Settings().records
    record = CallRecord(folder, "c1", lambda data: vault.seal("c1", data, customer_id=maria))
    record.add({"type": "heard"})
    record.write()
    command("workflows", "run", "--seconds", "0.2")
    deeds = {
        "export_customer": "privacy export 40217308",
        "open_record": "privacy open c1",
        "rotate_keys": "privacy rotate",
        "forget_words": "privacy retain",
        "propose_profile": "profile correct 40217308 months 12",
        "propose_consent": "profile forget 40217308",
        "close_case": f"cases answer {case.reference} sorry",
        "issue_device": "devices issue kitchen",
        "rotate_device": "devices rotate kitchen",
        "revoke_device": "devices revoke kitchen",
        "retry_workflow": "workflows retry complaint:1",
        "erase_customer": "privacy erase 40217308 --yes",
    }
    for words in deeds.values():
        with pytest.raises(Exception, match="Missing parameter: by"):
            command(*words.split())
        with suppress(BankError):  # what is refused is written down, too
            command(*words.split(), "--by", " Ada  Byron ")
    done = {row["action"] for row in bank.audit_rows(100) if row["call"] == "Ada Byron"}
    assert done >= deeds.keys()
    with pytest.raises(BankError, match="give a name"):
        command("privacy", "rotate", "--by", " ")


def test_a_code_is_read_in_the_file_of_the_demo_and_nowhere_else(
    command: Command, bank: Bank, maria: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> str:
        (letter,) = lines(command("outbox", "list", "--json"))
        return letter["body"]

    who = {"customer_id": maria, "call_id": "c1"}
    card = next(card.id for card in bank.facts(maria).cards)
    terms = {"card": card, "what": "cash", "amount_minor": 60000}
    bank.orders.propose("limit", terms, proposal_id="o1", **who)
    bank.codes.send("o1", **who)
    waiting = told()
    assert re.search(r"\b\d{6}\b", waiting)
    (letter,) = json.loads(command("privacy", "export", NUMBER, "--by", "Ada"))["messages"]
    assert letter["body"] == ""
    with monkeypatch.context() as served:
        served.setenv("TELLERLINE_SMS", '{"url": "https://sms.example"}')
        assert told() == ""
    command("outbox", "run")
    assert bank.letters()[0]["body"] == ""
    assert told() == waiting
    command("privacy", "retain", "--by", "Ada")
    assert told() == waiting
