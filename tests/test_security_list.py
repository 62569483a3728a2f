"""docs/security.md names a test for every attack, and that test is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| (\d+) \| (.+?) \| `(test_\w+)` \|$", re.MULTILINE)


def test_every_attack_of_the_list_has_its_test() -> None:
    rows = ROW.findall((ROOT / "docs" / "security.md").read_text(encoding="utf-8"))
    written = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/*.py"))
    there = set(re.findall(r"def (test_\w+)\(", written))
    assert [int(number) for number, _, _ in rows] == list(range(1, len(rows) + 1))
    assert len(rows) >= 40
    assert [name for _, _, name in rows if name not in there] == []
