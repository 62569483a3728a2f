"""`tellerline flows` and `explain` as somebody types them."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from server.cli.root import app


def typed(*arguments: str) -> list[str]:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


@pytest.fixture
def scenario(pytestconfig: pytest.Config) -> str:
    found = sorted((pytestconfig.rootpath / "scenarios" / "cancel").glob("*.yaml"))
    return str(found[0])


def test_our_flows_have_no_mistakes(encoder_dir: Path) -> None:
    *mistakes, last = typed("flows", "check", "--json")
    assert mistakes == []
    assert json.loads(last)["mistakes"] == 0
    assert json.loads(last)["tested"] is None


def test_ways_that_no_scenario_goes_are_listed(encoder_dir: Path, scenario: str) -> None:
    *found, last = map(json.loads, typed("flows", "check", "--scenarios", scenario, "--json"))
    assert last["ways"] == last["tested"] + len(found)
    assert last["tested"] > 3
    whats = [one["what"] for one in found if Path(one["file"]).stem == "transfer"]
    assert "act execute_transfer: no scenario comes this way" in whats


def test_every_flow_is_drawn_as_text_without_graphviz(tmp_path: Path) -> None:
    paths = typed("flows", "draw", "--format", "dot", "--out", str(tmp_path))
    assert len(paths) >= 16
    assert all(Path(path).read_text("utf-8").rstrip().endswith("}") for path in paths)


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_a_flow_is_drawn_as_a_picture(tmp_path: Path) -> None:
    (path,) = typed("flows", "draw", "transfer", "--out", str(tmp_path))
    assert "<svg" in Path(path).read_text("utf-8")


def test_an_unknown_flow_is_told_with_the_known_ones(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["flows", "draw", "transfers", "--out", str(tmp_path)])
    assert "no flow transfers: there are" in str(result.exception)


def test_a_scenario_is_explained_turn_by_turn(encoder_dir: Path, scenario: str) -> None:
    *turns, last = map(json.loads, typed("explain", scenario, "--json"))
    assert last["turns"] == len(turns) >= 3
    assert turns[0]["decided"] == "greet"
    assert all(turn["why"] and turn["said"] for turn in turns)
    assert turns[2]["did"] == ["authenticate: ok"]
    assert "4821" not in json.dumps(turns)
