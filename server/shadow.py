"""A model in the shadow: it hears what the answering one hears, and where the two differ is logged.

What it says changes no answer. It runs on one thread of its own, and what does not fit into its
short queue is left out, so no turn waits for it. (A thread of low priority would hold the
interpreter's lock while it gets no processor: a third of a second, measured.) What answers a
secret is never given to it, and what is logged is masked as everywhere.
"""

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog

from dialog.conversation import Understands
from dialog.masking import mask
from dialog.words import Lexicon
from nlu.understanding import Context, Understanding

log = structlog.get_logger()

WAITING = 32
"""Turns that may wait for the shadow; more are left out."""

REMEMBERED = 64
"""A turn is understood again and again while it grows: the same words are compared once."""


class Shadowed:
    """Understands as the answering model does, with another one beside it.

    Args:
        answering: Whose understandings are given.
        shadow: What is only compared.
        lexicon: The number words by which secrets are masked.

    Attributes:
        turns, differing, left_out: How many were compared, how many of those differed, and how
            many were not compared because the shadow was behind.
    """

    def __init__(self, answering: Understands, shadow: Understands, lexicon: Lexicon) -> None:
        self.version = answering.version
        self.turns = self.differing = self.left_out = 0
        self._answering, self._shadow, self._lexicon = answering, shadow, lexicon
        self._seen: deque[int] = deque(maxlen=REMEMBERED)
        self._places = threading.Semaphore(WAITING)
        self._pool = ThreadPoolExecutor(1, "shadow")

    def understand(
        self,
        text: str,
        context: Context,
        *,
        hypotheses: Sequence[tuple[str, float]] = (),
        confidence: float = 1.0,
    ) -> Understanding:
        """What the answering model understands."""
        heard: dict[str, Any] = {"text": text, "hypotheses": hypotheses, "confidence": confidence}
        meant = self._answering.understand(context=context, **heard)
        if not context.expectation.secret:
            self._offer(context, heard, meant)
        return meant

    def settles(self, hypotheses: Sequence[tuple[str, float]], context: Context) -> bool:
        """What the answering model says."""
        return self._answering.settles(hypotheses, context)

    def close(self) -> None:
        """End the shadow once it has compared what waits."""
        self._pool.shutdown()

    def _offer(self, context: Context, heard: dict[str, Any], meant: Understanding) -> None:
        name = hash((meant.text, context.expectation))
        if name in self._seen:
            return
        self._seen.append(name)
        if self._places.acquire(blocking=False):
            self._pool.submit(self._work, context, heard, meant)
        else:
            self.left_out += 1

    def _work(self, context: Context, heard: dict[str, Any], meant: Understanding) -> None:
        try:
            self._compare(context, heard, meant)
        except Exception as error:  # whatever is wrong with the shadow, calls go on
            log.warning("shadow_failed", error=type(error).__name__)
        finally:
            self._places.release()

    def _compare(self, context: Context, heard: dict[str, Any], meant: Understanding) -> None:
        other = self._shadow.understand(context=context, **heard)
        self.turns += 1
        if _best(meant)[0] == _best(other)[0]:
            return
        self.differing += 1
        log.info(
            "shadow_differs",
            text=mask(meant, context.expectation, self._lexicon).text,
            answering=_best(meant),
            shadow=_best(other),
            models=(self._answering.version, self._shadow.version),
            differing=self.differing,
            turns=self.turns,
            left_out=self.left_out,
        )


def _best(meant: Understanding) -> tuple[str, float]:
    if not meant.intents:
        return "none", 0.0
    best = meant.intents[0]
    return best.name, round(best.score, 2)
