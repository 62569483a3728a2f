"""Figures of a replay and their intervals, and gates that hold or break."""

import json
import math
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from server.errors import ServerError
from server.recording import write_stereo
from server.replay.causes import cause
from server.replay.gates import STRICT, Gates, check, failing, flaky, load_gates, regressed
from server.replay.glance import glance
from server.replay.metrics import (
    METRICS,
    corrected,
    difference,
    groups,
    measured,
    poisson,
    wilson,
)
from server.replay.reading import ScenarioError
from server.replay.report import write_report
from server.replay.verdict import give_verdict, write_files

PLAIN = {"intents": [], "parts": {}, "heard": "hello", "said": "Good day.", "entities": []}


def call(name: str = "a", *, latency: float = 500.0, passed: bool = True, **more: Any) -> dict:
    wrong = {"turn": 1, "what": "intent", "expected": "balance", "got": "transfer"}
    turn = {"n": 1, "response_latency_ms": latency, "action": "ask", "score": {}} | PLAIN
    return {
        "name": name,
        "scenario": name,
        "about": "",
        "path": f"{name}.yaml",
        "tags": [],
        "condition": "clean",
        "wire": "websocket",
        "passed": passed,
        "ended": "goodbye",
        "seconds": 10.0,
        "mismatches": [] if passed else [wrong],
        "turns": [turn],
    } | more


def scored(name: str = "a", **score: int) -> dict:
    return call(name, turns=[call()["turns"][0] | {"score": score}])


def figures(calls: list[dict]) -> dict[str, Any]:
    return {metric.name: metric for metric in measured(calls)}


def test_wilsons_interval_is_that_of_the_books():
    low, high = wilson(8, 10)
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == pytest.approx(1.0)


def test_word_error_is_of_all_words_and_not_the_mean_of_calls():
    told = figures([scored("a", words=1, word_errors=1), scored("b", words=9, word_errors=0)])
    assert told["word error"].value == pytest.approx(0.1)
    assert told["word error"].n == 10


def test_what_was_never_tried_is_not_measured():
    assert "yield rate" not in figures([call()])
    assert figures([scored(overlaps=4, overlaps_right=3)])["yield rate"].value == 0.75


def test_a_failed_turn_is_no_failed_task_but_wrong_books_are():
    books = [{"turn": None, "what": "balance", "expected": "1", "got": "2"}]
    told = figures([call(passed=False), call("b", passed=False, mismatches=books)])
    assert told["passed"].value == 0.0
    assert told["task success"].value == 0.5


def test_percentiles_are_of_all_turns():
    told = figures([call(str(n), latency=float(n)) for n in range(1, 101)])
    assert told["response latency p50"].value == pytest.approx(50.5)
    assert told["response latency p95"].value == pytest.approx(95.05)
    low, high = told["response latency p50"].low, told["response latency p50"].high
    assert 35 < low < 50.5 < high < 66


def test_calls_are_grouped_by_condition_channel_and_tag():
    found = groups([call(tags=["transfer"]), call("b", condition="street")])
    conditions = ["condition clean", "condition street"]
    assert sorted(found) == ["channel websocket", *conditions, "tag transfer"]


def latency() -> Any:
    return next(metric for metric in METRICS if metric.name == "response latency p50")


def test_a_delay_of_every_call_is_surely_a_change_and_that_of_one_is_not():
    before = [call(str(n), latency=500 + 10 * (n % 7)) for n in range(30)]
    slower = [call(str(n), latency=900 + 10 * (n % 7)) for n in range(30)]
    by, chance = difference(latency(), before, slower)
    assert by == pytest.approx(400)
    assert chance < 0.001
    one = [call("0", latency=900.0), *before[1:]]
    assert difference(latency(), before, one)[1] == 1.0


def metric(name: str) -> Any:
    return next(metric for metric in METRICS if metric.name == name)


