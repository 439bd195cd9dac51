"""Logging: structlog, one JSON line per fact, the standard library's loggers brought in line.

Values are keys; event names are `thing.happened`. Never a token, an answer or a person's name.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO, cast

import structlog

from chassis import metrics

_SECRET_WORDS = ("token", "password", "secret", "authorization", "answer", "full_name")


def configure(level: str, fmt: str, service: str) -> None:
    """Set up logging for the process. Call once, before anything logs."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _named(service),
        _without_secrets,
        structlog.processors.format_exc_info,
    ]
    renderer = (
        structlog.processors.JSONRenderer() if fmt == "json" else structlog.dev.ConsoleRenderer()
    )
    lines = cast("TextIO", Lines(sys.stdout))
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=lambda *_: structlog.PrintLogger(lines),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(lines)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").disabled = True


class Lines:
    """Where log lines go: one that cannot be written is dropped and counted.

    Whoever logs must not fail by it: a disk that is full would end the very tasks that outlast
    trouble (the bus's way back, the relay), and turn answers into 500.
    """

    def __init__(self, target: TextIO) -> None:
        self._target = target

    def write(self, text: str) -> int:
        try:
            return self._target.write(text)
        except OSError:
            metrics.LOG_LINES_LOST.inc()
            return len(text)

    def flush(self) -> None:
        try:
            self._target.flush()
        except OSError:
            metrics.LOG_LINES_LOST.inc()


def _named(service: str) -> Any:
    def add(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event.setdefault("service", service)
        return event

    return add


def _without_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide values whose key says that they must not be logged: the belt, not the rule."""
    for key in event:
        if any(word in key.lower() for word in _SECRET_WORDS):
            event[key] = "***"
    return event
