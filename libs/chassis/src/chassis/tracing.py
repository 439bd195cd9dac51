"""One trace from a browser's fetch to the frame on a socket: W3C contexts carried along (ADR 46).

Off, which is the default, nothing of OpenTelemetry is imported, and a hot path asks `is_on` and
nothing else. On, a span is made for what was asked with a sampled `traceparent`, or for a share of
the rest. What is carried is the header's text, through context variables, threads, gRPC metadata,
outbox rows and the bus; only this module knows the library.
"""

import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import structlog

from chassis.settings import ServiceSettings

P = ParamSpec("P")
R = TypeVar("R")
Attributes = Mapping[str, str | int | float]

log = structlog.get_logger()

HEADER = "traceparent"
_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)
_SAMPLED = 1
_FLUSH_MS = 500

_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


class Span:
    """Something that is under way and whose duration will be written."""

    __slots__ = ("_span", "traceparent")

    def __init__(self, span: Any) -> None:
        self._span = span
        context = span.get_span_context()
        self.traceparent = f"00-{context.trace_id:032x}-{context.span_id:016x}-01"
        """What those say who do something for it."""

    def end(
        self,
        error: BaseException | None = None,
        *,
        name: str | None = None,
        attributes: Attributes | None = None,
    ) -> None:
        """Write it: it lasted until now. `name` replaces the one with which it began."""
        if name is not None:
            self._span.update_name(name)
        self._span.set_attributes(attributes or {})
        if error is not None:
            self._span.set_attribute("error.type", type(error).__name__)  # never its text
        self._span.end()


class _Tracer:
    """What there is while tracing is on."""

    def __init__(self, tracer: Any, provider: Any, *, share: float, per_second: float) -> None:
        self._tracer = tracer
        self.provider = provider
        self._share = share
        self._per_second = per_second
        self._left, self._filled_at = per_second, time.monotonic()

    def begin(
        self, name: str, parent: str | None, *, kind: str, is_edge: bool, attributes: Attributes
    ) -> Span | None:
        from opentelemetry import trace  # noqa: PLC0415  # only where tracing is on

        found = _TRACEPARENT.fullmatch(parent) if parent else None
        if found is not None:
            if not int(found[3], 16) & _SAMPLED or (is_edge and not self._may()):
                return None
            flags = trace.TraceFlags(_SAMPLED)
            there = trace.SpanContext(
                int(found[1], 16), int(found[2], 16), is_remote=True, trace_flags=flags
            )
            context = trace.set_span_in_context(trace.NonRecordingSpan(there))
        elif is_edge and random.random() < self._share:  # noqa: S311  # a sample, not a secret
            context = trace.set_span_in_context(trace.INVALID_SPAN)
        else:
            return None
        wanted = trace.SpanKind[kind.upper()]
        return Span(self._tracer.start_span(name, context, kind=wanted, attributes=attributes))

    def _may(self) -> bool:
        """Say whether a stranger's wish to be traced is one of the few that are granted."""
        now = time.monotonic()
        more = (now - self._filled_at) * self._per_second
        self._left = min(self._per_second, self._left + more)
        self._filled_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


_tracer: _Tracer | None = None


def configure(service: str, settings: ServiceSettings) -> None:
    """Switch tracing on, if the settings say where to. Call once, before anything is served."""
    global _tracer  # noqa: PLW0603  # one per process, as the metrics are
    if not settings.traces_to:
        return
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415  # an extra
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    resource = Resource({"service.name": service, "service.instance.id": settings.node_id})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = _exporter(settings.traces_to, settings.node_id)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=_FLUSH_MS))
    _tracer = _Tracer(
        provider.get_tracer("chassis.tracing"),
        provider,
        share=settings.traces_share,
        per_second=settings.traces_per_second,
    )
    log.info("tracing.on", share=settings.traces_share)


def _exporter(target: str, node_id: str) -> Any:
    if target.startswith("file:"):
        from opentelemetry.exporter.otlp.json.file import trace_exporter  # noqa: PLC0415

        folder = Path(target.removeprefix("file:"))
        folder.mkdir(parents=True, exist_ok=True)
        return trace_exporter.FileSpanExporter(folder / f"{node_id}.jsonl")
    from opentelemetry.exporter.otlp.json.http import trace_exporter as http  # noqa: PLC0415

    return http.OTLPSpanExporter(endpoint=target)


def stop() -> None:
    """Write what is left and switch tracing off. Blocking, for seconds at most."""
    global _tracer  # one per process, as the metrics are
    tracer, _tracer = _tracer, None
    if tracer is not None:
        tracer.provider.shutdown()


def is_on() -> bool:
    return _tracer is not None


def current() -> str | None:
    """Return the context of what is done here, if it is traced."""
    return _current.get()


def begin(
    name: str,
    parent: str | None,
    *,
    kind: str = "internal",
    is_edge: bool = False,
    attributes: Attributes | None = None,
) -> Span | None:
    """Begin a span below `parent`; None when tracing is off or this is not to be traced.

    At an edge, where strangers ask, a share begins without a parent, and only some of those who
    ask to be traced are.
    """
    if _tracer is None:
        return None
    return _tracer.begin(name, parent, kind=kind, is_edge=is_edge, attributes=attributes or {})


def at_edge(name: str, header: bytes | None, attributes: Attributes) -> Span | None:
    """Begin the span of a request from outside; `header` is its `traceparent`."""
    if _tracer is None:
        return None
    parent = None if header is None else header.decode("latin-1")
    return begin(name, parent, kind="server", is_edge=True, attributes=attributes)


@contextmanager
def carried(traceparent: str | None) -> Iterator[None]:
    """Let what is done in the block, and the tasks that it makes, belong to this context."""
    token = _current.set(traceparent)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def span(
    name: str,
    parent: str | None = None,
    *,
    kind: str = "internal",
    attributes: Attributes | None = None,
) -> Iterator[Span | None]:
    """Do the block as a span below `parent`, or else below the current one."""
    made = begin(name, parent or _current.get(), kind=kind, attributes=attributes)
    if made is None:
        yield None
        return
    try:
        with carried(made.traceparent):
            yield made
    except BaseException as error:
        made.end(error)
        raise
    made.end()


def carrying(work: Callable[P, R]) -> Callable[P, R]:
    """Return what does `work` in the context of here, on a thread that would not have it."""
    traceparent = _current.get()
    if traceparent is None:
        return work

    def carry(*args: P.args, **kwargs: P.kwargs) -> R:
        with carried(traceparent):
            return work(*args, **kwargs)

    return carry
