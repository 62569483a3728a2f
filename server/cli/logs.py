"""Logs are events with fields, on standard error."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import structlog
from loguru import logger as pipecat_logger

if TYPE_CHECKING:
    from loguru import Record


def set_up_logs(verbose: bool) -> None:
    """Our events as JSON lines; pipecat's own only where something is wrong."""
    level = logging.INFO if verbose else logging.WARNING
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.ExceptionRenderer(
                # Never the frames' local variables: what a caller said may hold a PIN.
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    pipecat_logger.remove()
    pipecat_logger.add(sys.stderr, level="WARNING", filter=_worth_telling)


def _worth_telling(record: Record) -> bool:
    """That the client had closed the socket before we did is no error.

    Nor is a message over WebRTC that cannot be read, and pipecat would tell it whole, PIN and all.
    """
    unread = record["function"] == "on_message" and "smallwebrtc" in (record["name"] or "")
    return record["function"] != "_on_close_done" and not unread
