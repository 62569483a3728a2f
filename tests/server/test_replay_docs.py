"""The files that docs/replay.md shows can be copied and used."""

import re
from pathlib import Path

import pytest

from nlu.understander import Understander
from server.replay.gates import load_gates
from server.replay.hosting import conversations_for_scenarios
from server.replay.matrix import load_matrix
from server.replay.meaning import Meaning
from server.replay.run import run_text

DOCUMENT = Path(__file__).parents[2] / "docs" / "replay.md"
SHOWN = re.findall(r"^```yaml\n(.*?)^```", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL)
PIPECATS = "\nscenarios:\n"


@pytest.mark.parametrize("shown", [each for each in SHOWN if PIPECATS not in each])
def test_a_file_of_the_document_can_be_used(tmp_path, encoder_dir, shown):
    path = tmp_path / "shown.yaml"
    path.write_text(shown, "utf-8")
    if shown.startswith("name:"):
        converse = conversations_for_scenarios(tmp_path, Understander(encoder_dir))
        replayed = run_text(path, converse, alike=Meaning(encoder_dir).alike)
        assert replayed.passed, replayed.lines()
    elif shown.startswith("conditions:"):
        assert load_matrix(path).wires
    else:
        assert load_gates(path).gates
