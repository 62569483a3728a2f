"""`tellerline replay` from the command line: exit codes, files, a baseline and a gate."""

import json
import socket
import subprocess
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from dialog.bank.demo import demo_customers
from server.cli import main
from server.cli.root import app
from server.errors import ServerError
from server.replay.gates import BY_TEXT
from server.replay.results import Replayed
from server.replay.voices import CallerVoiceError, require_words, speak

MARIA = demo_customers()[0]


def scenario(folder: Path, said: str = "$2,450.75") -> Path:
    folder.mkdir(exist_ok=True)
    understood = {"intent": "balance", "entities": [{"type": "account_kind", "value": "checking"}]}
    fields = {
        "name": "balance",
        "about": "A balance is asked for.",
        "tags": ["balance"],
        "today": "2026-03-16",
        "turns": [
            {"say": "how much is in my checking account", "expect": understood},
            {"keys": "${maria.number}#"},
            {"keys": "${maria.pin}#", "expect": {"said_contains": [said]}},
        ],
    }
    path = folder / "balance.yaml"
    path.write_text(yaml.safe_dump(fields))
    return path


def replayed(*arguments: str | Path):
    result = CliRunner().invoke(app, ["replay", "run", "--by", "text", *map(str, arguments)])
    if isinstance(result.exception, ServerError):
        raise result.exception
    return result


def test_a_report_a_baseline_and_a_gate_make_the_exit_code(tmp_path):
    good, out = scenario(tmp_path / "good"), tmp_path / "out"
    first = replayed(good, "--report", out / "one")
    assert first.exit_code == 0, first.output
    assert "gate held   failures: at most 0, got 0" in first.output
    names = {path.name for path in (out / "one").iterdir()}
    assert {"report.html", "results.jsonl", "verdict.json", "junit.xml"} <= names
    verdict = json.loads((out / "one" / "verdict.json").read_text())
    assert {"commit", "code", "flows", "words", "prompts"} <= set(verdict["versions"])
    assert "flow transfer" in verdict["uncovered"]
    assert "flow balance" not in verdict["uncovered"]
    assert {figure["metric"] for figure in verdict["figures"]} == BY_TEXT

    gates = tmp_path / "gates.yml"
    gates.write_text("regressions: 0\n")
    scenario(tmp_path / "good", said="$2,450.76")
    second = replayed(good, "--baseline", out / "one", "--gate", gates, "--report", out / "two")
    assert second.exit_code == 1
    page = (out / "two" / "report.html").read_text()
    assert "changed: scenarios<br>" in page
    assert "regression: good-balance" in second.output
    assert "turn 3: answer: expected to contain '$2,450.76'" in second.output
    assert "BROKEN regressions" in second.output
    assert MARIA.pin not in (out / "two" / "results.jsonl").read_text()


def test_repetitions_and_tags_choose_the_calls(tmp_path):
    good = scenario(tmp_path / "good")
    result = replayed(good, "--repeat", "2", "--tag", "balance")
    assert "passed good-balance@2" in result.output
    assert "2/2" in result.stderr, "how far it is"
    with pytest.raises(ServerError, match=r"no scenarios with tag transfer; there are: balance"):
        replayed(good, "--tag", "balance", "--tag", "transfer")
    (tmp_path / "empty").mkdir()
    for path in ("nowhere", "empty"):
        with pytest.raises(ServerError, match=path):
            replayed(good, tmp_path / path)