@pytest.mark.parametrize(("changed", "chance"), [(1, 1.0), (5, 2 / 2**5), (6, 2 / 2**6)])
def test_the_chance_of_a_change_is_mcnemars_and_five_calls_are_never_sure(changed, chance):
    before = [call(str(n)) for n in range(30)]
    after = [call(str(n), passed=n >= changed) for n in range(30)]
    assert difference(metric("passed"), before, after) == pytest.approx((-changed / 30, chance))


def test_repetitions_of_one_scenario_are_not_many_that_changed():
    before, after = (
        [call(f"a@{n}", passed=passed, path="a.yaml", repetition=n) for n in range(2, 30)]
        for passed in (True, False)
    )
    assert difference(metric("passed"), before, after) == (-1.0, 1.0)


def test_chances_that_are_looked_at_together_are_corrected():
    assert corrected([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])  # Holm 1979
    assert corrected([]) == []


@pytest.mark.parametrize("words", [1, 50, 800])
def test_an_error_that_was_never_seen_may_still_come(words):
    told = figures([scored(words=words, word_errors=0)])["word error"]
    assert (told.low, told.high) == (0.0, pytest.approx(3.689 / words, rel=1e-3))
    assert poisson(4, 100) == pytest.approx((0.0109, 0.1024), abs=1e-4)


def test_a_quantile_of_one_call_is_no_surer_than_its_turns():
    turn = call()["turns"][0]
    turns = [turn | {"response_latency_ms": 100.0 * n} for n in range(1, 11)]
    told = figures([call(turns=turns)])["response latency p95"]
    assert (told.low, told.high) == (800.0, math.inf)


def latencies(values: Any) -> dict[str, Any]:
    return figures([call(str(n), latency=float(value)) for n, value in enumerate(values)])


@pytest.mark.parametrize("name", ["p50", "p95", "p99"])
def test_an_interval_holds_the_quantile_as_often_as_it_says(name):
    quantile, q = metric(f"response latency {name}"), int(name[1:]) / 100
    right = -math.log(1 - q)
    draws = np.random.default_rng(1).exponential(size=(40, 120))
    found = [quantile.measure([call(str(n), latency=v) for n, v in enumerate(d)]) for d in draws]
    assert sum(told.low <= right <= told.high for told in found) >= 36


def test_an_interval_is_open_where_the_values_cannot_tell():
    told = latencies(range(1, 121))["response latency p99"]
    assert told.interval() == "115 ms or more"
    assert json.loads(json.dumps(told.json(), allow_nan=False))["high"] is None
    one = latencies([700])["response latency p50"]
    assert (one.low, one.high) == (0.0, math.inf)


def held(gates: dict, calls: list[dict], baseline: list[dict] | None = None) -> list[bool]:
    return [gate.held for gate in check(Gates.model_validate(gates), calls, baseline or [])]


def test_gates_hold_or_break():
    calls = [call(), call("b", passed=False)]
    assert held({"failures": 0}, calls) == [False]
    assert held({"failures": 1}, calls) == [True]
    at_most = {"metric": "response latency p95", "at_most": 400}
    assert held({"gates": [at_most]}, calls) == [False]
    assert held({"gates": [at_most | {"at_most": 500}]}, calls) == [True]
    tagged = {"metric": "passed", "of": "tag transfer", "at_least": 1.0}
    assert held({"gates": [tagged]}, [call(tags=["transfer"]), calls[1]]) == [True]


def test_a_gate_on_what_nobody_measured_is_broken():
    assert held({"gates": [{"metric": "yield rate", "at_least": 0.5}]}, [call()]) == [False]


def test_a_gate_against_the_baseline_breaks_only_where_the_change_is_sure():
    before = [call(str(n)) for n in range(20)]
    slower = [call(str(n), latency=900.0) for n in range(20)]
    gate = {"gates": [{"metric": "response latency p50", "worse_by": 100}]}
    assert held(gate, slower, before) == [False]
    assert held(gate, before, slower) == [True]
    assert held(gate, [slower[0], *before[1:]], before) == [True]
    assert held(gate, slower) == [None]


