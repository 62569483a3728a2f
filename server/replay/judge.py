"""The verdict on a replayed call: what the scenario expects against what happened.

It reads turns as `server.render.turn_json` makes them and the bank's books before and after, and
words every mismatch for somebody who tests and did not write the code.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from server.replay.scenario import ExpectedBooks, ExpectedCall, ExpectedTurn, Scenario, Turn
from server.replay.words import plain, word_error

Books = Mapping[str, Any]
"""The bank's books as `server.replay.hosting.ledger` tells them."""

Alike = Callable[[str, str], float]
"""How near some sentence of an answer comes to a meaning, -1 to 1: (wanted, answer)."""

ALIKE = 0.6
"""Cosine of sentence vectors from which a sentence counts as saying the same."""

SIDES = "sides of the call"
"""A mismatch of the recording that all is measured in."""
BROKEN = ("error", "timeout", "lost", "gave up")
_CASES = {"open_complaint": "complaint", "open_suggestion": "suggestion"}


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
    alike: Alike | None = None,
) -> Verdict:
    """Compare one call with its scenario.

    Args:
        scenario: What is expected.
        turn_records: Turns as `turn_json` makes them; `n` is the scenario's turn, from 1. Of
            what was said again the last answer counts, and the try that was understood best;
            no answer may say what it must lack.
        ended: How the call ended: "goodbye", "transfer", "hangup", "silence", "error",
            "timeout", "lost" or "gave up".
        books_before, books_after: The bank's books around the call, with its audit.
        alike: Compares meanings, for `said_means`.
    """
    records: dict[int, list[Mapping[str, Any]]] = {}
    for record in turn_records:
        records.setdefault(record["n"], []).append(record)
    found: list[Mismatch] = []
    for n, turn in enumerate(scenario.turns, start=1):
        if n not in records:
            found.append(Mismatch(n, "turn", "to be reached", f"call was over before it ({ended})"))
            break
        spoken_over = n < len(scenario.turns) and scenario.turns[n].barge_in is not None
        first, last = records[n][0], records[n][-1]
        found.extend(_sound(n, turn, first))
        meant = [list(_meaning(n, turn.expect, record)) for record in records[n]]
        best_understood = min(meant, key=len)
        found.extend(best_understood)
        found.extend(_turn(n, turn, last, spoken_over))
        found.extend(m for record in records[n] for m in _lacks(n, turn.expect, record))
        found.extend(_means(n, turn.expect, last, alike))
    found.extend(_end(scenario.expect.ended, ended))
    found.extend(_handed_over(scenario.expect.handed_over, ended))
    found.extend(_books(scenario.expect.books, books_before, books_after))
    found.extend(_audit(scenario.expect, books_before, books_after))
    found.extend(_workflows(scenario.expect.workflows, books_before, books_after))
    return Verdict(scenario.name, tuple(found))


def _turn(n: int, turn: Turn, record: Mapping[str, Any], spoken_over: bool) -> Iterator[Mismatch]:
    """An answer that was spoken over may never have come to tell its action."""
    expect = turn.expect
    untold = spoken_over and record["action"] is None
    if expect.action is not None and record["action"] != expect.action and not untold:
        yield Mismatch(n, "action", expect.action, record["action"] or "none")
    said = plain(record["said"] or "")
    for words in expect.said_contains:
        if plain(words) not in said:
            yield Mismatch(n, "answer", f"to contain {words!r}", _quoted(record["said"]))


def _lacks(n: int, expect: ExpectedTurn, record: Mapping[str, Any]) -> Iterator[Mismatch]:
    said = plain(record["said"] or "")
    for words in expect.said_lacks:
        if plain(words) in said:
            yield Mismatch(n, "answer", f"not to contain {words!r}", _quoted(record["said"]))


def _sound(n: int, turn: Turn, record: Mapping[str, Any]) -> Iterator[Mismatch]:
    """Of the first try."""
    yield from _words(n, turn, record)
    yield from _times(n, turn.expect, record)