def test_files_that_cannot_be_used_are_told_before_any_call(tmp_path):
    good, wrong = scenario(tmp_path / "good"), tmp_path / "wrong.yml"
    wrong.write_text("failurs: 0\n")
    with pytest.raises(ServerError, match=r"wrong.yml:1: failurs"):
        replayed(good, "--gate", wrong)
    with pytest.raises(ServerError, match=r"wrong.yml:1: failurs"):
        by_voice(good, "--matrix", wrong)
    wrong.write_text("channels: [sip, sip]\n")
    with pytest.raises(ServerError, match=r"wrong.yml:.* two channels have one name"):
        by_voice(good, "--matrix", wrong)
    wrong.write_text("failures: 0\nfailures: 99\n")
    with pytest.raises(ServerError, match=r"wrong.yml:2: failures stands here twice"):
        replayed(good, "--gate", wrong)
    for line, told in (
        ("", "none of these calls"),
        ('{"name": "other"}', "none of these calls"),
        ("[]", "list"),
    ):
        (tmp_path / "results.jsonl").write_text(line)
        (tmp_path / "verdict.json").write_text('{"versions": {}}')
        with pytest.raises(ServerError, match=f"no baseline .*{told}"):
            replayed(good, "--baseline", tmp_path)
    (tmp_path / "verdict.json").write_text("[]")
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ServerError, match="no baseline"):
            replayed(good, "--baseline", folder)
    with pytest.raises(ServerError, match=r"--confirm: .* by text"):
        replayed(good, "--confirm", "2")
    with pytest.raises(ServerError, match=r"--matrix, --fast, --patient, --calls: .* by text"):
        replayed(good, "--calls", "2", "--fast", "--patient", "--matrix", wrong)
    for gates in ("regressions: 0", "flaky: 0", "gates: [{metric: passed, worse_by: 0}]"):
        wrong.write_text(gates)
        with pytest.raises(ServerError, match=r"no gate can break without --baseline"):
            replayed(good, "--gate", wrong)
    for gate, told in (
        ("metric: passed, at_least: 1, of: tag balanse", "no 'tag balanse'.*, tag balance$"),
        ("metric: passed, at_least: 1, of: channel sap", "there are: channel .*, channel sip"),
        ("metric: passed, at_least: 1, of: channel sip", "no call in channel sip"),
        ("metric: passed, at_least: 1, of: condition street", "no call in"),
        ("metric: response latency p95, at_most: 900", "none by text"),
    ):
        wrong.write_text(f"gates:\n- {{{gate}}}\n")
        with pytest.raises(ServerError, match=rf"wrong.yml:2: gates.0.*{told}"):
            replayed(good, "--gate", wrong)


def test_one_gates_file_serves_text_and_a_part_of_the_scenarios(tmp_path):
    good = scenario(tmp_path / "good")
    other = tmp_path / "good" / "other.yaml"
    other.write_text(good.read_text().replace("tags:\n- balance", "tags: [transfer]"))
    gates = tmp_path / "gates.yml"
    bounds = (
        "response latency p95, at_most: 900",
        "passed, at_least: 1, of: tag transfer",
        "passed, at_least: 1, of: channel sip",
        "passed, at_least: 1, of: condition gsm",
        "passed, at_least: 1, of: tag balance",
    )
    gates.write_text("gates:\n" + "".join(f"- {{metric: {bound}}}\n" for bound in bounds))
    result = replayed(good.parent, "--tag", "balance", "--gate", gates)
    assert result.exit_code == 0, result.output
    verdicts = [line for line in result.output.splitlines() if line.startswith("gate ")]
    assert verdicts == [
        "gate not looked at response latency p95: to be measured, got none by text",
        "gate not looked at passed of tag transfer: to be measured, got no call in tag transfer",
        "gate not looked at passed of channel sip: to be measured, got no call in channel sip",
        "gate not looked at passed of condition gsm: to be measured, got no call in condition gsm",
        "gate held   passed of tag balance: at least 100.0%, got 100.0%",
    ]
    gates.write_text(gates.read_text().replace("tag transfer", "tag transfers"))
    with pytest.raises(ServerError, match=r"gates.yml:3: .*no 'tag transfers'.*tag transfer$"):
        replayed(good.parent, "--tag", "balance", "--gate", gates)


def by_voice(*arguments: str | Path):
    return replayed(*arguments, "--by", "voice")


