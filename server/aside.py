"""Long work beside calls, in a process of the lowest priority.

A thread would not do: it holds the interpreter's lock while it gets no processor.
"""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import ParamSpec, TypeVar

LOWEST = 19
"""The `nice` of such a process."""

P = ParamSpec("P")
T = TypeVar("T")


def aside(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of a function of a module, which blocks until it is there.

    Raises:
        Exception: What the function raises.
    """
    fresh = multiprocessing.get_context("spawn")  # a fork would take the threads' locks along
    with ProcessPoolExecutor(1, fresh, os.nice, (LOWEST,)) as process:
        return process.submit(work, *args, **kwargs).result()
