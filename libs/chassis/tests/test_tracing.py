"""Contexts are carried as text; nothing is imported, and nothing begun, unless it is asked for."""

import json
import subprocess
import sys

import pytest
from chassis import tracing
from chassis.settings import ServiceSettings

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def on(tmp_path):
    """Switch tracing on; returns what was written, once it is switched off."""

    def switch(**more):
        settings = ServiceSettings(
            rest_port=1,
            nats_url="nats://nowhere",
            jwks_url="http://nowhere",
            node_id="one",
            traces_to=f"file:{tmp_path}",
            **more,
        )
        tracing.configure("testing", settings)

    yield switch
    tracing.stop()


def written(folder):
    tracing.stop()
    lines = (folder / "one.jsonl").read_text().splitlines()
    scopes = [
        s for line in lines for r in json.loads(line)["resourceSpans"] for s in r["scopeSpans"]
    ]
    return [span for scope in scopes for span in scope["spans"]]


def test_off_it_imports_nothing_and_begins_nothing():
    program = (
        "import sys, chassis.tracing as t, chassis.outbox, chassis.rpc\n"
        f"assert t.begin('x', '{PARENT}') is None and not t.is_on()\n"
        "assert not [m for m in sys.modules if m.startswith('opentelemetry.sdk')]"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_span_goes_below_who_asked_and_carries_itself_on(on, tmp_path):
    on()
    with tracing.span("outer", PARENT), tracing.span("inner"):
        assert tracing.carrying(tracing.current)() == tracing.current()
        assert tracing.current().startswith("00-0af7651916cd43dd8448eb211c80319c-")
    assert tracing.current() is None
    inner, outer = written(tmp_path)
    assert outer["parentSpanId"] == "b7ad6b7169203331"
    assert inner["parentSpanId"] == outer["spanId"]


@pytest.mark.parametrize(
    "said",
    [None, "", "nonsense", PARENT[:-2] + "00", "ff" + PARENT[2:], "00-" + "0" * 32 + PARENT[35:]],
)
def test_who_does_not_ask_properly_is_not_traced(on, said):
    on()
    assert tracing.begin("x", said, is_edge=True) is None


def test_a_share_of_the_rest_is_traced_at_edges_only(on):
    on(traces_share=1.0)
    assert tracing.at_edge("x", None, {}) is not None
    assert tracing.begin("x", None) is None


def test_strangers_who_ask_get_a_few(on):
    on(traces_per_second=3)
    begun = [tracing.at_edge("x", PARENT.encode(), {}) for _ in range(50)]
    assert 3 <= sum(span is not None for span in begun) <= 4
    assert tracing.begin("x", PARENT) is not None


def test_a_failure_is_written_by_its_name_and_never_its_text(on, tmp_path):
    on()
    with pytest.raises(ValueError, match="secret"), tracing.span("x", PARENT):
        raise ValueError("secret")
    [span] = written(tmp_path)
    assert "ValueError" in json.dumps(span)
    assert "secret" not in json.dumps(span)
