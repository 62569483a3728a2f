"""What the bench makes of its measurements: figures, the JSON object, tables, the picture."""

import json
import time

import pytest
from typer.testing import CliRunner

from server.bench.barge_in import SPEECH, Outcome
from server.bench.barge_in_report import barge_in_report
from server.bench.host import LoopLag
from server.bench.interruptions import Interruption
from server.bench.kept import KeptTurns
from server.bench.latency import AnsweredTurn, Side, both_right, latency_report
from server.bench.load import Level
from server.bench.load_report import load_report
from server.bench.picture import draw_histogram
from server.bench.report import Report, Sheet, percentile, typical_parts
from server.bench.tables import as_typed, into_markdown
from server.bench.tts import Timing, tts_report
from server.bench.turns import PausedTurn, turns_report
from server.cli.root import app
from server.errors import ServerError

FIELDS = {"bench", "n", "p50_ms", "p95_ms", "peer", "ratio", "parts_ms"}


def turn(n: int, ms: float | None, *, right: bool = True, call: str = "a") -> AnsweredTurn:
    parts = {"endpointing": ms - 100.0, "synthesis": 95.0, "wire": 4.0} if ms else {}
    return AnsweredTurn(call, n, "digits", ms, right, parts=parts)


OURS = Side("tellerline", (turn(1, 500.0), turn(2, 620.0), turn(3, 900.0), turn(4, None)))
PEER = Side("stock", (turn(1, 2000.0), turn(2, 2600.0, right=False), turn(3, 3000.0)))


def test_a_percentile_is_one_of_the_values():
    assert percentile([100.0, 900.0, 901.0, 902.0], 50) == 900.0
    assert percentile([5.0], 95) == 5.0
    assert percentile([], 50) is None


def test_the_parts_of_a_median_turn_add_up_to_the_median():
    latencies = [300.0, 700.0, 705.0, 2000.0]
    parts = [{"a": ms - 50, "b": 50.0} for ms in latencies]
    assert sum(typical_parts(latencies, parts).values()) == pytest.approx(700.0, abs=10)


def test_turns_without_parts_do_not_blur_them():
    assert typical_parts([300.0, 700.0], [{}, {"a": 690.0}]) == {"a": 690.0}


def test_only_turns_that_both_answered_rightly_are_compared():
    assert [(a.n, b.n) for a, b in both_right(OURS, PEER)] == [(1, 1), (3, 3)]
    told = latency_report(OURS, [PEER]).json()
    assert told["n"] == 3
    assert told["p50_ms"] == 620.0
    assert told["peer"] == {"p50_ms": 2000.0, "p95_ms": 3000.0}
    assert told["ratio"] == 0.25
    assert told["by_type"]["digits"]["n"] == 3


def test_a_run_without_a_peer_counts_every_right_turn():
    told = latency_report(OURS).json()
    assert (told["n"], told["peer"], told["ratio"]) == (3, None, None)
    assert sum(told["parts_ms"].values()) == pytest.approx(told["p50_ms"], abs=20)
    assert told["parts_worst_gap_ms"] == pytest.approx(1.0)


def test_a_long_bench_goes_on_where_it_stopped(tmp_path):
    file = tmp_path / "out" / "turns.jsonl"
    kept = KeptTurns(file, ("tellerline", "stock"))
    kept.add("tellerline", [turn(1, 500.0), turn(2, 620.0)])
    assert kept.holds("tellerline", "a")
    assert not kept.holds("stock", "a")
    kept.add("stock", [turn(1, 2000.0)])
    kept.add("tellerline", [turn(1, 510.0, call="b")])
    again = KeptTurns(file, ("tellerline", "stock"))
    assert again.holds("stock", "a")
    assert not again.holds("stock", "b")
    assert again.sides() == kept.sides()
    again.add("tellerline", [turn(1, 520.0, call="b")])
    assert [t.latency_ms for t in KeptTurns(file, ("tellerline",)).sides()[0].turns][-1] == 520.0
    file.write_text("something else")
    with pytest.raises(ServerError, match="not the turns of an earlier run"):
        KeptTurns(file, ("tellerline",))


def level(calls: int, p95: float, gaps: tuple[float, ...] = ()) -> Level:
    return Level(calls, (300.0, p95), ({}, {}), 2, 2, 0, gaps, {"p99_ms": 3.0}, 0, True, 0.001)


def test_capacity_is_the_last_level_without_gaps_and_within_the_target():
    told = load_report([level(1, 400), level(2, 900), level(4, 1100, (0.05,)), level(6, 1500)])
    assert told.json()["capacity"] == 2
    assert told.json()["levels"][2]["audio_gaps_ms"] == 50.0


