"""Whatever a template holds, it ends soon: with a text, or with a fault."""

import pytest

from orchd.templates import Budget, TemplateError, fault, render

BIG = "x" * 500_000

GROWTH = [
    "{{ 'a' * 999999999 }}",
    "{{ [1] * 999999999 }}",
    "{{ 999999999 * [1] }}",
    "{{ 2 ** 999999999 }}",
    "{{ 9 ** (9 ** 9) }}",
    "{{ '%999999999d' % 1 }}",
    "{{ '%.999999999f' % 1 }}",
    "{{ '%*d' % (999999999, 1) }}",
    "{{ '%999999999d'|format(1) }}",
    "{{ '{:>999999999}'.format(1) }}",
    "{{ '{:{}}'.format(1, 999999999) }}",
    "{{ 'a'|center(999999999) }}",
    "{{ 'a'|indent(999999999, true) }}",
    "{{ 'a'|map('center', 999999999)|list }}",
    "{{ 'x'|batch(999999999, 'y')|list }}",
    "{{ 'x'|slice(999999999)|list }}",
    "{{ 1|round(-999999999) }}",
    "{{ 1|round(999999999, 'ceil') }}",
    "{{ 'a'.center(999999999) }}",
    "{{ 'a'.ljust(width=999999999) }}",
    "{{ 'a'['rjust'](999999999) }}",
    "{{ '1'.zfill(999999999) }}",
    "{{ '\t'.expandtabs(999999999) }}",
    "{{ '\t'.expandtabs(tabsize=999999999) }}",
    "{{ 'a'.encode().center(999999999) }}",
    "{{ (1).to_bytes(999999999, 'big') }}",
    "{{ range(999999999) }}",
    "{{ range(101) }}",
    "{{ [1]|tojson(indent=999999999) }}",
    "{{ 1|humanize_scientific(999999999) }}",
    "{{ 1|humanize_metric(precision=999999999) }}",
    "{{ 1|humanize_intcomma(999999999) }}",
    "{{ 1|humanize_naturalsize(format='%.999999999f') }}",
    "{{ 1|humanize_clamp(format='{:999999999}') }}",
    "{{ big|replace('', big) }}",
    "{{ big.replace('x', big) }}",
    "{{ big.translate({120: big}) }}",
    "{{ big|join(big) }}",
    "{{ big.join(big) }}",
    "{{ [{'a': 'x'}, {'a': 'x'}, {'a': 'x'}]|join(big, 'a') }}",
    "{{ [big] * 1000 }}",
    "{{ [[]]|sum(start=[]) }}",
    "{{ '%s' % ({'a': big},) }}" + "{{ '" + "%(a)s" * 9 + "' % {'a': big} }}",
    "{{ '" + "{0}" * 9 + "'.format(big) }}",
    "{{ " + " ~ ".join(["big"] * 5000) + " }}",
    "{{ " + " + ".join(["big"] * 50) + " }}",
    "{{ [" + ", ".join(["big"] * 5000) + "] }}",
    "{{ (big, big) == (big, big) }}",
    "{{ {(big, big): 1} }}",
    "{{ big|wordwrap(1, wrapstring=big) }}",
    "{{ big|urlize }}",
    "{{ big|striptags }}",
    "{{ big|pprint }}",
]


def turns(body: str) -> str:
    return "{% for i in range(100) %}" + body + "{% endfor %}"


def square(body: str) -> str:
    return turns(turns(body))