def test_a_gate_that_nothing_could_break_is_not_called_held():
    gates = {"regressions": 0, "gone": 0, "flaky": 0}
    assert held(gates, [call()]) == [None, None, None]
    assert held(gates, [call(), call("a@2", repetition=2)], [call()]) == [True, True, True]
    assert held(gates, [call("a@street")], [call()]) == [None, False, None]
    verdict = give_verdict([call()], Gates.model_validate(gates), {})
    assert "gate not looked at regressions: at most 0, got no --baseline" in verdict.lines()


def test_what_no_call_asked_for_is_not_looked_at_and_never_all_there_is():
    """A call that fails may have hidden it; and a file of which nothing was measured fails."""
    yields = {"metric": "yield rate", "at_least": 1}
    sound = {"metric": "word error", "at_most": 0.05}
    asked = {"failures": 1, "gates": [yields, sound]}
    assert held(asked, [scored(words=9, word_errors=0)]) == [True, None, True]
    assert held(asked, [call(passed=False)]) == [True, False, False]
    assert held(asked, [call(passed=False, wire="text")]) == [True, None, None]
    assert held({"gates": [yields]}, [call()]) == [False]
    assert held({"gates": [sound | {"of": "tag a"}]}, [call()]) == [False]


def test_a_call_that_is_gone_since_the_baseline_is_named(tmp_path):
    reported(tmp_path, [call("a"), call("b")])
    verdict = give_verdict([call("a")], Gates(gone=0), {}, tmp_path)
    assert verdict.gone == ("b",)
    assert not verdict.passed
    assert verdict.json()["gone"] == ["b"]
    assert "gone since the baseline: 1: b" in verdict.lines()
    assert "gone since the baseline: 1: b" in glance(verdict).what


def test_regressions_and_flaky_calls_are_named():
    assert regressed([call(passed=False), call("b", passed=False)], [call()]) == ["a"]
    twice = [call(), call(passed=False, name="a@2", scenario="a", repetition=2)]
    assert flaky(twice) == ["a"]
    assert regressed(twice, [call()]) == ["a"]
    thrice = [*twice, call(passed=False, name="a@3", scenario="a", repetition=3)]
    assert regressed(thrice, [call()]) == flaky(thrice) == ["a"]
    assert flaky([call(), call("b", passed=False)]) == []


def again(*passed: bool, of: str = "a@2", first: int = 3) -> list[dict]:
    """The same call made to confirm a failure."""
    return [
        call(f"a@{n}", passed=ok, scenario="a", repetition=n, confirms=of)
        for n, ok in enumerate(passed, first)
    ]


def test_only_what_was_made_to_confirm_excuses_a_failure():
    """A repetition that was asked for must pass, whatever the others do."""
    passed, failed = call(), call("a@2", passed=False, repetition=2)
    assert failing([passed, failed]) == failing([call(passed=False)]) == ["a"]
    assert failing([passed, failed, *again(True, True)]) == []
    assert failing([passed, failed, *again(True, False)]) == ["a"]
    verdict = give_verdict([passed, failed], STRICT, {})
    assert not verdict.passed


def test_a_confirmation_excuses_no_other_repetition():
    failed = [call(passed=False), call("a@2", passed=False, repetition=2)]
    excused = again(True, True, of="a", first=3)
    assert failing([*failed, *excused, *again(True, False, first=5)]) == ["a"]
    assert failing([*failed, *excused, *again(True, True, first=5)]) == []


def test_what_only_confirmed_in_the_baseline_is_compared_with_nothing():
    before = [*[call(str(n)) for n in range(9)], *again(False, False, of="a", first=2)]
    after = [*[call(str(n)) for n in range(9)], call("a@2", passed=False, repetition=2)]
    gate = Gates.model_validate({"gates": [{"metric": "passed", "worse_by": 0}]})
    (held,) = check(gate, after, before)
    assert held.got == "0.0% worse, p 1"