def outcome(kind: str, ducked: float | None, back: float | None = None, words: bool = False):
    return Outcome(kind, Interruption(ducked, back), ducked, words)


def test_an_answer_that_comes_back_has_ignored_the_noise_and_not_the_caller():
    report = barge_in_report(
        [
            outcome(SPEECH, 0.2),
            outcome(SPEECH, 0.3, back=0.9),
            outcome("cough", 0.2, back=0.8),
            outcome("cough", 0.2),
            outcome("mm-hm", None),
            outcome("mm-hm", 0.2, back=0.9, words=True),
            Outcome("typing", None, None, False),
        ]
    )
    told = report.json()
    assert told["yield_rate"] == 0.5
    assert told["ignored"]["cough"] == {"n": 2, "ignored": 1}
    assert told["ignored"]["mm-hm"] == {"n": 2, "ignored": 1}
    assert told["into_silence"] == 1
    assert told["p95_ms"] == 300.0


def test_a_false_end_is_an_answer_inside_the_callers_turn():
    turns = [
        PausedTurn("digits", True, True, False, None, {}),
        PausedTurn("digits", True, False, True, 700.0, {"endpointing": 700.0}),
        PausedTurn("um", False, False, False, None, {}),
    ]
    told = turns_report(turns).json()
    assert (told["turns"], told["false_ends"], told["unanswered"]) == (3, 1, 1)
    assert told["by_kind"]["digits"] == {"n": 2, "false_ends": 1, "right": 1}


def reports() -> list[Report]:
    timings = [Timing(16, [100.0], [500.0], [400.0], 3.0), Timing(5, [90.0], [200.0], [150.0], 1.0)]
    return [
        latency_report(OURS, [PEER]),
        load_report([level(1, 400)]),
        barge_in_report([outcome(SPEECH, 0.2)]),
        turns_report([PausedTurn("um", True, False, True, 700.0, {"a": 700.0})]),
        tts_report(timings, [5.0], "Coqui"),
    ]


@pytest.mark.parametrize("report", reports(), ids=lambda report: report.bench)
def test_every_bench_tells_the_same_fields_in_one_line(report):
    line = report.json_line()
    assert "\n" not in line
    assert set(json.loads(line)) >= FIELDS
    for sheet in report.sheets:
        assert all(len(row) == len(sheet.columns) for row in sheet.rows)


def test_the_picture_is_a_png(tmp_path):
    file = tmp_path / "new" / "picture.png"
    draw_histogram(file, "latency", {"ours": [300.0, 400.0], "peer": [], "other": (900.0,)})
    assert file.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ServerError, match="cannot be written"):
        draw_histogram(file / "below.png", "latency", {"ours": [1.0]})


def test_tables_go_to_their_place_in_a_file_and_nowhere_else(tmp_path):
    file = tmp_path / "doc.md"
    file.write_text("before\n<!-- bench tts -->old<!-- end tts -->\nafter\n")
    report = Report("tts", (1.0,), sheets=(Sheet("Words", ("a", "b"), (("1", r"\2"),)),))
    for _ in range(2):
        into_markdown(file, report, "tellerline bench tts")
    text = file.read_text()
    assert text.startswith("before\n<!-- bench tts -->")
    assert text.endswith("<!-- end tts -->\nafter\n")
    assert text.count("| 1 | \\2 |") == 1
    assert "old" not in text
    with pytest.raises(ServerError, match="<!-- bench asr -->"):
        into_markdown(file, Report("asr", ()), "tellerline bench asr")


def test_the_command_stands_below_its_tables_without_where_they_went():
    typed = ["bench", "asr", "--write", "doc.md", "--peer", "--json", "--limit", "6"]
    assert as_typed(typed) == "tellerline bench asr --peer --limit 6"


def test_turns_of_peers_are_refused_where_no_peer_is_asked():
    result = CliRunner().invoke(app, ["bench", "latency", "--peer-turns", "5"])
    assert result.exit_code == 2
    assert "give --peer, too" in result.stderr


async def test_a_blocked_event_loop_is_seen():
    import asyncio

    lag = LoopLag()
    watching = asyncio.create_task(lag.watch())
    await asyncio.sleep(0.05)
    time.sleep(0.2)  # noqa: ASYNC251
    await asyncio.sleep(0.05)
    watching.cancel()
    told = lag.take()
    assert told["worst_ms"] > 150
    assert told["n"] >= 4
    assert lag.take()["n"] == 0
