"""The verdict on a replayed call: what the scenario expects against what happened.

It reads turns as `server.render.turn_json` makes them and the bank's books before and after, and
words every mismatch for somebody who tests and did not write the code.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from server.replay.scenario import ExpectedBooks, ExpectedTurn, Scenario

Books = Mapping[str, Any]
"""The bank's books as `Bank.books()` tells them."""

BROKEN = ("error", "timeout", "lost")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"'})


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that is not as expected.

    Attributes:
        turn: The caller turn, from 1; None for what concerns the call or the books.
        what: "intent", "balance of 40217301/checking" and the like.
        expected, got: In words.
    """

    turn: int | None
    what: str
    expected: str
    got: str

    def __str__(self) -> str:
        where = "call" if self.turn is None else f"turn {self.turn}"
        return f"{where}: {self.what}: expected {self.expected}, got {self.got}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one scenario: passed where nothing is amiss."""

    scenario: str
    mismatches: tuple[Mismatch, ...]

    @property
    def passed(self) -> bool:
        """Whether all was as expected."""
        return not self.mismatches


def judge(
    scenario: Scenario,
    turn_records: Sequence[Mapping[str, Any]],
    ended: str,
    books_before: Books,
    books_after: Books,
) -> Verdict:
    """Compare one call with its scenario.

    Args:
        scenario: What is expected.
        turn_records: Turns as `turn_json` makes them; `n` is the scenario's turn, from 1.
        ended: How the call ended: "goodbye", "transfer", "hangup", "silence", "error",
            "timeout" or "lost".
        books_before, books_after: The bank's books around the call.
    """
    records = {record["n"]: record for record in turn_records}
    found: list[Mismatch] = []
    for n, turn in enumerate(scenario.turns, start=1):
        if n not in records:
            found.append(Mismatch(n, "turn", "to be reached", f"call was over before it ({ended})"))
            break
        spoken_over = n < len(scenario.turns) and scenario.turns[n].barge_in is not None
        found.extend(_turn(n, turn.expect, records[n], spoken_over))
    found.extend(_end(scenario.expect.ended, ended))
    found.extend(_books(scenario.expect.books, books_before, books_after))
    return Verdict(scenario.name, tuple(found))


def _turn(
    n: int, expect: ExpectedTurn, record: Mapping[str, Any], spoken_over: bool
) -> Iterator[Mismatch]:
    """An answer that was spoken over may never have come to tell its action."""
    yield from _meaning(n, expect, record)
    untold = spoken_over and record["action"] is None
    if expect.action is not None and record["action"] != expect.action and not untold:
        yield Mismatch(n, "action", expect.action, record["action"] or "none")
    said = _plain(record["said"] or "")
    for words in expect.said_contains:
        if _plain(words) not in said:
            yield Mismatch(n, "answer", f"to contain {words!r}", _quoted(record["said"]))
    for words in expect.said_lacks:
        if _plain(words) in said:
            yield Mismatch(n, "answer", f"not to contain {words!r}", _quoted(record["said"]))


def _meaning(n: int, expect: ExpectedTurn, record: Mapping[str, Any]) -> Iterator[Mismatch]:
    heard = f"(heard {_quoted(record['heard'])})"
    if expect.intent is not None:
        best = next(iter(record["intents"] or ()), None)
        if best is None or best["name"] != expect.intent:
            yield Mismatch(n, "intent", expect.intent, f"{_best(record['intents'])} {heard}")
    got = [(entity["type"], str(entity["value"])) for entity in record["entities"] or ()]
    for wanted in expect.entities:
        if not any(kind == wanted.type and _same(value, wanted.value) for kind, value in got):
            shown = ", ".join(f"{kind} {value}" for kind, value in got) or "none"
            yield Mismatch(n, "entity", f"{wanted.type} {wanted.value}", f"{shown} {heard}")


def _best(intents: Sequence[Mapping[str, Any]] | None) -> str:
    if intents is None:
        return "none: not told (a spoken turn without diagnostics, or a keyed one)"
    if not intents:
        return "none"
    return f"{intents[0]['name']} {intents[0]['score']:.2f}"


def _end(expected: str | None, ended: str) -> Iterator[Mismatch]:
    if expected is None and ended in BROKEN:
        yield Mismatch(None, "end", "a call that ends by itself", ended)
    if expected is not None and ended != expected:
        yield Mismatch(None, "end", expected, ended)


def _books(expect: ExpectedBooks, before: Books, after: Books) -> Iterator[Mismatch]:
    balances = dict(_of_customers(after, "accounts", "balance"))
    for account, wanted in expect.balances.items():
        got = balances.get(account)
        if got is None or Decimal(str(got)) != wanted:
            yield Mismatch(None, f"balance of {account}", str(wanted), str(got or "no account"))
    cards = dict(_of_customers(after, "cards", "status"))
    for card, status in expect.cards.items():
        if cards.get(card) != status:
            yield Mismatch(None, f"card {card}", status, str(cards.get(card, "no such card")))
    if expect.transfers is not None:
        wanted_transfers = [(t.source, t.to, t.amount) for t in expect.transfers]
        yield from _transfers(wanted_transfers, list(_made(before, after)))


def _of_customers(books: Books, things: str, value: str) -> Iterator[tuple[str, Any]]:
    for customer in books["customers"]:
        for thing in customer[things]:
            yield f"{customer['number']}/{thing['kind']}", thing[value]


Transfer = tuple[str, str, Decimal]


def _made(before: Books, after: Books) -> Iterator[Transfer]:
    known = {transfer["id"] for transfer in before["transfers"]}
    for transfer in after["transfers"]:
        if transfer["id"] not in known:
            yield transfer["source"], transfer["to"], Decimal(str(transfer["amount"]))


def _transfers(wanted: Iterable[Transfer], made: Sequence[Transfer]) -> Iterator[Mismatch]:
    missing = Counter(wanted) - Counter(made)
    extra = Counter(made) - Counter(wanted)
    others = "; ".join(_worded(transfer) for transfer in made) or "no transfer"
    for transfer in missing.elements():
        yield Mismatch(None, "transfer", _worded(transfer), others)
    for transfer in extra.elements():
        yield Mismatch(None, "transfer", "no other transfer", _worded(transfer))


def _worded(transfer: Transfer) -> str:
    source, to, amount = transfer
    return f"{amount} from {source} to {to}"


def _same(value: str, wanted: str) -> bool:
    return value.casefold() == wanted.casefold()


def _plain(text: str) -> str:
    return " ".join(text.translate(_QUOTES).casefold().split())


def _quoted(text: str | None) -> str:
    return f'"{text}"' if text else "nothing"