def test_what_only_confirms_a_failure_is_in_no_figure(tmp_path):
    failed = call("a@2", passed=False, repetition=2)
    gates = Gates.model_validate(
        {"failures": 0, "flaky": 0, "gates": [{"metric": "passed", "at_least": 0.6}]}
    )
    verdict = give_verdict([call(), failed, *again(True, True, False, False)], gates, {})
    assert {metric.name: metric.n for metric in verdict.figures}["passed"] == 2
    assert [gate.held for gate in verdict.gates] == [False, False, False]
    assert verdict.flaky == ("a",)
    told = verdict.json()
    assert (told["calls"], told["failed"], told["causes"]) == (2, ["a@2"], {"dialog": 1})
    assert "2 calls, 1 failed" in write_report(verdict, tmp_path).read_text()
    write_files(verdict, tmp_path)
    junit = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert (junit.get("tests"), junit.get("failures")) == ("5", "4")
    allowed = Gates(failures=1, flaky=2)
    write_files(give_verdict([call(), failed], allowed, {}), tmp_path)
    junit = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert (junit.get("failures"), len(list(junit.iter("skipped")))) == ("0", 1)
    write_files(verdict, tmp_path)
    assert len((tmp_path / "results.jsonl").read_text().splitlines()) == 6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gates:\n  - {metric: beauty, at_least: 1}\n", r"gates.yaml:2: .*'beauty' is no metric"),
        ("failure: 0\n", r"gates.yaml:1: failure: .*spelling"),
        ("gates:\n  - {metric: passed}\n", "needs at_least, at_most or worse_by"),
        ("# failures: 0\n", r"gates.yaml: nothing can break it"),
        ("failures: -1\n", "failures: .* 0"),
        ("gates:\n  - {metric: passed, at_least: 0}\n", "at_least: .* greater than 0"),
        ("gates:\n  - {metric: intent accuracy, at_least: 95}\n", "write 95% as 0.95"),
        ("gates:\n  - {metric: word error, at_most: 5}\n", "write 95% as 0.95"),
        ("gates:\n  - {metric: passed, at_most: 1}\n", "no share is above 1"),
        ("gates:\n  - {metric: passed, worse_by: 1}\n", "no share is above 1"),
        ("gates:\n  - {metric: response latency p95, at_most: .inf}\n", "at_most: .* finite"),
    ],
)
def test_a_mistake_in_a_gates_file_names_line_and_cure(tmp_path, text, message):
    path = tmp_path / "gates.yaml"
    path.write_text(text)
    with pytest.raises(ScenarioError, match=message):
        load_gates(path)


def reported(folder: Path, calls: list[dict], baseline: Path | None = None) -> Any:
    verdict = give_verdict(calls, Gates(failures=0, regressions=0), {"commit": "abc"}, baseline)
    write_files(verdict, folder)
    return verdict


def test_a_report_is_the_baseline_of_the_next(tmp_path):
    assert reported(tmp_path / "one", [call("a"), call("b")]).passed
    verdict = reported(tmp_path / "two", [call("a", passed=False), call("b")], tmp_path / "one")
    assert not verdict.passed
    assert verdict.regressions == ("a",)
    told = json.loads((tmp_path / "two" / "verdict.json").read_text())
    assert told["regressions"] == ["a"]
    assert told["versions"] == {"commit": "abc"}
    odd = [call("a", about="one line\u2028or two"), call("b")]
    reported(tmp_path / "odd", odd)
    assert reported(tmp_path / "again", odd, tmp_path / "odd").gone == ()
    with pytest.raises(ServerError, match="no baseline"):
        reported(tmp_path / "three", [call()], tmp_path / "nowhere")


