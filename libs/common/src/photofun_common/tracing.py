"""How does one message become one trace?  W3C context in and out; spans by OpenTelemetry when OTEL_* says where they go.

The context travels as a `traceparent` in the headers of HTTP calls and of events, whether spans are exported or not, so that logs of one
message share their trace id.  The SDK is imported by `exporting` alone, and only when an OTLP endpoint is set.  Spans carry routes,
subjects, ids and outcomes; never text of a person, pictures or messages of exceptions.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal

from .logs import traceparent

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

__all__ = ["Span", "child_traceparent", "exporting", "new_traceparent", "span"]

log = logging.getLogger(__name__)
Kind = Literal["internal", "server", "client", "producer", "consumer"]
Value = str | int | float | bool
_KINDS: dict[Kind, int] = {"internal": 0, "server": 1, "client": 2, "producer": 3, "consumer": 4}
_FLUSH_SECONDS = 3.0
_HEX = frozenset("0123456789abcdef")
_tracer: Tracer | None = None


def new_traceparent() -> str:
    """The start of a trace, W3C form."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def child_traceparent(parent: str | None) -> str:
    """A new span of the caller's trace, or a new trace when the caller sent none that is valid."""
    parts = _parts(parent)
    return f"00-{parts[0]}-{secrets.token_hex(8)}-{parts[2]}" if parts else new_traceparent()


def _parts(given: str | None) -> tuple[str, str, str] | None:
    """Trace id, span id and flags of a valid header."""
    version, _, rest = (given or "").partition("-")
    parts = rest.split("-")
    if len(version) != 2 or version == "ff" or len(parts) < 3 or (version == "00" and len(parts) > 3):
        return None
    trace, parent, flags = parts[:3]
    widths = (len(trace), len(parent), len(flags)) == (32, 16, 2)
    is_hex = set(version + trace + parent + flags) <= _HEX
    return (trace, parent, flags) if widths and is_hex and trace != "0" * 32 and parent != "0" * 16 else None


class Span:
    """A piece of work in a trace.  Everything is allowed, and does nothing, while no spans are exported."""

    __slots__ = ("_real",)

    def __init__(self, real: Any = None) -> None:
        self._real = real

    def name(self, name: str) -> None:
        """A better name, known only later."""
        if self._real is not None:
            self._real.update_name(name)

    def set(self, attributes: Mapping[str, Value]) -> None:
        if self._real is not None:
            self._real.set_attributes(attributes)

    def fail(self, kind: str) -> None:
        """It went wrong; `kind` is a status or the name of an error's class, never its message."""
        if self._real is not None:
            from opentelemetry.trace import StatusCode

            self._real.set_attribute("error.type", kind)
            self._real.set_status(StatusCode.ERROR)


_SILENT = Span()


@contextmanager
def span(name: str, kind: Kind = "internal", *, parent: str | None = None, attributes: Mapping[str, Value] | None = None) -> Iterator[Span]:
    """Work inside a span.  `parent` is the caller's header when it came from outside, else the span around this one is."""
    outer = traceparent.get()
    before = outer if parent is None else parent
    tracer = _tracer
    if tracer is None:
        traceparent.set(child_traceparent(before))
        try:
            yield _SILENT
        finally:
            traceparent.set(outer)
        return
    from opentelemetry.trace import SpanKind

    real = tracer.start_span(name, context=_context(before), kind=SpanKind(_KINDS[kind]), attributes=attributes)
    found = real.get_span_context()
    traceparent.set(f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}")
    told = Span(real)
    try:
        yield told
    except (asyncio.CancelledError, GeneratorExit):
        told.set({"photofun.cancelled": True})
        raise
    except BaseException as error:
        told.fail(type(error).__name__)
        raise
    finally:
        real.end()
        traceparent.set(outer)


def _context(parent: str) -> Context:
    """OpenTelemetry's form of a header; empty when there is none: a new trace."""
    from opentelemetry.context import Context
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    parts = _parts(parent)
    if parts is None:
        return Context()
    trace, caller, flags = parts
    found = SpanContext(int(trace, 16), int(caller, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
    return set_span_in_context(NonRecordingSpan(found), Context())


@asynccontextmanager
async def exporting(service: str, endpoint: str | None = None) -> AsyncIterator[None]:
    """Export this process's spans while inside, when the standard OTEL_* variables (or `endpoint`) say where; else nothing happens."""
    global _tracer
    provider = _provider(service, endpoint)
    if provider is None:
        yield
        return
    _tracer = provider.get_tracer("photofun")
    log.info("traces are exported", extra={"service_name": provider.resource.attributes.get("service.name")})
    try:
        yield
    finally:
        _tracer = None
        await _let_go(provider)


async def _let_go(provider: TracerProvider) -> None:
    """Send the last spans; a collector that is away does not keep the process."""
    loop, sent = asyncio.get_running_loop(), asyncio.Event()

    def send() -> None:
        provider.shutdown()
        with suppress(RuntimeError):  # the loop has ended: nobody waits any more
            loop.call_soon_threadsafe(sent.set)

    threading.Thread(target=send, name="last-spans", daemon=True).start()
    try:
        await asyncio.wait_for(sent.wait(), _FLUSH_SECONDS)
    except TimeoutError:
        log.warning("the last spans were not taken in time")


def _provider(service: str, endpoint: str | None) -> TracerProvider | None:
    environ = os.environ
    base = environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or endpoint
    target = environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or (f"{base.rstrip('/')}/v1/traces" if base else None)
    is_off = environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or environ.get("OTEL_TRACES_EXPORTER", "otlp") != "otlp"
    if not target or is_off:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = Resource.create({} if environ.get("OTEL_SERVICE_NAME") else {"service.name": service, "service.namespace": "photofun"})
    provider = TracerProvider(resource=named, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=target)))
    return provider
