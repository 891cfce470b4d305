"""What templates come to."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from orchd.templates import TemplateError, fault, names, render

ID = UUID("0198a0d6-2b6c-7d3c-8a40-2f3a1c1d1e1f")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class FlowRun(msgspec.Struct, frozen=True):
    id: UUID = ID
    name: str = "happy-bee"


class NamedRun(FlowRun, frozen=True):
    """A refinement, as the engine of automations may make one."""


class WorkPool(msgspec.Struct, frozen=True):
    id: UUID = ID
    name: str = "my pool"


class ReceivedEvent(msgspec.Struct, frozen=True):
    id: UUID = ID
    occurred: datetime = NOON


CONTEXT: dict[str, Any] = {
    "run": FlowRun(),
    "pool": WorkPool(),
    "event": ReceivedEvent(),
    "named": NamedRun(),
    "labels": {"a": {"b": 1}, "c": "<it's>"},
    "list": [3, 1, 2],
    "text": f"https://ui/runs/flow-run/{ID}?x=1",
}
RENDERED = [
    ("", ""),
    ("no template {# at all #} }}", "no template {# at all #} }}"),
    ("{{ run.name }} of {{ run.id }}", f"happy-bee of {ID}"),
    ("{{ a.b.c['d'] }}|{{ a|default('x') }}", "|x"),
    ("{{ labels.a.b + 1 }}", "2"),
    ("one\n{{ 2 }}\n", "one\n2"),
    ("{{ none }}", "None"),
    ("{{ list|sort|join('-') }}", "1-2-3"),
    ("{{ list|map('string')|list }}", "['3', '1', '2']"),
    ("{% for x in list %}{{ loop.index }}/{{ loop.length }}={{ x }} {% endfor %}", "1/3=3 2/3=1 3/3=2 "),
    ("{% for x in list if x > 1 %}{{ x }}{% else %}none{% endfor %}", "32"),
    ("{% for a, b in {'x': 1}.items() %}{{ a ~ b ~ missing }}{% endfor %}", "x1"),
    ("{% for x in range(100) %}{% for y in range(100) %}.{% endfor %}{% endfor %}", "." * 10_000),
    ("{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(1) }}{{ m(2) }}", "<1><2>"),
    ("{% set n = namespace(x=0) %}{% for x in list %}{% set n.x = n.x + x %}{% endfor %}{{ n.x }}", "6"),
    ("{{ '%s-%05.2f' % ('a', 3.14159) }} {{ '{:>3}{a[b]}{a.b}'.format(1, a={'b': 2}) }}", "a-03.14   122"),
    ("{{ 'ab'[::-1] }} {{ list[1:] }} {{ 3 in list and 'a' in 'abc' }}", "ba [1, 2] True"),
    ("{{ list|sum }} {{ 4 is divisibleby 2 }} {{ 1.256|round(2) }} {{ 'x'|center(3) }}|", "6 True 1.26  x |"),
    ("{{ run|tojson }}", f'{{"id": "{ID}", "name": "happy-bee"}}'),
    ("{{ [event.occurred, missing, labels.c]|tojson }}", '["2026-01-01T12:00:00Z", null, "\\u003cit\\u0027s\\u003e"]'),
    ("{{ text|flow_run_id }} {{ 'none'|flow_run_id }}", f"{ID} None"),
    ("{{ run|ui_url }}", f"https://ui/runs/flow-run/{ID}"),
    ("{{ named|ui_url }}", f"https://ui/runs/flow-run/{ID}"),
    ("{{ pool|ui_url }}", "https://ui/work-pools/work-pool/my%20pool"),
    ("{{ event|ui_url }}", f"https://ui/events/event/2026-01-01/{ID}"),
    ("{{ run|ui_resource_events_url }}", f"https://ui/events?resource=prefect.flow-run.{ID}"),
    ("{{ 1|ui_url }}", "None"),
    ("{{ 1234567|humanize_intcomma }} {{ 3|humanize_apnumber }} {{ 2|humanize_ordinal }}", "1,234,567 three 2nd"),
    ("{{ 3000|humanize_naturalsize }} {{ 60|humanize_naturaldelta }}", "3.0 kB a minute"),
]


@pytest.mark.parametrize(("source", "text"), RENDERED, ids=lambda each: each[:50])
def test_a_template_becomes_its_text(source: str, text: str) -> None:
    assert fault(source) is None
    assert render(source, CONTEXT, ui="https://ui/") == text


FAULTS = [
    ("{{ x", 1, "unexpected end of template"),
    ("a\nb {{ x }", 2, "unexpected '}'"),
    ("\n{% for x in y %}", 2, "Unexpected end of template"),
    ("\n\n{{ x|nothing }}", 3, "No filter named 'nothing'"),
    ("{{ x is nothing }}", 1, "No test named 'nothing'"),
    ("{% include 'x' %}", 1, "other templates"),
    ("{% for a in x %}{% endfor %}" * 11, 0, "11 for loops"),
    ("{% for a in x %}" * 3 + "{% endfor %}" * 3, 0, "depth 3"),
    ("{% for a in x recursive %}{% endfor %}", 0, "recursive"),
    ("{{ x }}" + "x" * 65_536, 0, "longer than"),
]


@pytest.mark.parametrize(("source", "line", "message"), FAULTS, ids=[message for *_, message in FAULTS])
def test_a_fault_has_its_line(source: str, line: int, message: str) -> None:
    found = fault(source)
    assert found is not None
    assert (found.line, found.source) == (line, source)
    assert message in found.message
    with pytest.raises(TemplateError) as caught:
        render(source, {})
    assert caught.value.fault == found


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("a\n{{ 1 / 0 }}", 2, "division by zero"),
        ("{{ missing() }}", 1, "'missing' is undefined"),
        ("{{ '\\u0000' }}", 0, "NUL"),
        ("{{ '\\ud800' }}", 0, "surrogates not allowed"),
        ("\n\n{{ range(101) }}", 0, "at most 100 elements"),
        ("{{ event|tojson|length + 'x' }}", 1, "unsupported operand"),
    ],
)
def test_what_fails_while_rendering_has_its_line_too(source: str, line: int, message: str) -> None:
    assert fault(source) is None
    with pytest.raises(TemplateError, match=message) as caught:
        render(source, CONTEXT)
    assert caught.value.fault.line == line


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("flow_run", set()),
        ("{{ flow_run.name }} {% set x = deployment %}{{ x }}", {"flow_run", "deployment"}),
        ("{{ broken", set()),
    ],
)
def test_a_template_tells_what_it_asks_for(source: str, asked: set[str]) -> None:
    assert names(source) == asked