def test_junit_has_a_case_for_every_call_and_gate(tmp_path):
    reported(tmp_path, [call("a", passed=False), call("b")])
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("4", "2")
    failures = [c.get("name") for c in suite.iter("testcase") if c.find("failure") is not None]
    assert failures == ["a", "failures"]
    unseen = [c.get("name") for c in suite.iter("testcase") if c.find("skipped") is not None]
    assert unseen == ["regressions"]
    assert "turn 1: intent: expected balance" in ElementTree.tostring(suite, "unicode")


def test_latencies_of_a_machine_that_was_too_busy_are_told(tmp_path):
    calls = [call("a", lateness=0.0201), call("b", lateness=0.31), call("c", lateness=0.02)]
    verdict = reported(tmp_path, calls)
    line = "late: the caller in 2 of 3 calls, by up to 310 ms: do not trust the latencies"
    assert line in verdict.lines()
    assert verdict.json()["late"] == line
    assert line in write_report(verdict, tmp_path).read_text()
    calm = reported(tmp_path, [call("c", lateness=0.02)])
    assert not any("late:" in told for told in calm.lines())


def test_the_page_needs_nothing_beside_it_and_escapes_what_callers_say(tmp_path):
    turn = call()["turns"][0] | {"heard": "<script>alert(1)</script>", "reason": "the reason why"}
    verdict = reported(tmp_path, [call("bad", passed=False), call("good", turns=[turn])])
    page = write_report(verdict, tmp_path).read_text()
    assert "<script>alert" not in page
    assert "the reason why" in page
    assert "expected balance, got transfer" in page
    assert page.index('id="bad"') < page.index('id="good"')
    for outside in ('src="http', 'href="http', "@import"):
        assert outside not in page


def test_what_no_scenario_covers_is_named():
    turn = call()["turns"][0] | {"flows": ["login", "balance"]}
    verdict = give_verdict([call(turns=[turn], tags=["noise", "correct-late"])], Gates(), {})
    of = {(r.kind, r.name): r.scenarios for r in verdict.coverage}
    assert of[("flow", "balance")] == ("a",)
    assert of[("flow", "transfer")] == ()
    assert of[("phenomenon", "noise")] == ("a",)
    assert of[("phenomenon", "correction")] == ("a",)
    assert "phenomenon barge-in" in verdict.json()["uncovered"]
    assert "flow transfer" in verdict.json()["uncovered"]


def test_a_call_that_failed_covers_nothing_and_is_named():
    turn = call()["turns"][0] | {"flows": ["balance"], "intents": [{"name": "balance", "score": 1}]}
    verdict = give_verdict([call(turns=[turn], passed=False)], Gates(), {})
    (flow,) = (r for r in verdict.coverage if (r.kind, r.name) == ("flow", "balance"))
    assert (flow.scenarios, flow.failed) == ((), ("a",))
    assert {"flow balance", "intent balance"} <= set(verdict.json()["uncovered"])


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("confirmation: a plain yes is wanted", {"reason": "agreed; execute_transfer: done"}),
        ("risk: a code for what is unusual", {"action": "ask_code"}),
        ("escalation: a person takes over", {"action": "hand_over", "reason": None}),
    ],
)
def test_the_rules_that_a_decision_shows_are_traced(rule, told):
    turn = call()["turns"][0] | told
    verdict = give_verdict([call(turns=[turn])], Gates(), {})
    shown = {r.name for r in verdict.coverage if r.kind == "rule" and r.scenarios}
    assert rule in shown
    assert len(shown) <= 2
    assert "rule escalation: silence is asked after" in verdict.json()["uncovered"]