def _words(n: int, turn: Turn, record: Mapping[str, Any]) -> Iterator[Mismatch]:
    """Only where the words came as sound; what was masked counts as heard rightly."""
    bound = turn.expect.heard_within
    if bound is None or turn.say is None or record.get("span") is None:
        return
    error = word_error(turn.say, record["heard"] or "")
    if error > bound:
        got = f"{_quoted(record['heard'])}, {error:.0%} wrong"
        yield Mismatch(n, "heard", f"{turn.say!r} with at most {bound:.0%} wrong", got)


def _times(n: int, expect: ExpectedTurn, record: Mapping[str, Any]) -> Iterator[Mismatch]:
    if record.get("span") is None:
        return
    bounds = (
        ("response latency", expect.said_within_ms, "response_latency_ms"),
        ("yield latency", expect.yields_within_ms, "yield_ms"),
    )
    for what, bound, name in bounds:
        got = record.get(name)
        if bound is not None and (got is None or got > bound):
            shown = "none" if got is None else f"{got:.0f} ms"
            yield Mismatch(n, what, f"at most {bound:.0f} ms", shown)
    if expect.yields is not None and record["cleared"] != expect.yields:
        wanted = ("that it goes on", "that it stops")[expect.yields]
        yield Mismatch(n, "speaking over the answer", wanted, "the opposite")


def _means(
    n: int, expect: ExpectedTurn, record: Mapping[str, Any], alike: Alike | None
) -> Iterator[Mismatch]:
    if expect.said_means and alike is None:
        raise ValueError("said_means needs something that compares meanings")
    for wanted in expect.said_means:
        nearest = alike(wanted, record["said"] or "") if alike else 0.0
        if nearest < ALIKE:
            got = f"{_quoted(record['said'])} ({nearest:.2f}, at least {ALIKE} wanted)"
            yield Mismatch(n, "answer", f"to mean {wanted!r}", got)


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


def _handed_over(expected: bool | None, ended: str) -> Iterator[Mismatch]:
    if expected is not None and expected != (ended == "transfer"):
        wanted = "to a person" if expected else "to nobody"
        yield Mismatch(None, "hand-over", wanted, f"ended by {ended}")


def _audit(expect: ExpectedCall, before: Books, after: Books) -> Iterator[Mismatch]:
    known = {row["row"] for row in before.get("audit", ())}
    rows = [row for row in after.get("audit", ()) if row["row"] not in known]
    done = [(row["action"], row["result"]) for row in rows]
    shown = ", ".join(f"{action} {result}" for action, result in done) or "nothing"
    rest = iter(done)
    for wanted in expect.audit:
        if (wanted.action, wanted.result) not in rest:
            yield Mismatch(None, "audit", f"{wanted.action} {wanted.result}", shown)
            break
    for action in expect.audit_lacks:
        if (action, "ok") in done:
            yield Mismatch(None, "audit", f"no {action}", shown)
    if expect.cases is not None:
        granted = [action for action, result in done if result == "ok"]
        opened = sorted(_CASES[action] for action in granted if action in _CASES)
        if opened != sorted(expect.cases):
            wanted_cases = ", ".join(sorted(expect.cases)) or "none"
            yield Mismatch(None, "cases", wanted_cases, ", ".join(opened) or "none")


def _workflows(expected: Sequence[str] | None, before: Books, after: Books) -> Iterator[Mismatch]:
    if expected is None:
        return
    known = set(before.get("workflows", ()))
    started = sorted(w.split(":")[0] for w in after.get("workflows", ()) if w not in known)
    if started != sorted(expected):
        wanted = ", ".join(sorted(expected)) or "none"
        yield Mismatch(None, "workflows", wanted, ", ".join(started) or "none")


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
    bills = dict(_of_customers(after, "bills", "state"))
    for bill, state in expect.bills.items():
        if bills.get(bill) != state:
            yield Mismatch(None, f"bill {bill}", state, str(bills.get(bill, "no such bill")))
    if expect.transfers is not None:
        wanted_transfers = [(t.source, t.to, t.amount) for t in expect.transfers]
        yield from _transfers(wanted_transfers, list(_made(before, after)))


def _of_customers(books: Books, things: str, value: str) -> Iterator[tuple[str, Any]]:
    for customer in books["customers"]:
        for thing in customer.get(things, ()):
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


def _quoted(text: str | None) -> str:
    return f'"{text}"' if text else "nothing"
