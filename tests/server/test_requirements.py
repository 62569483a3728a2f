"""What the product imports is installed with it, not only with what its tests need."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PRODUCT = ("voice", "nlu", "dialog", "server")
EXTRAS = ("", "models", "talk", "voices", "peer")
"""Of these, "dev" is left out: `make demo` has none of it."""


def imported() -> dict[str, Path]:
    """Top-level modules that the product's files name, each with a file that does."""
    found = {}
    for package in PRODUCT:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {alias.name.split(".")[0]: path for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    found[node.module.split(".")[0]] = path
    own = (*PRODUCT, *sys.stdlib_module_names)
    return {module: path for module, path in found.items() if module not in own}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(name: str, extras: tuple[str, ...]) -> Iterator[Requirement]:
    try:
        listed = [Requirement(line) for line in requires(name) or ()]
    except PackageNotFoundError:
        return  # an extra that is not installed here
    for requirement in listed:
        if requirement.marker is None or any(
            requirement.marker.evaluate({"extra": extra}) for extra in extras or ("",)
        ):
            yield requirement


def installed_with_the_product() -> set[str]:
    seen, waiting = set(), list(needed("tellerline", EXTRAS))
    while waiting:
        requirement = waiting.pop()
        key = (normal(requirement.name), frozenset(requirement.extras))
        if key not in seen:
            seen.add(key)
            waiting += needed(requirement.name, ("", *requirement.extras))
    return {name for name, _ in seen}


def test_every_import_is_of_something_that_the_product_requires():
    providers = packages_distributions()
    installed = installed_with_the_product()
    missing = {
        module: path.relative_to(ROOT).as_posix()
        for module, path in imported().items()
        if module in providers and not {normal(name) for name in providers[module]} & installed
    }
    assert missing == {}