@pytest.mark.parametrize(
    ("score", "found"),
    [
        ({"words": 2, "word_errors": 1}, "misheard"),
        ({"words": 2, "word_errors": 1, "false_ends": 1}, "turn taking"),
        ({"words": 2, "word_errors": 0}, "dialog"),
    ],
)
def test_a_broken_call_is_told_with_its_cause(score, found, tmp_path):
    turn = call()["turns"][0] | {"score": score, "words": "good day", "heard": "good bay"}
    later = turn | {"n": 2, "score": {"words": 1, "word_errors": 1}, "heard": "•", "words": None}
    broken = call("bad", passed=False, turns=[turn, later])
    verdict = reported(tmp_path, [broken, call("good")])
    assert verdict.json()["causes"] == {found: 1}
    assert f"broke 1: {found}" in verdict.lines()
    page = write_report(verdict, tmp_path).read_text()
    assert ("heard &#39;good bay&#39; for &#39;good day&#39;" in page) is bool(score["word_errors"])
    assert "turn 2: heard" not in page


def test_a_report_tells_at_a_glance_what_broke_since_when_for_whom_and_why(tmp_path: Path):
    street = [call(f"s{n}", tags=["street"], condition="street") for n in range(4)]
    quiet = [call(f"q{n}", tags=["quiet"]) for n in range(4)]
    first = give_verdict([*street, *quiet], Gates(failures=0), {"commit": "a", "voice": "joe"})
    write_files(first, tmp_path)
    turn = call()["turns"][0] | {"score": {"word_errors": 1, "words": 4}}
    broken = [call(c["name"], tags=["street"], condition="street", passed=False) for c in street]
    broken = [c | {"turns": [turn]} for c in broken[:3]]
    now = [*broken, street[3], *quiet]
    verdict = give_verdict(now, Gates(failures=0), {"commit": "b", "voice": "joe"}, tmp_path)
    told = glance(verdict)
    assert list(told.what) == [
        "regression: s0",
        "regression: s1",
        "regression: s2",
        "gate: failures",
    ]
    assert list(told.since) == ["commit a, the baseline", "changed: commit", "the same: voice"]
    assert list(told.whom) == ["condition street: 3 of 4", "tag street: 3 of 4"]
    assert told.why[0] == "misheard: 3"
    text = write_report(verdict, tmp_path).read_text()
    assert text.index("For whom") < text.index("Calls that broke") < text.index("<h2>Gates</h2>")
    assert not re.search(r'(src|href)="(?!data:|#)', text), "it must need nothing beside it"


@pytest.mark.parametrize(
    ("more", "broken"),
    [
        ({}, []),
        ({"read_backs_wrong": 2}, ["read back wrongly"]),
        ({"again": 1}, ["task success, nothing said again"]),
    ],
)
def test_the_recorded_calls_gates_hold_what_is_read_back_and_said_again(more, broken):
    names = ("task success, nothing said again", "read back wrongly")
    gates = load_gates(Path(__file__).parents[2] / "audio_samples" / "gates.yml")
    mine = Gates(gates=tuple(gate for gate in gates.gates if gate.metric in names))
    calls = [scored(read_backs=20, **more)]
    assert len(mine.gates) == 2
    assert [held.name for held in check(mine, calls, []) if not held.held] == broken


def broken(at: int | None, what: str, *scores: dict) -> dict:
    wrong = {"turn": at, "what": what, "expected": "this", "got": "that"}
    turns = [call()["turns"][0] | {"n": n, "score": s} for n, s in enumerate(scores, 1)]
    return call(passed=False, mismatches=[wrong], turns=turns)


FINE, MISHEARD = {"word_errors": 0}, {"word_errors": 1}
LOST = [
    {"word_errors": 1, "values_lost": 1},
    {"word_errors": 1, "intents": 1, "intents_right": 0},
    {"word_errors": 1, "entities": 2, "entities_right": 1},
]


