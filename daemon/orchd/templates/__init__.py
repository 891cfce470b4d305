"""Texts with places that are filled in from what has happened: of notifications, webhooks and parameters.

Templates come from whoever may write an automation or a deployment. They run in a sandbox with a budget: whatever they
hold, they end soon, with a text or with a fault.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import CodeType, TracebackType
from typing import Any

from jinja2 import Template
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.meta import find_undeclared_variables

from orchd.templates import metering, words
from orchd.templates.budget import OUTPUT, SOURCE, Budget
from orchd.templates.faults import Refused, TemplateError, TemplateFault
from orchd.templates.sandbox import Sandbox

__all__ = ["SOURCE", "Budget", "TemplateError", "TemplateFault", "fault", "is_template", "names", "render"]


def is_template(source: str) -> bool:
    """Whether there is anything to fill in; any other text stands for itself."""
    return "{{" in source or "{%" in source


def fault(source: str) -> TemplateFault | None:
    """Why a template cannot be used; None when it can."""
    if not is_template(source):
        return None
    try:
        _compiled(source)
    except Exception as error:  # whatever a parser or compiler says about a text that is hostile
        return _fault(source, error)
    return None


def names(source: str) -> frozenset[str]:
    """The variables that a template asks for. None when it has a fault."""
    if fault(source) is not None or not is_template(source):
        return frozenset()
    return frozenset(find_undeclared_variables(Sandbox().parse(source)))


def render(source: str, context: Mapping[str, Any], *, ui: str = "", budget: Budget | None = None) -> str:
    """The text, filled in. Raises TemplateError.

    `ui` is the address of the pages that links lead to; a `budget` may be shared by several templates.
    """
    if not is_template(source):
        return source
    try:
        code, whole = _compiled(source)
        sandbox = Sandbox(budget, whole)
        template = Template.from_code(sandbox, code, dict(sandbox.globals))
        return _storable("".join(_bounded(template.generate({**context, words.UI: ui.rstrip("/")}))))
    except Exception as error:  # a template can make any operation in it fail
        raise TemplateError(_fault(source, error)) from error


@lru_cache(maxsize=64)
def _compiled(source: str) -> tuple[CodeType, int]:
    """The code of a template, and what it costs to carry out all of it once."""
    if len(source) > SOURCE:
        raise Refused(f"The template is longer than {SOURCE} characters")
    sandbox = Sandbox()
    tree = sandbox.parse(source)
    metering.check(tree)
    whole = metering.steps(tree)
    metered = metering.Metering().visit(tree).set_environment(sandbox)
    return sandbox.compile(metered, filename="<template>"), whole


def _bounded(pieces: Iterator[str]) -> Iterator[str]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > OUTPUT:
            raise Refused(f"The template writes more than {OUTPUT} characters")
        yield piece


def _storable(text: str) -> str:
    """The same; `'\\0'` and `'\\ud800'` in a template are no text for a database or a client."""
    if "\0" in text:
        raise Refused("The text holds the character NUL, which cannot be stored")
    text.encode()
    return text


def _fault(source: str, error: Exception) -> TemplateFault:
    message = str(error).partition("\n")[0][:1000] or type(error).__name__
    if isinstance(error, TemplateSyntaxError):
        return TemplateFault(error.lineno, error.message or message, source)
    if isinstance(error, RecursionError | MemoryError):
        message = "The template is nested too deeply"
    return TemplateFault(0 if isinstance(error, SecurityError) else _line(error.__traceback__), message, source)


def _line(trace: TracebackType | None) -> int:
    """The line of the template at which an error came up; 0 when it was not in one."""
    line = 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