def test_a_scenario_that_cannot_be_used_is_told_before_any_call(tmp_path):
    scenario(tmp_path)
    path = tmp_path / "odd.yaml"
    path.write_text("name: odd\nabout: b\ntoday: 2026-03-16\nturns: [{saay: hi}]\n")
    with pytest.raises(ServerError, match=r"odd.yaml:4: turns.0.saay"):
        replayed(tmp_path)
    path.write_text("name: odd\nabout: b\ntoday: 2026-03-16\nturns: [{say: hi, expect: {}}]\n")
    with pytest.raises(ServerError, match=r"odd.yaml: expects nothing"):
        replayed(tmp_path)
    head = "expect: {ended: hangup}\nname: odd\nabout: b\ntoday: 2026-03-16\n"
    path.write_text(f"{head}turns: [{{wav: gone.wav}}]\n")
    with pytest.raises(ServerError, match=r"odd.yaml: turn 1: .*gone.wav"):
        by_voice(tmp_path)
    with pytest.raises(ServerError, match=r"odd.yaml: turn 1: no words"):
        replayed(tmp_path)
    path.write_text(f"{head}turns: [{{say: hi, voice: nobody}}]\n")
    with pytest.raises(ServerError, match=r"odd.yaml: turn 1: voice 'nobody' is unknown"):
        by_voice(tmp_path)
    path.write_text(f"{head}caller: {{channel: sip}}\nturns: [{{say: hi}}]\n")
    with pytest.raises(ServerError, match=r"odd.yaml: sip has a clock of its own: no --fast"):
        by_voice(tmp_path, "--fast")


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "SCENARIO", "--report", "FILE"),
        ("run", "SCENARIO", "--report", "/proc/nowhere"),
        ("run", "SCENARIO", "--gate", "FILE"),
        ("run", "SCENARIO", "--gate", "FOLDER"),
        ("run", "FILE"),
        ("record", "FILE", "--out", "FOLDER"),
        ("eval-server", "--port", "PORT"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_read_written_or_had_is_one_line_and_no_broken_gate(
    tmp_path, monkeypatch, capsys, arguments
):
    (tmp_path / "latin").write_text("Käse", encoding="latin-1")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        places = {
            "SCENARIO": scenario(tmp_path),
            "FILE": tmp_path / "latin",
            "FOLDER": tmp_path,
            "PORT": taken.getsockname()[1],
        }
        given = [str(places.get(argument, argument)) for argument in arguments]
        monkeypatch.setattr("sys.argv", ["tellerline", "replay", *given])
        with pytest.raises(SystemExit) as ended:
            main()
    assert ended.value.code == 2
    shown = capsys.readouterr()
    assert "tellerline: " in shown.err
    assert "passed" not in shown.out, "no call is made"


def test_a_voice_that_cannot_speak_is_told_before_any_call(tmp_path, monkeypatch):
    path = tmp_path / "odd.yaml"
    head = "name: odd\nabout: b\ntoday: 2026-03-16\n"
    expect = "expect: {said_contains: [hello]}"
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("server.replay.voices.is_rendered", lambda *_: False)
    for voice in ("flite-slt", "espeak-us"):
        path.write_text(f"{head}turns: [{{say: hi, voice: {voice}, {expect}}}]\n")
        with pytest.raises(ServerError, match=r"odd.yaml: turn 1: .*apt-get install"):
            by_voice(tmp_path)
    path.write_text(f"{head}goal: {{customer: maria}}\n")
    with pytest.raises(ServerError, match=r"odd.yaml: turn 1: .*apt-get install flite"):
        by_voice(tmp_path)
    path.write_text(f"{head}turns: [{{silence: 1, {expect}}}]\n")
    matrix = tmp_path / "crowd.yml"
    matrix.write_text("conditions: [{name: crowd, noise: babble}]\n")
    with pytest.raises(ServerError, match=r"condition crowd: .*apt-get install flite"):
        by_voice(tmp_path, "--matrix", matrix)


def test_words_that_are_kept_need_no_program(tmp_path, monkeypatch):
    speak("good morning", "flite-slt", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    require_words("good morning", "flite-slt", tmp_path)
    with pytest.raises(CallerVoiceError, match="apt-get install flite"):
        require_words("good night", "flite-slt", tmp_path)


def test_an_interrupted_replay_keeps_the_results_so_far(tmp_path, monkeypatch):
    out, file = tmp_path / "out", scenario(tmp_path)

    def interrupt(_: Replayed) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as meddled:
        meddled.setattr(Replayed, "lines", interrupt)
        assert replayed(file, "--report", out).exit_code != 0
    (kept,) = (out / "unfinished.jsonl").read_text().splitlines()
    assert json.loads(kept)["passed"]
    assert replayed(file, "--report", out).exit_code == 0
    assert not (out / "unfinished.jsonl").exists()


TELLERLINE = """\
#!/bin/sh
# in tellerline's place: leaves the files that were asked for, and takes only folders of reports
[ "$2" != gates ] || for run in "$@"; do
  case $run in */gates.yml) [ "$before" = --out ] || exit 2;; esac; before=$run
done
while [ $# -gt 0 ]; do
  case $1 in --report) mkdir -p "$2";; --out) echo failures: 0 >"$2"; echo made;; esac; shift
done
"""


def test_clean_replays_make_gates_again_where_they_had_made_some(tmp_path):
    (tmp_path / "tellerline").write_text(TELLERLINE)
    (tmp_path / "tellerline").chmod(0o755)
    makefile = Path(__file__).parents[2] / "Makefile"
    ready = ("-o", ".venv/ready", "-o", ".models", "replay-clean", f"BIN={tmp_path}")
    for _ in range(2):
        made = subprocess.run(
            ["make", "--no-print-directory", "-f", makefile, *ready],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (made.returncode, made.stdout) == (0, "made\n"), made.stderr
