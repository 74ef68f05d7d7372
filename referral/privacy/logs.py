"""Structured logs that cannot carry a number or a story: an allow-list of fields first, a redaction net behind it."""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "logger",
        "action", "attempts", "channel", "code", "column", "count", "database", "dialect", "door", "due", "error", "error_id", "file", "hours", "key",
        "kind", "lane", "line", "outcome", "parts", "pid", "policy", "port", "purpose", "reason", "report", "role", "seconds", "setting",
        "source", "state", "status", "step", "table", "urgency", "version", "where",
    }
)  # fmt: skip
"""What a log line may say. A field that is not here is dropped: a new field is a decision, not an accident."""

_NUMBER = re.compile(r"(?:\+|00)?\d[\d\s().-]{6,}\d")
_LONGEST = 200
_MOST = 10_000_000
"""No count, port or process is as much; a phone number is, also without its zero."""


def redact(text: str) -> str:
    """`text` without anything that looks like a phone number or a code, cut to a length no story fits in."""
    return _NUMBER.sub("[digits]", text)[:_LONGEST]


def _only_allowed(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    kept: dict[str, Any] = {}
    for key, value in event.items():
        if key not in ALLOWED:
            continue
        if key == "timestamp" or value is None or (isinstance(value, (bool, int, float)) and abs(value) < _MOST):
            kept[key] = value
        else:
            kept[key] = redact(str(value))
    return kept


def _where(error: BaseException) -> str:
    """The last line of our own code that an exception passed: type and line are all that is logged of it."""
    found = "outside"
    trace = error.__traceback__
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "")
        if module.startswith("referral"):
            found = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


def describe(error: BaseException) -> dict[str, str]:
    """Fields for a log line about `error`: its type and where it was raised, never its message, which may quote a number."""
    return {"error": type(error).__name__, "where": _where(error)}


class _Quiet(logging.Handler):
    """Other libraries' records: logger, level and type of error only. Their messages quote addresses, numbers and bodies."""

    def emit(self, record: logging.LogRecord) -> None:
        fields = describe(record.exc_info[1]) if record.exc_info and record.exc_info[1] else {}
        structlog.get_logger(record.name).log(record.levelno, "library", source=record.name, **fields)


class _Unbroken:
    """A stream whose faults are nobody's: the disk on which the log lies may be full, and a caller must still be answered."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def _thread_ended(ended: threading.ExceptHookArgs) -> None:
    """A thread that dies is one line like any other: Python's own words would quote the exception's."""
    if ended.exc_value is not None:
        structlog.get_logger().error("a thread ended by itself", **describe(ended.exc_value))


def configure(level: str) -> None:
    """Set up logging of the whole process: JSON lines on stderr. `level` is debug, info, warning or error."""
    threshold = getattr(logging, level.upper())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Unbroken(sys.stderr))),
        cache_logger_on_first_use=False,
    )
    logging.captureWarnings(capture=True)  # else they go to stderr as they are, and some quote what they warn of
    threading.excepthook = _thread_ended
    root = logging.getLogger()
    root.handlers = [_Quiet()]
    root.setLevel(logging.WARNING)