LABOUR = [
    "{% set n = namespace(x='aaaaaaaaaa') %}" + turns("{% set n.x = n.x ~ n.x %}"),
    "{% set n = namespace(x='aaaaaaaaaa') %}" + turns("{% set n.x = n.x + n.x %}"),
    "{% set n = namespace(x=7) %}" + turns("{% set n.x = n.x * n.x %}"),
    "{% set n = namespace(x=1) %}" + turns("{% set n.x = [n.x, n.x] %}"),
    "{% set n = namespace(x=1) %}" + turns("{% set n.x = (n.x, n.x) %}") + "{{ {n.x: 1} }}",
    "{% set n = namespace(x=1) %}" + turns("{% set n.x = {'a': n.x, 'b': n.x} %}"),
    "{% set n = namespace(x=1) %}" + turns("{% set n.x = namespace(a=[n.x, n.x]) %}") + "{{ n.x }}",
    "{% set n = namespace() %}{% set n.x = [n, n] %}{{ n.x }}",
    "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "{% block a %}{{ self.a() }}{{ self.a() }}{% endblock %}",
    "{% macro a() %}" + square("x") + "{% endmacro %}" + square("{{ a() }}"),
    "{% macro a() %}" + turns("") + "{% endmacro %}" + square("{% set x = a() %}"),
    square("{% set x = 1 %}" * 2000),
    square("{{ i }}" * 2000),
    square("text" * 2000),
    square("{% set x = big == other %}"),
    square("{% set x = big[1:] %}"),
    square("{% set x = big|upper %}"),
    square("{% set x = big.upper() %}"),
    square("{% set x = big is lower %}"),
    "{% set x %}" + square("{{ big }}") + "{% endset %}",
    "{% filter upper %}" + square("{{ big }}") + "{% endfilter %}",
    "{% macro m() %}" + square("{{ big }}") + "{% endmacro %}{% set x = m() %}",
    "{% for i in big %}{% for j in big %}{% endfor %}{% endfor %}",
    "{% for i in range(2) recursive %}{{ loop(range(100)) }}{% endfor %}",
]
DEPTH = [
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{{ " + "[" * 5000 + "]" * 5000 + " }}",
    "{{ x" + ".a" * 9000 + " }}",
    "{{ 1" + " + 1" * 9000 + " }}",
    "{{ 1" + "|string" * 8000 + " }}",
    "{{ " + "not " * 9000 + "1 }}",
    "{{ " + "-" * 60_000 + "1 }}",
    "{% if x %}" * 3000 + "{% endif %}" * 3000,
    "{% if x %}" + "{% elif x %}" * 4000 + "{% endif %}",
    "{% filter upper %}" * 1500 + "{% endfilter %}" * 1500,
    "{% raw %}" * 7000,
    "{#" * 30_000 + "{{",
    "{{ '" + "a" * 60_000,
]
OUTSIDE = [
    "{{ ''.__class__.__base__.__subclasses__() }}",
    "{{ (''|attr('__class__')).mro() }}",
    "{{ '{0.__class__.__mro__.x}'.format(1)() }}",
    "{{ cycler.__init__.__globals__.os.popen('id') }}",
    "{{ lipsum.__globals__['os'].popen('id') }}",
    "{{ self.__init__.__globals__.x() }}",
    "{{ {}.update({1: 2}) }}",
    "{{ [].append(1) }}",
    "{% include '/etc/passwd' %}",
    "{% import '/etc/passwd' as x %}",
    "{% extends '/etc/passwd' %}",
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("source", [*GROWTH, *LABOUR, *DEPTH, *OUTSIDE], ids=lambda source: source[:50])
def test_a_hostile_template_ends_with_a_fault(source: str) -> None:
    found = fault(source)
    with pytest.raises(TemplateError) as caught:
        render(source, {"big": BIG, "other": BIG[:-1] + "y"})
    assert caught.value.fault.message
    assert found in (None, caught.value.fault)


def test_templates_may_share_a_budget() -> None:
    budget, source = Budget(), square("{% set x = 1 %}")
    rendered = [render(source, {}, budget=budget) for _ in range(5)]
    with pytest.raises(TemplateError, match="too much work"):
        rendered.extend(render(source, {}, budget=budget) for _ in range(100))


@pytest.mark.parametrize("source", ["{{ 'x' * 999999999 }}", "{{ 'x'|center(999999999) }}", "{{ range(999) }}"])
def test_nothing_is_worked_out_before_a_template_is_rendered(source: str) -> None:
    assert fault(source) is None


@pytest.mark.parametrize("source", ["{{ ''.__class__ }}", "{{ '{0.__class__}'.format(1) }}", "{{ [].__len__ }}"])
def test_what_is_hidden_is_as_good_as_missing(source: str) -> None:
    assert render(source, {}) == ""
