"""Work in a process of the lowest priority."""

import os

import pytest

from nlu.errors import DocumentError
from server.aside import LOWEST, aside


def fails(why: str) -> None:
    raise DocumentError(why)


def test_what_is_done_aside_has_the_lowest_priority_and_its_errors_are_told():
    assert aside(os.nice, 0) == LOWEST
    with pytest.raises(DocumentError, match=r"rates\.md:3: no"):
        aside(fails, "rates.md:3: no")