@pytest.mark.parametrize(
    ("record", "found"),
    [
        (broken(2, "action", MISHEARD, FINE), "dialog"),
        (broken(2, "action", FINE, MISHEARD), "misheard"),
        *((broken(2, "action", lost, FINE), "misheard") for lost in LOST),
        (broken(2, "action", {"false_ends": 1}, FINE), "dialog"),
        (broken(2, "action", FINE, {"false_ends": 1}), "turn taking"),
        (broken(2, "action", FINE, FINE, MISHEARD), "dialog"),
        (broken(None, "transfer", LOST[0], FINE), "misheard"),
        (broken(None, "end", MISHEARD, FINE), "dialog"),
        (broken(3, "turn", FINE, MISHEARD), "misheard"),
        (broken(1, "heard", MISHEARD), "misheard"),
        (broken(1, "response latency", MISHEARD), "late or silent"),
        (broken(1, "speaking over the answer", MISHEARD), "turn taking"),
        (call(passed=False, turns=[]), "not run"),
    ],
)
def test_the_finger_points_at_what_the_call_hangs_on(record, found):
    assert cause(record) == found


def test_a_repetition_that_regressed_comes_first(tmp_path):
    reported(tmp_path / "one", [call("b"), call("a", passed=False)])
    now = [call("a", passed=False), call("b"), call("b@2", passed=False, repetition=2)]
    verdict = reported(tmp_path / "two", now, tmp_path / "one")
    page = write_report(verdict, tmp_path).read_text()
    assert page.index('id="b@2"') < page.index('id="a"') < page.index('id="b"')


def test_groups_have_intervals_of_their_own():
    calls = [call(str(n), tags=["noise"] if n < 5 else [], passed=n > 1) for n in range(40)]
    verdict = give_verdict(calls, STRICT, {})
    noise, all_ = (
        next(m for m in metrics if m.name == "passed")
        for metrics in (verdict.by_group["tag noise"], verdict.figures)
    )
    assert (noise.value, noise.n) == (0.6, 5)
    assert (noise.low, noise.high) == wilson(3, 5)
    assert (all_.low, all_.high) == wilson(38, 40)


def with_sound(folder: Path) -> dict:
    """A call of two seconds: the caller speaks in the first half, the assistant in the second."""
    at = np.arange(16000) / 8000
    tone = (9000 * np.sin(2 * np.pi * 440 * at)).astype(np.int16)
    stereo = np.stack((tone * (at < 1), tone * (at >= 1)), axis=1)
    write_stereo(folder / "recordings" / "a.wav", stereo, 8000)
    turn = call()["turns"][0] | {
        "heard": "my balance",
        "words": "my balance",
        "span": (0.2, 0.9, 1.1),
        "response_latency_ms": 200.0,
        "parts": {"endpointing": 150.0, "decision": 50.0},
    }
    return call("a", turns=[turn], seconds=2.0, recording=str(folder / "recordings" / "a.wav"))


def test_a_page_shows_and_plays_the_call(tmp_path):
    verdict = reported(tmp_path, [with_sound(tmp_path), call("b", passed=False)])
    page = write_report(verdict, tmp_path).read_text()
    assert page.count('src="data:audio/ogg;base64,') == 1
    assert page.count('src="data:image/png;base64,') == 2, "a spectrogram of each side"
    left, right = re.findall(r'<path d="M([^"]+) Z"', page)
    tops = [[float(p.split(",")[1]) for p in side.split(" L")[:600]] for side in (left, right)]
    assert min(tops[0][:290]) < 40 < 49 < min(tops[0][310:]), "the caller's wave, then silence"
    assert min(tops[1][310:]) < 40 < 49 < min(tops[1][:290])
    spans = re.findall(r'<span style="left: ([\d.]+)%; width: [\d.]+%" data-at="([\d.]+)"', page)
    assert spans == [("10.0", "0.2"), ("55.0", "1.1")], "words stand under their sound"
    assert '<button data-at="0.2" aria-label="play turn 1">' in page
    bars = re.findall(r'<i class="k\d" style="width: ([\d.]+)%" title="(\w+)', page)
    assert bars == [("75.00", "endpointing"), ("25.00", "decision")]


def test_sound_of_an_earlier_replay_is_no_evidence(tmp_path):
    before = with_sound(tmp_path)
    now = before | {"recording": None}
    verdict = reported(tmp_path, [now])
    assert "data:audio" not in write_report(verdict, tmp_path).read_text()
