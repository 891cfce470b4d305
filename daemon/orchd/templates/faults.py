"""What is wrong with a template."""

from jinja2.exceptions import SecurityError
from msgspec import Struct

from orchd.errors import OrchdError


class TemplateFault(Struct, frozen=True):
    """Why a template cannot be used, and where. Line 0: not a line is at fault, but what the whole would do."""

    line: int
    message: str
    source: str


class TemplateError(OrchdError):
    """A template could not be rendered."""

    def __init__(self, fault: TemplateFault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class Refused(SecurityError):
    """A template asks for what none may have: too much work, too large a value, what lies outside of the sandbox."""
