"""What can grow far beyond what it is given: operators, methods and filters, each checked before it does its work."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2.sandbox import SandboxedFormatter

from orchd.templates.budget import VALUE, written_out
from orchd.templates.faults import Refused

BITS = 10_000
"""Of a whole number that is reckoned with."""
WIDTH = 1000
"""Of a column, a precision, a number of parts."""
SHORT = 1000
"""Characters, for filters whose work grows with the square of the text."""
LONG = 10_000
"""The same, where the square weighs less."""

_PRINTF = re.compile(r"%(?:\([^)]*\))?[#0\- +]*(\*|\d+)?(?:\.(\*|\d+))?")
_NUMBER = re.compile(r"\d+")


def within(size: int) -> None:
    """Raises Refused for a result of this size."""
    if size > VALUE:
        raise Refused(f"A value in the template would be larger than {VALUE} characters")


def narrow(*numbers: Any) -> None:
    """Raises Refused for widths, precisions and counts beyond what any text needs."""
    for number in numbers:
        if isinstance(number, int) and abs(number) > WIDTH:
            raise Refused(f"The number {number if abs(number) < 10**12 else '...'} is too large here: {WIDTH} at most")


def _short(text: Any, most: int) -> None:
    if written_out(text) > most:
        raise Refused(f"This takes texts of at most {most} characters")


def printf(text: str, *values: Any) -> None:
    """`'%9d' % 1`: widths come from the text, or as `*` from the values."""
    conversions = _PRINTF.findall(text)
    for number in (number for pair in conversions for number in pair if number):
        if number == "*" or len(number) > 4:
            raise Refused("A width or precision in a format is too large")
        narrow(int(number))
    within(len(text) + len(conversions) * (WIDTH + sum(map(written_out, values))))


class Fields(SandboxedFormatter):
    """`str.format`, with fields looked up by the sandbox and with narrow widths."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """A value in its format."""
        _plain_format(format_spec)
        return str(super().format_field(value, format_spec))


def _plain_format(text: str) -> None:
    if len(text) > 100:
        raise Refused("A format in the template is longer than 100 characters")
    for number in _NUMBER.findall(text):
        narrow(int(number))


def formatted(text: str, *values: Any) -> None:
    """`'{:9}'.format(1)`: a field may take the same value again and again."""
    within(len(text) + text.count("{") * (WIDTH + sum(map(written_out, values))))


# Operators.


def times(left: Any, right: Any) -> None:
    """Sequences grow by repetition, numbers by their digits."""
    if isinstance(left, int) and isinstance(right, int):
        return
    for sequence, count in ((left, right), (right, left)):
        if isinstance(count, int) and hasattr(sequence, "__len__"):
            within(max(count, 0) * written_out(sequence))


def power(left: Any, right: Any) -> None:
    """The digits of a power are those of its base, times the exponent."""
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() * abs(right) > BITS:
        raise Refused("A number in the template would be too large")


def remainder(left: Any, right: Any) -> None:
    """`%` formats when a text is on its left."""
    if isinstance(left, str | bytes):
        printf(left if isinstance(left, str) else left.decode("latin-1"), right)


OPERATORS: Mapping[str, Callable[[Any, Any], None]] = {"*": times, "**": power, "%": remainder}


# Methods, by name: those of texts and of bytes are alike.


def _padded(text: Any, width: Any = 0, *_: Any) -> None:
    narrow(width)


def _replaced(text: Any, old: Any = "", new: Any = "", *_: Any, **__: Any) -> None:
    if type(old) is type(new) and hasattr(text, "count") and isinstance(new, str | bytes):
        within(len(text) + text.count(old) * len(new))


def _joined(separator: Any, parts: Any = (), *_: Any) -> None:
    within(written_out(parts) + len(separator) * (len(parts) if hasattr(parts, "__len__") else 0))


def _timed(_: Any, text: Any = "") -> None:
    _short(text, 200)


def _never(*_: Any, **__: Any) -> None:
    raise Refused("Templates cannot call this method")


METHODS: Mapping[str, Callable[..., None]] = {
    **dict.fromkeys(("center", "ljust", "rjust", "zfill", "expandtabs"), _padded),
    **dict.fromkeys(("translate", "to_bytes", "from_bytes", "strptime", "fromkeys", "format_map"), _never),
    "replace": _replaced,
    "join": _joined,
    "strftime": _timed,
}


# Filters. Their parameters have the names that templates give them by.


def _center(text: Any, width: Any = 80) -> None:
    narrow(width)


def _indent(text: Any, width: Any = 4, first: Any = False, blank: Any = False) -> None:
    narrow(width)
    indention = width if isinstance(width, int) else len(str(width))
    within(len(str(text)) + (str(text).count("\n") + 1) * indention)


def _batch(value: Any, linecount: Any = 1, fill_with: Any = None) -> None:
    narrow(linecount)


def _slice(value: Any, slices: Any = 1, fill_with: Any = None) -> None:
    narrow(slices)


def _round(value: Any, precision: Any = 0, method: Any = "common") -> None:
    narrow(precision)


def _wordwrap(text: Any, width: Any = 79, break_long_words: Any = True, wrapstring: Any = None, *_: Any) -> None:
    _short(text, LONG)
    within(len(str(text)) * (1 + len(str(wrapstring or "\n"))))


def _join(parts: Any, d: Any = "", attribute: Any = None) -> None:
    if not attribute and not isinstance(parts, Mapping):
        _joined(str(d), parts)
    elif hasattr(parts, "__len__"):
        within((len(parts) + 1) * (written_out(d) + written_out(parts)) if len(parts) < WIDTH else VALUE + 1)


def _to_json(value: Any, indent: Any = None) -> None:
    narrow((indent or 0) * 100)


def _sum(values: Any, attribute: Any = None, start: Any = 0) -> None:
    if hasattr(start, "__len__"):
        raise Refused("Only numbers can be summed up")


def _format(text: Any, *values: Any, **named: Any) -> None:
    printf(str(text), *values, named)


def _quadratic(text: Any, *_: Any, **__: Any) -> None:
    _short(text, LONG)


def _urlize(text: Any, *texts: Any, **named: Any) -> None:
    _short([text, *texts, *named.values()], SHORT)


def humanized(value: Any, *given: Any, **named: Any) -> None:
    """Numbers and times in words: what is given beside them are precisions and formats."""
    _short([value, *given, *named.values()], SHORT)
    for each in (*given, *named.values()):
        narrow(each)
        if isinstance(each, str):
            _plain_format(each)
        if not isinstance(each, str | int | float | None) or (isinstance(each, str) and "{" in each):
            raise Refused("Templates cannot give this to a filter of this kind")


FILTERS: Mapping[str, Callable[..., None]] = {
    "batch": _batch,
    "center": _center,
    "format": _format,
    "indent": _indent,
    "join": _join,
    "pprint": _quadratic,
    "replace": _replaced,
    "round": _round,
    "slice": _slice,
    "striptags": _quadratic,
    "sum": _sum,
    "tojson": _to_json,
    "urlize": _urlize,
    "wordwrap": _wordwrap,
}
