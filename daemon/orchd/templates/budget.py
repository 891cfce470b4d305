"""How much a template may do. All of it is counted, never timed: the same template always ends in the same way."""

from collections.abc import Collection, Mapping
from typing import Any

from jinja2.utils import Namespace
from msgspec import Struct

from orchd.templates.faults import Refused

SOURCE = 65_536
"""Characters of a template."""
VALUE = 1_000_000
"""Characters of one value, with all that it refers to written out; a reference counts as 16."""
OUTPUT = 1_000_000
"""Characters that a template may write, those that it keeps for itself included."""
WORK = 1_000_000
"""Steps: a node carried out once more in a loop, or 8 characters looked at. About half a second."""


class Budget:
    """What is left of one rendering's work."""

    def __init__(self) -> None:
        self.work = WORK
        self.output = OUTPUT

    def spend(self, steps: int) -> None:
        """Takes steps off. Raises Refused when none are left."""
        self.work -= steps
        if self.work < 0:
            raise Refused("The template does too much work")

    def weigh(self, value: Any) -> int:
        """The size of a value; looking at it is work, too. Raises Refused when it is too large."""
        size = written_out(value)
        self.spend(1 + size // 8)
        return size

    def write(self, value: Any) -> None:
        """Takes off what is written."""
        self.output -= self.weigh(value)
        if self.output < 0:
            raise Refused(f"The template writes more than {OUTPUT} characters")


def written_out(value: Any) -> int:
    """How large a value is, written out. A list that holds one list ten times is ten times as large as that list."""
    size, pending = 0, [value]
    while pending:
        each = pending.pop()
        parts = _parts(each)
        size += 16 * len(parts) if parts is not None else _leaf(each)
        if size > VALUE:
            raise Refused(f"A value in the template is larger than {VALUE} characters")
        if parts is not None:
            pending.extend(parts)
    return size


def _leaf(value: Any) -> int:
    if isinstance(value, str | bytes | bytearray):
        return len(value)
    return 8 + value.bit_length() // 4 if isinstance(value, int) else 8


def _parts(value: Any) -> Collection[Any] | None:
    if isinstance(value, str | bytes | bytearray | int | float | None):
        return None
    if isinstance(value, Mapping):
        return [part for pair in value.items() for part in pair]
    if isinstance(value, Struct):
        return [getattr(value, name) for name in value.__struct_fields__]
    if isinstance(value, Namespace):
        return [value._Namespace__attrs]
    return value if isinstance(value, Collection) else None
