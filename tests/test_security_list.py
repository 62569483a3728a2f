"""docs/security.md names tests for every attack, and `make test` runs them."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| (\d+) \| .+? \| (`test_\w+`(?:, `test_\w+`)*) \|$", re.MULTILINE)
LEFT_OUT = re.compile(r"\bmark\.(slow|channels)\b")
"""Marks of tests that `make test` does not run."""


def run_by_make_test(source: str) -> set[str]:
    """The tests of a file that nothing leaves out."""
    tree = ast.parse(source)
    marks = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Assign)]
    if any(mark.startswith("pytestmark") and LEFT_OUT.search(mark) for mark in marks):
        return set()
    tests = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {
        test.name
        for test in tests
        if not any(LEFT_OUT.search(ast.unparse(one)) for one in test.decorator_list)
    }


def test_every_attack_of_the_list_has_its_test() -> None:
    rows = ROW.findall((ROOT / "docs" / "security.md").read_text(encoding="utf-8"))
    files = ROOT.glob("tests/**/test_*.py")
    run = set().union(*(run_by_make_test(path.read_text(encoding="utf-8")) for path in files))
    assert [int(number) for number, _ in rows] == list(range(1, len(rows) + 1))
    assert len(rows) >= 40
    named = [name for _, names in rows for name in re.findall(r"\w+", names)]
    assert [name for name in named if name not in run] == []


def test_a_test_that_is_left_out_counts_for_nothing() -> None:
    source = "@pytest.mark.anyio\ndef test_long(): ...\n\nasync def test_short(): ...\n"
    assert run_by_make_test(source) == {"test_long", "test_short"}
    assert run_by_make_test("@pytest.mark.slow\n" + source) == {"test_short"}
    assert run_by_make_test("pytestmark = pytest.mark.channels\n" + source) == set()
